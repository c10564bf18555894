import { z } from 'zod'

// The vocabulary of `@dragoman/openai-schema`, as far as this dialect needs it: zod's own words with a message for the
// person whose request was refused, and loose, so that fields which are not named are accepted.

const expected =
  (what: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? `required; expected ${what}` : `expected ${what}; found ${found(input)}`

export const string = z.string({ error: expected('a string') })
export const number = z.number({ error: expected('a number') })
export const integer = z.int({ error: expected('an integer') })
export const boolean = z.boolean({ error: expected('true or false') })
export const anything = z.unknown().optional()

export const literal = <const V extends string>(value: V) => z.literal(value, { error: expected(quote(value)) })

export const choice = <const V extends readonly [string, ...string[]]>(values: V) =>
  z.enum(values, { error: expected(`one of ${values.join(', ')}`) })

export const list = <S extends z.ZodType>(of: S, what: string) =>
  z.array(of, { error: expected(`an array of ${what}`) })

export const object = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.looseObject(shape, { error: expected('an object') })

export const dictionary = <S extends z.ZodType>(values: S) =>
  z.record(z.string(), values, { error: expected('an object') })

export const either = <const O extends readonly [z.ZodType, ...z.ZodType[]]>(what: string, ...options: O) =>
  z.union(options, { error: expected(what) })

type Variants = readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]

/**
 * Objects told apart by `type`. One of a type that is not named passes, so that the reader can say where it stands and
 * what it would have needed. No TypeScript type can say "every string but these", hence the cast.
 */
export const variants = <const O extends Variants>(what: string, options: O) => {
  const named = new Set(options.flatMap((option) => [...(option._zod.propValues.type ?? [])]))
  // Without `abort` zod would report this refusal in place of the mistake inside the named type.
  const unnamed = object({ type: string }).refine(({ type }) => !named.has(type), { abort: true })
  return either(
    what,
    z.discriminatedUnion('type', options, { error: expected('an object with a type') }),
    unnamed as unknown as z.ZodType<{ type: 'unnamed' }, { type: 'unnamed' }>,
  )
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
