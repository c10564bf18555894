export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** The keywords of a JSON Schema that is neither `true` nor `false`. Nothing is known about their values. */
export type Keywords = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Keywords {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** `key` of an object in JSON: what `toString` or `__proto__` inherit is no data. */
export function own(value: Keywords, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined
}

/** What a local reference (`#`, `#/$defs/Node`, `#node`) points to; undefined for any other. */
export function resolve(reference: string, root: unknown): unknown {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return anchored(reference, root)
  let current: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const key = decodePart(part)
    if (Array.isArray(current)) current = current[Number(key)]
    else current = isObject(current) ? own(current, key) : undefined
  }
  return current
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return part // a stray % means itself
  }
}

function anchored(reference: string, root: unknown): unknown {
  const definitions = isObject(root) ? own(root, '$defs') : undefined
  if (!reference.startsWith('#') || !isObject(definitions)) return undefined
  return Object.values(definitions).find((one) => isObject(one) && one.$anchor === reference.slice(1))
}

/** How much work is left to do. */
export interface Budget {
  steps: number
}

/** A step is about a microsecond: that many characters, or members of a list or of an object, are one. */
export const charactersPerStep = 100
export const membersPerStep = 20

/** Merging costs the square of it. */
const mostParts = 200

export interface Flat {
  /** All of `schema`, of what it refers to and of its `allOf`. */
  readonly keywords: Keywords
  /** Every `anyOf` and `oneOf` among them: one of each has to hold. */
  readonly alternatives: readonly (readonly unknown[])[]
}

/**
 * One level of a schema, with references followed and `allOf` merged. Undefined where nothing can fit, and when the
 * budget has run out.
 */
export function flatten(schema: unknown, context: Budget & { readonly root: unknown }): Flat | undefined {
  const followed = new Set<string>()
  const alternatives: (readonly unknown[])[] = []

  const gather = (part: unknown, into: Keywords): Keywords | undefined => {
    if (part === false || context.steps < 0) return undefined
    if (!isObject(part)) return into
    const { $ref, allOf, anyOf, oneOf, ...keywords } = part
    if (Array.isArray(anyOf)) alternatives.push(anyOf)
    if (Array.isArray(oneOf)) alternatives.push(oneOf)
    let merged: Keywords | undefined = merge(into, keywords, context)
    for (const one of listOf(allOf).slice(0, mostParts)) merged &&= gather(one, merged)
    if (typeof $ref !== 'string' || followed.has($ref)) return merged
    followed.add($ref)
    context.steps -= $ref.length / charactersPerStep
    return merged && gather(resolve($ref, context.root), merged)
  }

  const keywords = gather(schema, {})
  return keywords && { keywords, alternatives }
}

const lowerBounds = new Set(['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'])
const upperBounds = new Set(['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'])
const schemas = new Set(['items', 'additionalProperties', 'propertyNames'])

function merge(a: Keywords, b: Keywords, budget: Budget): Keywords {
  const sizes = Object.keys(a).length + Object.keys(b).length
  budget.steps -= sizes / membersPerStep
  if (Object.keys(a).length === 0) return b
  const merged: Record<string, unknown> = { ...a }
  for (const [keyword, value] of Object.entries(b))
    merged[keyword] = mergeKeyword(keyword, own(a, keyword), value, budget)
  return merged
}

function mergeKeyword(keyword: string, a: unknown, b: unknown, budget: Budget): unknown {
  if (a === undefined) return b
  if (typeof a === 'number' && typeof b === 'number') {
    if (lowerBounds.has(keyword)) return Math.max(a, b)
    if (upperBounds.has(keyword)) return Math.min(a, b)
  }
  if (keyword === 'required') {
    budget.steps -= (listOf(a).length + listOf(b).length) / membersPerStep
    return [...new Set([...listOf(a), ...listOf(b)])]
  }
  if (keyword === 'type') return commonTypes(typesOf(a), typesOf(b))
  if (keyword === 'enum') return commonMembers(listOf(a), listOf(b), budget)
  if (keyword === 'pattern' && a !== b) return `^(?=[\\s\\S]*(?:${a}))[\\s\\S]*(?:${b})`
  if (schemas.has(keyword)) return { allOf: [a, b] }
  if (keyword === 'properties' && isObject(a) && isObject(b)) {
    const both = Object.entries(b).map(([key, value]): [string, unknown] => {
      const before = own(a, key)
      return [key, before === undefined ? value : { allOf: [before, value] }]
    })
    budget.steps -= (Object.keys(a).length + both.length) / membersPerStep
    return Object.fromEntries([...Object.entries(a), ...both])
  }
  return b
}

/** `type` as a list; empty when the schema names none. */
export function typesOf(type: unknown): readonly unknown[] {
  return typeof type === 'string' ? [type] : listOf(type)
}

type Type = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null'

/** The first type that is not null. Without a type, the keywords tell; a string where they do not. */
export function typeOf(keywords: Keywords): Type {
  const types = typesOf(keywords.type)
  switch (types.find((type) => type !== 'null') ?? types[0]) {
    case 'object':
      return 'object'
    case 'array':
      return 'array'
    case 'number':
    case 'integer':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'string':
      return 'string'
    default: {
      const has = (...names: string[]) => names.some((name) => Object.hasOwn(keywords, name))
      if (has('properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties')) return 'object'
      if (has('items', 'prefixItems', 'minItems', 'maxItems', 'contains')) return 'array'
      const ofNumbers = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']
      return has(...ofNumbers) ? 'number' : 'string'
    }
  }
}

export function isNested(keywords: Keywords): boolean {
  const type = typeOf(keywords)
  return type === 'object' || type === 'array'
}

function commonMembers(a: readonly unknown[], b: readonly unknown[], budget: Budget): unknown {
  const common = a.filter((one) => budget.steps >= 0 && b.some((other) => isEqual(one, other, budget)))
  return budget.steps < 0 ? b : common
}

function commonTypes(a: readonly unknown[], b: readonly unknown[]): unknown {
  const known = new Set(b)
  const common = a.filter((type) => known.has(type) || (type === 'integer' && known.has('number')))
  return known.has('integer') && a.includes('number') ? [...common, 'integer'] : common
}

/** As JSON Schema has it: by value, and keys in any order. True when the budget runs out before that is clear. */
export function isEqual(a: unknown, b: unknown, budget: Budget): boolean {
  budget.steps -= 1 / membersPerStep
  if (budget.steps < 0) return true
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false
    budget.steps -= a.length / charactersPerStep
    return budget.steps < 0 || a === b
  }
  if (Object.is(a, b) || a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => isEqual(item, b[i], budget))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  budget.steps -= keys.length / membersPerStep
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key], budget))
}
