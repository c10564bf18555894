import { jsonNumber } from './bare-literal.ts'
import { isRecord } from './is-record.ts'
import { EncodedText, escapeJson } from './json-string.ts'
import { JsonValue } from './json-value.ts'
import type { RepairKind } from './markup-event.ts'

export type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array' | 'null'

/** What a value may be. Where `number` is allowed, `integer` is too. */
export type AllowedTypes = ReadonlySet<JsonType>

// By their first letters, for clients write schemas by hand and use the names of other languages as well.
const TYPES = new Map<string, JsonType>([
  ['str', 'string'],
  ['int', 'integer'],
  ['num', 'number'],
  ['flo', 'number'],
  ['dou', 'number'],
  ['boo', 'boolean'],
  ['obj', 'object'],
  ['dic', 'object'],
  ['arr', 'array'],
  ['lis', 'array'],
  ['nul', 'null'],
])

const STRING_ONLY: AllowedTypes = new Set<JsonType>(['string'])

/** Schemas may refer to themselves and double at each step: what they are part of is known, and the steps are counted. */
interface Walk {
  readonly root: unknown
  readonly within: Set<unknown>
  steps: number
}

const MAX_DEPTH = 64

/**
 * The types that a schema allows: by `type`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` and `$ref` into `root`, the
 * schema of all arguments. A schema that says nothing, or is none, allows strings only, for then the text is the value.
 */
export function typesOf(schema: unknown, root: unknown): AllowedTypes {
  const types = constraint(schema, { root, within: new Set(), steps: 1000 })
  return types && types.size > 0 ? types : STRING_ONLY
}

/** Whether a value is a string whatever its text is, so that it need not be complete to be told. */
export function streamsAsString(types: AllowedTypes): boolean {
  return types.size === 1 && types.has('string')
}

/**
 * The JSON text of the value that `text` stands for under a schema. What may be a string only, or has no schema, becomes
 * a string with every character of the text; so does what fits none of the allowed types. Never throws.
 */
export function coerce(text: string, schema: unknown, root: unknown): string {
  const types = typesOf(schema, root)
  const bare = text.trim()
  const word = bare.length <= 5 ? bare.toLowerCase() : ''
  const mayBeString = types.has('string')
  if (types.has('null') && (word === 'null' || (word === 'none' && !mayBeString))) return 'null'
  return (
    (types.has('integer') ? readNumber(bare, types.has('number')) : undefined) ??
    (types.has('boolean') ? readBoolean(word, !mayBeString && !types.has('integer')) : undefined) ??
    readContainer(bare, types) ??
    `"${escapeJson(text)}"`
  )
}

/**
 * Whether a value, as JSON.parse gives it, fits a schema as far as `type`, `enum`, `const`, `required`, `properties`,
 * `additionalProperties`, `items`, `$ref` and the combinations go. What is not understood is no obstacle, and neither is
 * what would take too many steps to check. Never throws.
 */
export function accepts(schema: unknown, value: unknown, root: unknown = schema): boolean {
  return fits(schema, value, { root, within: new Set(), steps: 10_000 }, 0)
}

function constraint(schema: unknown, walk: Walk): AllowedTypes | undefined {
  const { within } = walk
  if (!isRecord(schema) || within.has(schema) || within.size > MAX_DEPTH || --walk.steps < 0) return undefined
  within.add(schema)
  let types = namedTypes(schema.type) ?? impliedTypes(schema)
  const narrow = (by: AllowedTypes | undefined) => {
    types = types && by ? new Set([...types].filter((type) => by.has(type))) : (types ?? by)
  }
  if (Array.isArray(schema.enum)) narrow(withIntegers(schema.enum.map(typeOf)))
  if (Object.hasOwn(schema, 'const')) narrow(withIntegers([typeOf(schema.const)]))
  for (const choices of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(choices)) narrow(union(choices.map((choice) => constraint(choice, walk))))
  }
  if (Array.isArray(schema.allOf)) for (const part of schema.allOf) narrow(constraint(part, walk))
  narrow(constraint(resolve(schema.$ref, walk.root), walk))
  within.delete(schema)
  return types && schema.nullable === true ? new Set([...types, 'null']) : types
}

/** The types in `type`; undefined where it names none. */
function namedTypes(type: unknown): AllowedTypes | undefined {
  const named = (Array.isArray(type) ? type : [type]).flatMap(
    (name) => (typeof name === 'string' && TYPES.get(name.slice(0, 3).toLowerCase())) || [],
  )
  return named.length > 0 ? withIntegers(named) : undefined
}

function impliedTypes(schema: Readonly<Record<string, unknown>>): AllowedTypes | undefined {
  if (isRecord(schema.properties)) return new Set(['object'])
  return isRecord(schema.items) ? new Set(['array']) : undefined
}

function withIntegers(types: readonly JsonType[]): AllowedTypes {
  return new Set(types.includes('number') ? [...types, 'integer'] : types)
}

/** Of what is known; undefined where nothing is. */
function union(all: readonly (AllowedTypes | undefined)[]): AllowedTypes | undefined {
  const types = new Set(all.flatMap((one) => (one ? [...one] : [])))
  return types.size > 0 ? types : undefined
}

function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'string' : 'object'
}

/** What `#/a/b` points at; undefined where that is nothing. */
function resolve(pointer: unknown, root: unknown): unknown {
  if (typeof pointer !== 'string' || !/^#(\/|$)/.test(pointer)) return undefined
  let found = root
  for (const step of pointer.split('/', MAX_DEPTH).slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

function readNumber(text: string, mayHaveFraction: boolean): string | undefined {
  const number = jsonNumber(text)
  if (number === undefined) return undefined
  if (/^-?\d+$/.test(number)) return number
  if (mayHaveFraction) return Number.isFinite(Number(number)) ? number : undefined
  return /^(-?\d+)\.0+$/.exec(number)?.[1]
}

function readBoolean(word: string, mayBeDigit: boolean): string | undefined {
  if (word === 'true' || word === 'false') return word
  return mayBeDigit && (word === '1' || word === '0') ? String(word === '1') : undefined
}

// What makes JSON of a literal of Python. Text that needs more may as well be prose.
const OF_PYTHON: readonly RepairKind[] = ['quotes', 'literal', 'number', 'trailing-comma']

/** A container of an allowed kind, from JSON or what can be mended to be JSON; from a string of JSON too. */
function readContainer(text: string, types: AllowedTypes, isDecoded = false): string | undefined {
  if (!types.has('object') && !types.has('array')) return undefined
  const mayBeString = types.has('string')
  let isProse = false
  const repaired = (kind: RepairKind) => {
    isProse ||= mayBeString && !OF_PYTHON.includes(kind)
  }
  if (!mayBeString && !isDecoded && /^["']/.test(text)) {
    const encoded = new EncodedText()
    const isWhole = encoded.push(text, 0) === text.length && encoded.isDone
    return isWhole ? readContainer(encoded.take().trim(), types, true) : undefined
  }
  const value = new JsonValue({ maxDepth: 512, repaired })
  const rest = text.slice(value.push(text, 0))
  const json = value.take() + value.end('stop')
  if (!value.isDone || value.isInvalid || isProse || !(mayBeString ? /^$/ : /^[\s}\]]*$/).test(rest)) return undefined
  return types.has(json[0] === '{' ? 'object' : 'array') && /^[{[]/.test(json) ? json : undefined
}

function fits(schema: unknown, value: unknown, walk: Walk, depth: number): boolean {
  if (schema === false) return false
  if (!isRecord(schema) || depth > MAX_DEPTH || --walk.steps < 0) return true
  if (value === null && schema.nullable === true) return true
  const each = (parts: readonly unknown[]) => parts.every((part) => fits(part, value, walk, depth + 1))
  const some = (parts: unknown) => !Array.isArray(parts) || parts.some((part) => fits(part, value, walk, depth + 1))

  if (namedTypes(schema.type)?.has(typeOf(value)) === false) return false
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => isSame(one, value))) return false
  if (Object.hasOwn(schema, 'const') && !isSame(schema.const, value)) return false
  if (!some(schema.anyOf) || !some(schema.oneOf)) return false
  if (Array.isArray(schema.allOf) && !each(schema.allOf)) return false
  if (!each([resolve(schema.$ref, walk.root)])) return false
  if (Array.isArray(value)) return value.every((item) => fits(schema.items, item, walk, depth + 1))
  return !isRecord(value) || fitsMembers(schema, value, walk, depth)
}

function fitsMembers(
  { required, properties, additionalProperties, patternProperties }: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
  walk: Walk,
  depth: number,
): boolean {
  if (Array.isArray(required) && required.some((key) => typeof key === 'string' && !Object.hasOwn(value, key)))
    return false
  const others = isRecord(patternProperties) ? undefined : additionalProperties
  return Object.keys(value).every((key) => {
    const isDeclared = isRecord(properties) && Object.hasOwn(properties, key)
    return fits(isDeclared ? properties[key] : others, value[key], walk, depth + 1)
  })
}

/** Containers are not compared, for a schema that lists whole containers is rare. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeOf(one) === typeOf(other) && (isRecord(one) || Array.isArray(one)))
}
