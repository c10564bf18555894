/** A JSON object of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object in this field, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
