import { jsonNumber } from './bare-literal.ts'
import { isRecord } from './is-record.ts'
import { escapeJson } from './json-string.ts'
import { mendJson } from './json-value.ts'
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
  return new Set(types?.length ? types : ['string'])
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

/** The JSON text of a value, mended where need be; undefined where it is none, or something else than `rest` follows. */
export function jsonOf(text: string, rest = /^\s*$/, repaired = (_: RepairKind) => {}): string | undefined {
  const mended = mendJson(text, repaired)
  return mended && rest.test(mended.rest) ? mended.json : undefined
}

/**
 * Whether a value, as JSON.parse gives it, fits a schema as far as `type`, `enum`, `const`, `required`, `properties`,
 * `additionalProperties`, `items`, `$ref` and the combinations go. What is not understood is no obstacle, and neither is
 * what would take too many steps to check. Never throws.
 */
export function accepts(schema: unknown, value: unknown, root: unknown = schema): boolean {
  return fits(schema, value, { root, within: new Set(), steps: 10_000 }, 0)
}

/** What `#/a/b` points at; undefined where that is nothing. */
export function resolve(pointer: unknown, root: unknown): unknown {
  if (typeof pointer !== 'string' || !/^#(\/|$)/.test(pointer)) return undefined
  let found = root
  for (const step of pointer.split('/', MAX_DEPTH).slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

function constraint(schema: unknown, walk: Walk): readonly JsonType[] | undefined {
  const { within } = walk
  if (!isRecord(schema) || within.has(schema) || within.size > MAX_DEPTH || --walk.steps < 0) return undefined
  within.add(schema)
  const { type, properties, items, anyOf, oneOf, allOf, $ref, nullable } = schema
  const each = (parts: unknown) => listOf(parts).map((part) => constraint(part, walk))
  const all = [
    namedTypes(type) ?? (isRecord(properties) ? ['object'] : isRecord(items) ? ['array'] : undefined),
    known(listOf(valuesOf(schema)).map(typeOf)),
    known(each(anyOf).flatMap((types) => types ?? [])),
    known(each(oneOf).flatMap((types) => types ?? [])),
    ...each(allOf),
    ...each([resolve($ref, walk.root)]),
  ]
  within.delete(schema)
  const types = all.reduce((some, others) =>
    some && others ? some.filter((one) => others.includes(one)) : (some ?? others),
  )
  return types && nullable === true ? [...types, 'null'] : types
}

function listOf(parts: unknown): readonly unknown[] {
  return Array.isArray(parts) ? parts : []
}

/** The values that a schema lists. */
function valuesOf(schema: Readonly<Record<string, unknown>>): unknown {
  return schema.const === undefined ? schema.enum : [schema.const]
}

/** The types in `type`; undefined where it names none. */
function namedTypes(type: unknown): readonly JsonType[] | undefined {
  return known(
    [type].flat().flatMap((name) => (typeof name === 'string' && TYPES.get(name.slice(0, 3).toLowerCase())) || []),
  )
}

/** Each once; undefined where nothing is known. */
function known(types: readonly JsonType[]): readonly JsonType[] | undefined {
  if (types.length === 0) return undefined
  return [...new Set(types.includes('number') ? [...types, 'integer' as const] : types)]
}

function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'string' : 'object'
}

function readNumber(text: string, mayHaveFraction: boolean): string | undefined {
  const number = jsonNumber(text)
  if (number === undefined || /^-?\d+$/.test(number)) return number
  if (mayHaveFraction) return Number.isFinite(Number(number)) ? number : undefined
  return /^(-?\d+)\.0+$/.exec(number)?.[1]
}

function readBoolean(word: string, mayBeDigit: boolean): string | undefined {
  if (word === 'true' || word === 'false') return word
  return mayBeDigit && /^[01]$/.test(word) ? String(word === '1') : undefined
}

// What makes JSON of a literal of Python. Text that needs more may as well be prose.
const OF_PYTHON: readonly RepairKind[] = ['quotes', 'literal', 'number', 'trailing-comma']

/** A container of an allowed kind, from JSON or what can be mended to be JSON; from a string of JSON too. */
function readContainer(text: string, types: AllowedTypes, isDecoded = false): string | undefined {
  if (!types.has('object') && !types.has('array')) return undefined
  const mayBeString = types.has('string')
  let isProse = false
  const json = jsonOf(text, mayBeString ? /^$/ : /^[\s}\]]*$/, (kind) => {
    isProse ||= mayBeString && !OF_PYTHON.includes(kind)
  })
  if (json === undefined || isProse) return undefined
  if (json.startsWith('"') && !mayBeString && !isDecoded) return readContainer(JSON.parse(json).trim(), types, true)
  const kind = json.startsWith('{') ? 'object' : json.startsWith('[') ? 'array' : undefined
  return kind && types.has(kind) ? json : undefined
}

function fits(schema: unknown, value: unknown, walk: Walk, depth: number): boolean {
  if (schema === false) return false
  if (!isRecord(schema) || depth > MAX_DEPTH || --walk.steps < 0) return true
  const { type, anyOf, oneOf, allOf, $ref, nullable, required, properties, patternProperties, items } = schema
  if (value === null && nullable === true) return true
  const isFit = (part: unknown, of = value) => fits(part, of, walk, depth + 1)
  const some = (list: unknown, isMet: (one: unknown) => boolean) =>
    !Array.isArray(list) || list.some((one) => isMet(one))
  if (
    namedTypes(type)?.includes(typeOf(value)) === false ||
    !some(valuesOf(schema), (one) => isSame(one, value)) ||
    !some(anyOf, (part) => isFit(part)) ||
    !some(oneOf, (part) => isFit(part)) ||
    ![...listOf(allOf), resolve($ref, walk.root)].every((part) => isFit(part))
  )
    return false
  if (Array.isArray(value)) return value.every((item) => isFit(items, item))
  if (!isRecord(value)) return true
  const others = isRecord(patternProperties) ? undefined : schema.additionalProperties
  return (
    listOf(required).every((key) => typeof key !== 'string' || Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, member]) =>
      isFit(isRecord(properties) && Object.hasOwn(properties, key) ? properties[key] : others, member),
    )
  )
}

/** Containers are not compared, for a schema that lists whole containers is rare. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || (typeOf(one) === typeOf(other) && typeof one === 'object' && one !== null)
}
