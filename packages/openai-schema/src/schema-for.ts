import type { z } from 'zod'

/**
 * Ties a schema to its hand-written interface: `schemaFor<Usage>()(object({ … }))` compiles only while both name the
 * same fields, at every level, with the same types. Returns the schema itself, typed by the interface.
 */
export function schemaFor<T>() {
  return <S extends z.ZodType<T, T>>(schema: S & InStep<Known<T>, Known<z.output<S>>>): z.ZodType<T, T> => schema
}

type InStep<A, B> = [A, B] extends [B, A] ? unknown : { error: 'The schema and the interface differ.' }

/**
 * What a type says about named fields. Every field becomes required, so that one which only one side has is a
 * difference; the index signature of loose schemas is left out.
 */
type Known<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Known<Item>[]
    : T extends object
      ? { [K in keyof T as string extends K ? never : K]-?: Known<T[K]> }
      : T
