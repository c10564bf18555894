import { ending, isCommonWord, wordsOf } from '../words.ts'

/**
 * What a text offers for filling in a schema. Numbers, words and phrases are used up in the order in which they stand,
 * so that "from Paris to Tokyo" fills `origin` and `destination`.
 */
export interface Clues {
  readonly text: string
  /** Values by the names of properties, such as the tools' results give them. */
  readonly facts: ReadonlyMap<string, unknown>
  number(isWanted: (value: number) => boolean): number | undefined
  /** A word as it stands there: for formats and patterns. */
  word(isWanted: (value: string) => boolean): string | undefined
  /** What is quoted, else what looks like a name. */
  phrase(isWanted: (value: string) => boolean): string | undefined
  quoted(isWanted: (value: string) => boolean): string | undefined
  /** What stands between two digits or brackets, such as `(2 + 3) * 4`. */
  calculation(isWanted: (value: string) => boolean): string | undefined
  /** Whether the text speaks of `something`, a name in any spelling. */
  mentions(something: string): boolean
  /** To be given back to `restore`, which frees what was used since. */
  save(): ReadonlySet<string>
  restore(saved: ReadonlySet<string>): void
}

const longestText = 4000
const mostOfAKind = 40

/** Only the end of a long text is read, where the question usually is. */
export function createClues(text: string, facts: ReadonlyMap<string, unknown> = new Map()): Clues {
  const read = ending(text, longestText)
  const kinds = {
    number: all(read, /(?<![\p{L}\p{N}_.-])-?\d+(?:\.\d+)?(?![\p{L}\p{N}_]|[-:]\d|\.\d)/gu).map(Number),
    word: all(read, /\S+/gu).map((word) => word.replace(/^[\p{P}\p{S}]*?(?=[\p{L}\p{N}+#])|[\p{P}\s]+$/gu, '')),
    quoted: all(
      read,
      /"([^"\n]+)"|“([^”\n]+)”|«([^»\n]+)»|「([^」\n]+)」|`([^`\n]+)`|(?<!\p{L})'([^'\n]+)'(?!\p{L})/gu,
    ),
    calculation: calculationsIn(read),
    phrase: [] as string[],
  }
  kinds.phrase = [...kinds.quoted, ...namesIn(read)].slice(0, mostOfAKind)

  const mentioned = new Set(wordsOf(read))
  let used = new Set<string>()
  const take = <T>(kind: keyof typeof kinds, values: readonly T[], isWanted: (value: T) => boolean): T | undefined => {
    // The same text may be there as a word and as a phrase; it is one clue.
    const found = values.findIndex((value, i) => !used.has(keyOf(kind, value, i)) && isWanted(value))
    if (found === -1) return undefined
    const value = values[found]
    used.add(keyOf(kind, value, found))
    return value
  }

  return {
    text,
    facts,
    number: (isWanted) => take('number', kinds.number, isWanted),
    word: (isWanted) => take('word', kinds.word, isWanted),
    phrase: (isWanted) => take('phrase', kinds.phrase, isWanted),
    quoted: (isWanted) => take('quoted', kinds.quoted, isWanted),
    calculation: (isWanted) => take('calculation', kinds.calculation, isWanted),
    mentions(something) {
      const words = wordsOf(something)
      return words.length > 0 && words.every((word) => mentioned.has(word))
    },
    save: () => new Set(used),
    restore(saved) {
      used = new Set(saved)
    },
  }
}

function keyOf(kind: string, value: unknown, position: number): string {
  return typeof value === 'string' ? value : `${kind} ${position}`
}

function all(text: string, expression: RegExp): string[] {
  const found: string[] = []
  for (const match of text.matchAll(expression)) {
    found.push(match.slice(1).find((group) => group !== undefined) ?? match[0])
    if (found.length === mostOfAKind) break
  }
  return found
}

/** In two steps, each of which looks at a character once: a text of brackets must not cost its square. */
function calculationsIn(text: string): string[] {
  return Array.from(text.matchAll(/[\d(][\d\s.+*/^()%×÷-]*/g)).flatMap(([run]) => {
    const [whole = ''] = /^[\s\S]*[\d)]/.exec(run) ?? []
    return whole.length > 1 ? [whole] : []
  })
}

/** Capitalised words inside of a sentence, then words after a preposition; without any, capitalised words at its start. */
function namesIn(text: string): string[] {
  const inside: string[] = []
  const atStart: string[] = []
  for (const match of text.matchAll(/\p{Lu}[\p{L}\p{M}\p{N}'’-]*(?:[ ]\p{Lu}[\p{L}\p{M}\p{N}'’-]*)*/gu)) {
    const startsSentence = /(?:^|[.!?\n]["“]?)\s*$/u.test(text.slice(Math.max(0, match.index - 4), match.index))
    const [first = '', ...others] = match[0].replace(/['’]s$/u, '').split(' ')
    if (!startsSentence) inside.push([first, ...others].join(' '))
    else if (!isCommonWord(first.toLowerCase())) atStart.push([first, ...others].join(' '))
    else if (others.length > 0) inside.push(others.join(' '))
  }
  const prepositions = /(?<=\s|^)(?:in|at|for|from|to|near|of)\s+(?:(?:the|a|an|my)\s+)?(\p{Ll}[\p{L}\p{M}-]+)/gu
  const possessed = /(\p{Script=Han}{2,6}?)的/gu
  const found = [...inside, ...all(text, prepositions), ...all(text, possessed)]
  const names = found.filter((name) => !isCommonWord(name.toLowerCase()))
  return names.length > 0 ? names : atStart
}
