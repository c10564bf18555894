import { z } from 'zod'
import { valueIn } from './values.ts'

/** What we read of a JSON Schema: the part of it that `z.toJSONSchema` writes for a configuration. */
export interface JsonSchema {
  type?: string | undefined
  /** What is expected, in a few words; stands where `type` would say too little. */
  title?: string | undefined
  description?: string | undefined
  default?: unknown
  const?: unknown
  enum?: readonly unknown[] | undefined
  anyOf?: readonly JsonSchema[] | undefined
  oneOf?: readonly JsonSchema[] | undefined
  properties?: Readonly<Record<string, JsonSchema>> | undefined
  required?: readonly string[] | undefined
  additionalProperties?: JsonSchema | boolean | undefined
  propertyNames?: JsonSchema | undefined
  items?: JsonSchema | undefined
  minimum?: number | undefined
  maximum?: number | undefined
  exclusiveMinimum?: number | undefined
  exclusiveMaximum?: number | undefined
  minLength?: number | undefined
  minItems?: number | undefined
  format?: string | undefined
  pattern?: string | undefined
}

/** A schema as data, from the side of who writes the file: what has a default may be left out. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
}

/** What is expected at `path` of a file that holds `value`; undefined where nothing is known of that place. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[], value: unknown): JsonSchema | undefined {
  let here: JsonSchema | undefined = schema
  let inside = value
  for (const key of path) {
    here = here && childOf(here, key, inside)
    inside = valueIn(inside, key)
  }
  return here
}

/** The forms that a value may take: the branches of a union, or the one there is. */
export function branches(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf)?.flatMap(branches) ?? [schema]
}

/** The keys that a map may have here. */
export function knownKeys(schema: JsonSchema, value: unknown): readonly string[] {
  return [...new Set(fitting(schema, value).flatMap(({ properties = {} }) => Object.keys(properties)))]
}

/** `a whole number from 0 to 65535`: for messages and for the reference page. */
export function expectation(schema: JsonSchema): string {
  if (schema.title) return schema.title
  const forms = branches(schema)
  if (forms.length > 1) return listed([...new Set(forms.map(expectation))])
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return `one of ${schema.enum.map(literal).join(', ')}`
  switch (schema.type) {
    case 'integer':
      return `a whole number${range(schema)}`
    case 'number':
      return `a number${range(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return schema.minItems ? 'a list with at least one entry' : 'a list'
    case 'object':
      return mapOf(Object.keys(schema.properties ?? {}))
    case 'string':
      if (schema.format === 'uri') return 'a URL'
      return schema.minLength ? 'a non-empty string' : 'a string'
    default:
      return 'something else'
  }
}

function childOf(schema: JsonSchema, key: PropertyKey, value: unknown): JsonSchema | undefined {
  for (const { items, properties, additionalProperties } of fitting(schema, value)) {
    if (typeof key === 'number') {
      if (items) return items
      continue
    }
    const name = String(key)
    if (properties && Object.hasOwn(properties, name)) return properties[name]
    if (typeof additionalProperties === 'object') return additionalProperties
  }
  return undefined
}

/** The forms that `value` can be meant to have: those whose constants, such as `type`, it has. All, where it has none. */
function fitting(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const forms = branches(schema)
  const fits = forms.filter(({ properties = {} }) =>
    Object.entries(properties).every(([key, property]) => {
      const found = valueIn(value, key)
      return property.const === undefined || found === undefined || found === property.const
    }),
  )
  return fits.length > 0 ? fits : forms
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value)
}

function listed(forms: readonly string[]): string {
  return forms.length > 1 ? `${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}` : forms.join('')
}

function mapOf(keys: readonly string[]): string {
  return keys.length > 0 && keys.length <= 3 ? `a map { ${keys.join(', ')} }` : 'a map'
}

function range({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const from = bound(minimum)
  const to = bound(maximum)
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`
  if (from !== undefined) return ` of at least ${from}`
  if (to !== undefined) return ` of at most ${to}`
  if (exclusiveMinimum !== undefined) return ` above ${exclusiveMinimum}`
  return exclusiveMaximum === undefined ? '' : ` below ${exclusiveMaximum}`
}

/** zod states the bounds of exact integers for every whole number: true, and of no use to anybody. */
function bound(limit: number | undefined): number | undefined {
  return limit === undefined || Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : limit
}
