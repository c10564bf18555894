import { isRecord } from '@dragoman/core'
import type { Fields } from './record.ts'

/** References that stand for each other may unfold to any size. */
const mostNodes = 10_000

/**
 * A JSON schema without `$schema`, and with what it refers to in place of the references, which Gemini does not follow.
 * What refers to itself becomes an object of any shape there. The same object where it has nothing of that; one that
 * unfolds to too much stays as it is.
 */
export function plainSchema(schema: Fields): Fields {
  if (!/"\$(schema|ref)":/.test(JSON.stringify(schema))) return schema
  const unfolding = new Unfolding(schema)
  const plain = unfolding.schema(schema, [])
  return isRecord(plain) && unfolding.nodes <= mostNodes ? plain : schema
}

const schemaMaps = new Set(['properties', 'patternProperties', 'dependentSchemas'])
const schemaLists = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const schemas = new Set(['items', 'additionalProperties', 'not', 'if', 'then', 'else', 'contains', 'propertyNames'])
/** Of no use once nothing refers to them. */
const leftOut = new Set(['$schema', '$ref', '$defs', 'definitions'])

class Unfolding {
  nodes = 0
  readonly #root: Fields

  constructor(root: Fields) {
    this.#root = root
  }

  /** `open`: the references that lead here. */
  schema(node: unknown, open: readonly string[]): unknown {
    this.nodes++
    if (!isRecord(node) || this.nodes > mostNodes) return node
    const { $ref } = node
    const plain = this.#fields(node, open)
    if (typeof $ref !== 'string') return plain
    if (open.includes($ref)) return { ...plain, type: 'object' }
    const target = this.schema(targetOf($ref, this.#root), [...open, $ref])
    return isRecord(target) ? { ...target, ...plain } : plain
  }

  /** What is no schema (`default`, `enum`, a property that is called `$ref`) is data, and stays. */
  #fields(node: Fields, open: readonly string[]): Fields {
    const plain: [string, unknown][] = []
    for (const [name, value] of Object.entries(node)) {
      if (leftOut.has(name)) continue
      if (schemaMaps.has(name) && isRecord(value)) {
        const entries = Object.entries(value).map(([key, each]) => [key, this.schema(each, open)])
        plain.push([name, Object.fromEntries(entries)])
      } else if (Array.isArray(value) && (schemaLists.has(name) || name === 'items')) {
        plain.push([name, value.map((each) => this.schema(each, open))])
      } else plain.push([name, schemas.has(name) ? this.schema(value, open) : value])
    }
    return Object.fromEntries(plain)
  }
}

/** `#/$defs/City`. One that leads out of the document leads nowhere. */
function targetOf(ref: string, root: Fields): unknown {
  if (ref === '#') return root
  if (!ref.startsWith('#/')) return undefined
  let target: unknown = root
  for (const step of ref.slice(2).split('/')) {
    const name = unescaped(step)
    target = isRecord(target) && Object.hasOwn(target, name) ? target[name] : undefined
  }
  return target
}

function unescaped(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step // not encoded at all
  }
}
