/**
 * The members of a JSON object as they are written, so that numbers keep their digits. Keys are decoded, values are
 * JSON text. Undefined for anything that is no object.
 */
export function jsonMembers(text: string): readonly (readonly [key: string, value: string])[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  } catch {
    // Arguments that were cut.
    return undefined
  }
  // Valid from here on, so only brackets, colons and commas outside of strings have to be looked at.
  const members: [string, string][] = []
  let depth = 0
  let from = 0
  let key: string | undefined
  const structure = /["[\]{}:,]/g
  for (let found = structure.exec(text); found; found = structure.exec(text)) {
    const { 0: character, index } = found
    if (character === '"') {
      structure.lastIndex = endOfString(text, index + 1)
      continue
    }
    if (character === ':') {
      if (depth > 1) continue
      key = JSON.parse(text.slice(from, index)) as string // a key is a string
      from = index + 1
      continue
    }
    const isEnd = character === ',' || character === '}' || character === ']'
    if (depth === 1 && isEnd && key !== undefined) {
      members.push([key, text.slice(from, index).trim()])
      key = undefined
    }
    if (character === '{' || character === '[') depth++
    else if (character !== ',') depth--
    if (depth === 1 && key === undefined) from = index + 1
  }
  return members
}

/** Behind the quote that closes the string which `from` is in. */
function endOfString(text: string, from: number): number {
  const special = /["\\]/g
  special.lastIndex = from
  for (let found = special.exec(text); found; found = special.exec(text)) {
    if (found[0] === '"') break
    special.lastIndex++
  }
  return special.lastIndex
}
