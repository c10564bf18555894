import { isRecord } from '@dragoman/core'
/** A JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>

/** The object in this field, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
