export type Fields = Readonly<Record<string, unknown>>

const none: Fields = {}

/** The fields of an object of unchecked JSON; of anything else none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : none
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
