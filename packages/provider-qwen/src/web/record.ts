import { isRecord } from '@dragoman/core'
/** A JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>

/** The object, or an empty one in place of anything else. */
export function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

/** The text, where there is one. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
