import { isOfFormat } from './formats.ts'
import {
  type Budget,
  charactersPerStep,
  isEqual,
  isObject,
  type Keywords,
  listOf,
  membersPerStep,
  own,
  resolve,
  typesOf,
} from './json-schema.ts'
import { type Pattern, parsePattern } from './pattern.ts'

/** What is known about the schema at hand, and how much work it may still cause. */
export interface Context extends Budget {
  /** What references lead into. */
  readonly root: unknown
  readonly pattern: (source: string) => Pattern | undefined
}

const deepest = 300

export function createContext(root: unknown): Context {
  const patterns = new Map<string, Pattern | undefined>()
  const context: Context = {
    root,
    steps: 200_000,
    pattern(source) {
      context.steps -= 1 / membersPerStep
      if (!patterns.has(source)) {
        context.steps -= 20 + source.length
        patterns.set(source, context.steps < 0 ? undefined : parsePattern(source))
      }
      return patterns.get(source)
    },
  }
  return context
}

/**
 * Whether `value` fits `schema`. The answer is yes where finding out would take too long, and for keywords that are
 * not understood: conditions, dependencies, `unevaluated…`.
 */
export function conforms(value: unknown, schema: unknown, context: Context, depth = 0): boolean {
  if (typeof schema === 'boolean') return schema
  if (!isObject(schema) || depth > deepest || --context.steps < 0) return true
  const fits = (inner: unknown, part: unknown) => conforms(inner, part, context, depth + 1)

  if (typeof schema.$ref === 'string' && !fits(value, resolve(schema.$ref, context.root))) return false
  if (Object.hasOwn(schema, 'const') && !isEqual(value, schema.const, context)) return false
  if (Array.isArray(schema.enum) && !schema.enum.some((member) => isEqual(value, member, context))) return false
  if (!isOfType(value, typesOf(schema.type))) return false
  if (listOf(schema.allOf).some((part) => !fits(value, part))) return false
  if (Array.isArray(schema.anyOf) && !schema.anyOf.some((part) => fits(value, part))) return false
  if (Array.isArray(schema.oneOf) && schema.oneOf.filter((part) => fits(value, part)).length !== 1) return false
  if (schema.not !== undefined && fits(value, schema.not)) return false

  if (typeof value === 'number') return numberConforms(value, schema)
  if (typeof value === 'string') return stringConforms(value, schema, context)
  if (Array.isArray(value)) return arrayConforms(value, schema, context, fits)
  return !isObject(value) || objectConforms(value, schema, context, fits)
}

function isOfType(value: unknown, types: readonly unknown[]): boolean {
  if (types.length === 0) return true
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return types.includes('array')
  if (Number.isInteger(value) && types.includes('integer')) return true
  return types.includes(typeof value)
}

function numberConforms(value: number, schema: Keywords): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  // Up to draft 4 the exclusive bounds were flags of the others.
  const above = exclusiveMinimum === true ? minimum : exclusiveMinimum
  const below = exclusiveMaximum === true ? maximum : exclusiveMaximum
  if (typeof minimum === 'number' && value < minimum) return false
  if (typeof maximum === 'number' && value > maximum) return false
  if (typeof above === 'number' && value <= above) return false
  if (typeof below === 'number' && value >= below) return false
  if (typeof multipleOf !== 'number' || multipleOf === 0) return true
  const times = value / multipleOf
  return Math.abs(times - Math.round(times)) < 1e-9
}

function stringConforms(value: string, schema: Keywords, context: Context): boolean {
  const { minLength, maxLength, pattern, format } = schema
  // JSON Schema counts characters; many validators count UTF-16 units. A string must please both.
  if (typeof minLength === 'number' && !isAsLong(value, minLength, context)) return false
  if (typeof maxLength === 'number' && value.length > maxLength) return false
  if (typeof format === 'string' && !isOfFormat(value, format)) return false
  return typeof pattern !== 'string' || (context.pattern(pattern)?.matches(value, context) ?? true)
}

/** Whether `text` has `least` characters. They are counted only where the UTF-16 units, one or two each, do not tell. */
function isAsLong(text: string, least: number, context: Context): boolean {
  if (text.length < least) return false
  if (text.length >= 2 * least) return true
  context.steps -= Math.ceil(text.length / charactersPerStep)
  return context.steps < 0 || [...text].length >= least
}

type Fits = (value: unknown, schema: unknown) => boolean

function arrayConforms(value: readonly unknown[], schema: Keywords, context: Context, fits: Fits): boolean {
  const { minItems, maxItems, prefixItems, items, additionalItems, contains } = schema
  if (typeof minItems === 'number' && value.length < minItems) return false
  if (typeof maxItems === 'number' && value.length > maxItems) return false
  if (schema.uniqueItems === true && value.length <= 1000) {
    const hasTwins = value.some((item, i) => value.slice(0, i).some((earlier) => isEqual(item, earlier, context)))
    if (hasTwins && context.steps >= 0) return false
  }
  // Before draft 2020-12 a list under `items` was what `prefixItems` is now.
  const prefix = Array.isArray(items) ? items : listOf(prefixItems)
  const rest = Array.isArray(items) ? additionalItems : items
  if (value.some((item, i) => !fits(item, i < prefix.length ? prefix[i] : rest))) return false
  return contains === undefined || schema.minContains === 0 || value.some((item) => fits(item, contains))
}

function objectConforms(value: Keywords, schema: Keywords, context: Context, fits: Fits): boolean {
  const keys = Object.keys(value)
  if (typeof schema.minProperties === 'number' && keys.length < schema.minProperties) return false
  if (typeof schema.maxProperties === 'number' && keys.length > schema.maxProperties) return false
  context.steps -= (keys.length + listOf(schema.required).length) / membersPerStep
  if (listOf(schema.required).some((key) => typeof key === 'string' && !Object.hasOwn(value, key))) return false
  return keys.every(
    (key) =>
      context.steps < 0 ||
      (schemasOfProperty(key, schema, context).every((part) => fits(value[key], part)) &&
        (schema.propertyNames === undefined || fits(key, schema.propertyNames))),
  )
}

/** What the value under `key` has to fit, by the `properties` and their kin of `schema`. */
export function schemasOfProperty(key: string, schema: Keywords, context: Context): unknown[] {
  const found: unknown[] = []
  if (isObject(schema.properties) && Object.hasOwn(schema.properties, key)) found.push(own(schema.properties, key))
  if (isObject(schema.patternProperties)) {
    for (const [pattern, part] of Object.entries(schema.patternProperties)) {
      if (context.pattern(pattern)?.matches(key, context)) found.push(part)
    }
  }
  return found.length > 0 ? found : [schema.additionalProperties]
}
