/** A model as both sides may write it: `claude-sonnet-4-5-20250929`, `Claude Sonnet 4.5`, `anthropic/claude-4.5-sonnet`. */
export interface ModelKey {
  readonly words: readonly string[]
  /** Versions stand here or there among the words, in one order. */
  readonly numbers: readonly string[]
}

export function modelKey(name: string): ModelKey {
  const bare = name.toLowerCase().replace(/,.*$/, '').replace(/^.*\//, '').replace(/:.*$/, '')
  const undated = bare.replace(/[-@ ]20\d\d-?[01]\d-?[0-3]\d\b.*$/, '').replace(/-latest$/, '')
  const parts = undated.split(/[^a-z0-9]+/).filter((part) => part !== '')
  const isNumber = (part: string) => /^\d+$/.test(part)
  return { words: parts.filter((part) => !isNumber(part)), numbers: parts.filter(isNumber) }
}

export function sameKey(a: ModelKey, b: ModelKey): boolean {
  return `${a.words} ${a.numbers}` === `${b.words} ${b.numbers}`
}

/** Whether a text that names a model and goes on about it, as a line of a bill does, is about this one. */
export function isAbout(line: ModelKey, model: ModelKey): boolean {
  return (
    model.words.length > 0 &&
    model.words.every((word, i) => line.words[i] === word) &&
    model.numbers.every((number, i) => line.numbers[i] === number)
  )
}
