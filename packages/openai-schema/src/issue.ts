import { z } from 'zod'
import { quote } from './fields.ts'

/** Why a body was refused, in the words of an OpenAI error body. */
export interface Issue {
  /** The field at fault, such as `messages[1].content[0].type`; "" when it is the body as a whole. */
  param: string
  /** One sentence that begins with the field, says what was expected, and shows at most 80 characters of what was found. */
  message: string
  code: 'missing_required_parameter' | 'invalid_type' | 'invalid_value'
}

export type Validated<T> = { ok: true; value: T } | { ok: false; issue: Issue }

/**
 * Checks a parsed JSON body against a schema of this package, stopping at the first mistake.
 *
 * The value is the input itself, not zod's copy of it: the copy has its known fields first and leaves out keys named
 * `__proto__`. Does not throw.
 */
export function validate<T>(schema: z.ZodType<T, T>, input: unknown): Validated<T> {
  if (validatorOf(schema).validate(input)) return { ok: true, value: input }
  const { error } = schema.safeParse(input, stopAtFirst)
  return { ok: false, issue: error === undefined ? unnamed : describeIssue(error, input) }
}

const validators = new WeakMap<z.ZodType, { uses: number; schema: z.ZodType }>()

/**
 * Zod's compiled form says yes in a third of the time, but takes as long to make as ten thousand answers: it is made of
 * a schema that has been used this often. It is asked for nothing but the yes; mistakes are told by the schema itself.
 */
const usesUntilCompiled = 200

function validatorOf<T>(schema: z.ZodType<T, T>): z.ZodType<T, T> {
  const validator = validators.get(schema) ?? { uses: 0, schema }
  if (validator.uses === 0) validators.set(schema, validator)
  if (++validator.uses === usesUntilCompiled) validator.schema = z.compile(schema)
  return validator.schema as z.ZodType<T, T>
}

// A body of 32 MB may hold 16 million mistakes. Zod would keep an object for each, and the process would not survive.
const stopAtFirst: z.core.ParseContextInternal<z.core.$ZodIssue> = { abortEarly: true }

/**
 * Turns the errors of zod into one issue: the first, and for a field that may have several shapes the mistake inside
 * the shape that fits best. `input` is what was parsed. Does not throw.
 */
export function describeIssue(error: z.ZodError, input: unknown): Issue {
  const first = error.issues[0]
  if (first === undefined) return unnamed
  const { issue, path } = innermost(first, first.path)
  const found = valueAt(input, path)
  const param = format(path)
  return { param, message: param === '' ? issue.message : `${param}: ${issue.message}`, code: codeOf(issue, found) }
}

const unnamed: Issue = { param: '', message: 'expected another value', code: 'invalid_value' }

type Path = readonly PropertyKey[]
type ZodIssue = z.core.$ZodIssue
type Located = { issue: ZodIssue; path: Path }

/**
 * A union reports the mistakes of every shape it tried. The shape that fits best is the one whose mistake lies
 * deepest; when all fail at the union itself, its own message names them all.
 */
function innermost(issue: ZodIssue, path: Path): Located {
  if (issue.code !== 'invalid_union') return { issue, path }
  let deepest: Located = { issue, path }
  for (const [nested] of issue.errors) {
    if (nested === undefined) continue
    const inner = innermost(nested, [...path, ...nested.path])
    if (inner.path.length > deepest.path.length) deepest = inner
  }
  return deepest
}

function codeOf(issue: ZodIssue, found: unknown): Issue['code'] {
  if (found === undefined) return 'missing_required_parameter'
  return isOfWrongType(issue, found) ? 'invalid_type' : 'invalid_value'
}

function isOfWrongType(issue: ZodIssue, found: unknown): boolean {
  if (issue.code === 'invalid_type') return true
  if (issue.code === 'invalid_value') return !issue.values.some((value) => typeof value === typeof found)
  // A discriminated union with an unknown discriminant has tried no shape; discriminants are strings.
  if (issue.code === 'invalid_union' && issue.errors.length === 0) return typeof found !== 'string'
  if (issue.code === 'invalid_union')
    return issue.errors.every(([nested]) => nested === undefined || isOfWrongType(nested, found))
  return false
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key) ? Reflect.get(inner, key) : undefined,
    value,
  )
}

/** `messages[1].content`; keys that are no plain names are quoted: `metadata["a b"]`. */
function format(path: Path): string {
  return path
    .map((key, position) => {
      if (typeof key === 'number') return `[${key}]`
      const name = String(key)
      if (!/^[A-Za-z_$][\w$-]{0,63}$/.test(name)) return `[${quote(name)}]`
      return position === 0 ? name : `.${name}`
    })
    .join('')
}
