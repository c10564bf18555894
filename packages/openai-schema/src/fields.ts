import { z } from 'zod'

// The vocabulary all schemas of this package are written in, and those of other dialects (`/fields`). Each word is zod's
// own, with a message for the person whose request was refused, and loose: fields that a schema does not name go through
// untouched.

type Refused = { readonly input?: unknown }

/** Builds the message of a schema: what was expected and, unless the field is missing, what was found. */
export const expected =
  (what: string) =>
  ({ input }: Refused): string =>
    input === undefined ? `required; expected ${what}` : `expected ${what}; found ${found(input)}`

export const string = z.string({ error: expected('a string') })
export const number = z.number({ error: expected('a number') })
export const integer = z.int({ error: expected('an integer') })
export const boolean = z.boolean({ error: expected('true or false') })
/** A field that is named for its readers and not looked into: a vendor's, or one that only travels. */
export const anything = z.unknown().optional()

export const literal = <const V extends string>(value: V) => z.literal(value, { error: expected(quote(value)) })

export const choice = <const V extends readonly [string, ...string[]]>(values: V) =>
  z.enum(values, { error: expected(`one of ${values.join(', ')}`) })

export const list = <S extends z.ZodType>(of: S, what: string) =>
  z.array(of, { error: expected(`an array of ${what}`) })

export const object = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.looseObject(shape, { error: expected('an object') })

/** An object whose keys are the client's own, such as a JSON Schema. */
export const dictionary = <S extends z.ZodType>(values: S) =>
  z.record(z.string(), values, { error: expected('an object') })

/** One of several shapes that share no discriminant, such as a string or an array. */
export const either = <const O extends readonly [z.ZodType, ...z.ZodType[]]>(what: string, ...options: O) =>
  z.union(options, { error: expected(what) })

/** Objects that a field tells apart. */
export type Variants = readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]

/** One of several objects, told apart by the field `key`. Other values of that field are refused. */
export const variants = <const O extends Variants, const K extends string>(key: K, options: O) =>
  discriminated('one of', key, options)

/**
 * Like {@link variants} by `type`, but an object whose type is none of the named ones goes to `others`. A named type
 * with a mistake in it is still refused.
 */
export const openVariants = <const O extends Variants, F extends { type: string }>(
  what: string,
  options: O,
  others: z.ZodType<F, F>,
) => {
  const named = new Set(options.flatMap((option) => valuesOf(option, 'type')))
  // Without `abort` zod would report this refusal in place of the mistake inside the named type.
  const unnamed = others.refine(({ type }) => !named.has(type), { abort: true })
  return either(what, discriminated('a string such as', 'type', options), unnamed)
}

/**
 * Any object with a `type`, not looked into further. `T` lists the types seen so far, for editors and for narrowing.
 * The cast is the point: any other string passes too, and no TypeScript type can say "every string but these".
 */
export const unread = <T extends { type: string }>() => object({ type: string }) as unknown as z.ZodType<T, T>

function discriminated<const O extends Variants, const K extends string>(wanted: string, key: K, options: O) {
  const values = `${wanted} ${options
    .flatMap((option) => valuesOf(option, key))
    .filter((value) => value !== undefined)
    .join(', ')}`
  return z.discriminatedUnion(key, options, {
    error: ({ code, input }) =>
      code === 'invalid_union' ? expected(values)({ input: field(input, key) }) : expected('an object')({ input }),
  })
}

function valuesOf(option: z.core.$ZodTypeDiscriminable, key: string): unknown[] {
  return [...(option._zod.propValues[key] ?? [])]
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

/** Names a refused value in few characters. Objects are never shown: they may be whole conversations. */
function found(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of length ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

/** Quotes a text, cut to 80 characters and never inside a surrogate pair. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 79).replace(/[\ud800-\udbff]$/, '')}…`)
}
