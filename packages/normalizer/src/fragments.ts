// For tests only: the pieces that texts of models are made of, to be shuffled into texts that no model writes.

import { randomFrom } from './text-cuts.ts'

const TOKEN = /<[^<>\s]{0,60}>|\[\/?[A-Z_]+\]|\][<>]\w+\[>\[|◁[^▷]{0,20}▷|`+\w*|[{}[\]"':,;=]|\s+|[^<◁`{}[\]"':,;=\s]+/g

/** Markers, parts of markers and words of these texts, each once. */
function fragmentsOf(texts: readonly string[]): string[] {
  const fragments = new Set<string>()
  for (const text of texts) {
    for (const [token] of text.slice(0, 4096).matchAll(TOKEN)) fragments.add(token.slice(0, 60))
  }
  return [...fragments]
}

/** What belongs to no format but is often where parsers fail. */
const STRANGE: readonly string[] = [
  'word',
  ' ',
  '\n',
  '\n\n',
  '\\',
  '\\n',
  '\\"',
  '\\u00e9',
  '\\ud83d',
  '"',
  "'",
  '`',
  '```',
  '```json\n',
  '<',
  '</',
  '>',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '{"a": 1}',
  '{"name": "get_time", "arguments": {}}',
  'null',
  'None',
  '1e5',
  '9007199254740993',
  '\ud83d',
  '\ude00',
  '😀',
  '\0',
  '\u0001',
  '\ufeff',
  '\u2028',
  '__proto__',
]

/**
 * Makes texts that no model writes: whole, cut and joined texts of a format, its markers in any order, words and markers
 * of other formats, and what is strange anywhere. The same text for the same seed.
 */
export function textShuffler(own: readonly string[], all: readonly string[]): (seed: number, pieces: number) => string {
  const texts = own.filter((text) => text.length < MAX_TEXT)
  const ownFragments = fragmentsOf(own)
  const allFragments = fragmentsOf(all)
  return (seed, pieces) => {
    const random = randomFrom(seed)
    const upTo = (limit: number) => Math.floor(random() * limit)
    const oneOf = (list: readonly string[]) => list[upTo(list.length)] ?? ''
    let text = ''
    for (let i = 0; i < pieces; i++) {
      const kind = random()
      if (kind < 0.25) text += spliced(oneOf(texts), upTo, () => oneOf(random() < 0.5 ? ownFragments : STRANGE))
      else if (kind < 0.4) text += oneOf(texts).slice(upTo(60))
      else if (kind < 0.5) text += oneOf(texts).slice(0, upTo(MAX_TEXT))
      else if (kind < 0.75) text += oneOf(ownFragments)
      else if (kind < 0.85) text += oneOf(allFragments)
      else text += oneOf(STRANGE)
    }
    return text
  }
}

const MAX_TEXT = 1000

/** The text with something left out, repeated or put in at a few places. */
function spliced(text: string, upTo: (limit: number) => number, piece: () => string): string {
  let changed = text
  for (let i = 1 + upTo(3); i > 0; i--) {
    const at = upTo(changed.length + 1)
    const kind = upTo(3)
    const length = 1 + upTo(2 ** upTo(6))
    if (kind === 0) changed = changed.slice(0, at) + changed.slice(at + length)
    else if (kind === 1) changed = changed.slice(0, at + length) + changed.slice(at)
    else changed = changed.slice(0, at) + piece() + changed.slice(at)
  }
  return changed
}
