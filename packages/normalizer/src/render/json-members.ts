import { isRecord } from '../is-record.ts'

/**
 * The members of a JSON object as they are written, so that numbers keep their digits. Keys are decoded, values are
 * JSON text. Undefined for anything that is no object.
 */
export function jsonMembers(text: string): readonly (readonly [key: string, value: string])[] | undefined {
  try {
    if (!isRecord(JSON.parse(text))) return undefined
  } catch {
    // Arguments that were cut.
    return undefined
  }
  // Valid from here on, so only brackets, colons and commas outside of strings have to be looked at.
  const members: [string, string][] = []
  let isInString = false
  let depth = 0
  let from = 0
  let key: string | undefined
  for (const { 0: mark, index } of text.matchAll(/\\.|["[\]{}:,]/g)) {
    if (mark === '"') isInString = !isInString
    if (isInString) continue
    if (mark === '{' || mark === '[') depth++
    if (mark === '}' || mark === ']') depth--
    const isEnd = depth === 0 || (depth === 1 && mark === ',')
    if (isEnd && key !== undefined) members.push([key, text.slice(from, index).trim()])
    if (depth === 1 && mark === ':') key = JSON.parse(text.slice(from, index)) as string // a key is a string
    if (depth === 1 && /[{,:]/.test(mark)) from = index + 1
  }
  return members
}
