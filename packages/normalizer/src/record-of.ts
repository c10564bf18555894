import { isRecord } from './is-record.ts'

type Fields = Readonly<Record<string, unknown>>

const none: Fields = {}

/** The fields of what came unchecked from elsewhere; none where it is no object. */
export function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : none
}
