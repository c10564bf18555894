/**
 * Regular expressions of JSON Schemas, read here rather than run: a client's expression given to the engine could hold
 * the process for minutes. Only single characters are ever tested with a `RegExp`.
 */
export interface Pattern {
  /** Whether it matches somewhere in `text`; undefined when `budget` has run out before that was clear. */
  matches(text: string, budget: { steps: number }): boolean | undefined
  /** Strings it is likely to match, short ones first. */
  samples(): Iterable<string>
}

type Node =
  | { type: 'character'; test: (character: string) => boolean; among: (alphabet: Alphabet) => readonly string[] }
  | { type: 'sequence'; items: readonly Node[] }
  | { type: 'choice'; options: readonly Node[] }
  | { type: 'repeat'; node: Node; min: number; max: number }
  | { type: 'boundary'; holds: (before: string | undefined, after: string | undefined) => boolean }
  | { type: 'lookahead'; node: Node; isNegative: boolean }

const longestPattern = 2000
const longestText = 2000
const longestWriting = 20_000

type Alphabet = 'plain' | 'mixed'
const plain = 'abcdefghijklmnopqrstuvwxyz1234567890ABCDEFGHIJKLMNOPQRSTUVWXYZ -_.:/@!#$%&*+=,;?\'"()[]{}<>~^|`\\é好日🙂'
/** The second has one of each kind before another of any, as rules for passwords want it. */
const alphabets = { plain: [...plain], mixed: [...'aA1!bB2@cC3#dD4$eE5%', ...plain] }

/** Undefined for what is no regular expression, and for back references, lookbehind and inline flags. */
export function parsePattern(source: string): Pattern | undefined {
  if (source.length > longestPattern) return undefined
  const flags = ['u', ''].find((candidate) => compile(source, candidate))
  if (flags === undefined) return undefined
  const parser = new Parser(source, flags)
  const node = parser.choice()
  if (node === undefined || !parser.isAtEnd) return undefined
  return { matches: (text, budget) => matches(node, text, budget), samples: () => samples(node) }
}

function compile(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined // not valid with these flags, which is the question
  }
}

const characterToken =
  /\\(?:u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|[^1-9kbB])|\[(?:\\[\s\S]|[^\]\\])*\]|[^\\()[*+?|^$]/uy
const codePoint = /\\u\{?([\da-fA-F]{4,6})\}?/g
const boundaryToken = /\^|\$|\\[bB]/y
const groupToken = /\((?:\?(?:[:=!]|<[\p{L}_$][\p{L}\p{N}_$]*>))?(?!\?)/uy
const quantifierToken = /(?:([*+?])|\{(\d+)(,(\d*))?\})\??/y

const boundaries: Record<string, (before: string | undefined, after: string | undefined) => boolean> = {
  '^': (before) => before === undefined,
  $: (_before, after) => after === undefined,
  '\\b': (before, after) => isWordCharacter(before) !== isWordCharacter(after),
  '\\B': (before, after) => isWordCharacter(before) === isWordCharacter(after),
}

function fromHex(digits = ''): string {
  const code = Number.parseInt(digits, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

function isWordCharacter(character: string | undefined): boolean {
  return character !== undefined && /^\w$/.test(character)
}

/** Recursive descent; every method gives undefined at what it cannot read. */
class Parser {
  readonly #source: string
  readonly #flags: string
  #at = 0

  constructor(source: string, flags: string) {
    this.#source = source
    this.#flags = flags
  }

  get isAtEnd(): boolean {
    return this.#at === this.#source.length
  }

  choice(): Node | undefined {
    const options: Node[] = []
    do {
      const option = this.#sequence()
      if (!option) return undefined
      options.push(option)
    } while (this.#take('|'))
    return options.length === 1 ? options[0] : { type: 'choice', options }
  }

  #sequence(): Node | undefined {
    const items: Node[] = []
    while (!this.isAtEnd && !'|)'.includes(this.#source.charAt(this.#at))) {
      const item = this.#atom()
      if (!item) return undefined
      items.push(this.#quantified(item))
    }
    return { type: 'sequence', items }
  }

  #atom(): Node | undefined {
    const boundary = this.#match(boundaryToken)?.[0]
    if (boundary !== undefined) {
      const holds = boundaries[boundary]
      return holds && { type: 'boundary', holds }
    }
    const opener = this.#match(groupToken)?.[0]
    if (opener !== undefined) {
      const node = this.choice()
      if (!node || !this.#take(')')) return undefined
      return opener === '(?=' || opener === '(?!' ? { type: 'lookahead', node, isNegative: opener === '(?!' } : node
    }
    const token = this.#match(characterToken)?.[0]
    const expression = token === undefined ? undefined : compile(`^(?:${token})$`, this.#flags)
    if (token === undefined || !expression) return undefined
    const test = (character: string) => expression.test(character)
    // The characters that the token itself names may be in no alphabet of ours.
    const own = [...token, ...Array.from(token.matchAll(codePoint), ([, hex]) => fromHex(hex))].filter(test)
    const found: Partial<Record<Alphabet, readonly string[]>> = {}
    const among = (alphabet: Alphabet) => {
      found[alphabet] ??= [...alphabets[alphabet].filter(test), ...own]
      return found[alphabet]
    }
    return { type: 'character', test, among }
  }

  #quantified(node: Node): Node {
    const [whole, sign, from, range, to] = this.#match(quantifierToken) ?? []
    if (whole === undefined) return node
    const many = Number.POSITIVE_INFINITY
    if (sign !== undefined) return { type: 'repeat', node, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : many }
    const min = Number(from)
    return { type: 'repeat', node, min, max: range === undefined ? min : to ? Number(to) : many }
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#source)
    if (found) this.#at = sticky.lastIndex
    return found
  }
}

/** Follows all positions at once instead of trying one after the other, and so never goes back. */
function matches(node: Node, text: string, budget: { steps: number }): boolean | undefined {
  if (text.length > longestText) return undefined
  const characters = [...text]

  /** Where a match of `node` may end that starts at one of `starts`; undefined once it took too long. */
  const ends = (node: Node, starts: ReadonlySet<number>): ReadonlySet<number> | undefined => {
    budget.steps -= 1 + starts.size
    if (budget.steps < 0) return undefined
    switch (node.type) {
      case 'character':
        return new Set([...starts].filter((at) => node.test(characters[at] ?? '')).map((at) => at + 1))
      case 'boundary':
        return new Set([...starts].filter((at) => node.holds(characters[at - 1], characters[at])))
      case 'sequence': {
        let current: ReadonlySet<number> | undefined = starts
        for (const item of node.items) current &&= ends(item, current)
        return current
      }
      case 'choice': {
        const reached = new Set<number>()
        for (const option of node.options) {
          const found = ends(option, starts)
          if (!found) return undefined
          for (const at of found) reached.add(at)
        }
        return reached
      }
      case 'lookahead': {
        const kept = new Set<number>()
        for (const at of starts) {
          const found = ends(node.node, new Set([at]))
          if (!found) return undefined
          if (found.size > 0 !== node.isNegative) kept.add(at)
        }
        return kept
      }
      case 'repeat': {
        const reached = new Set(node.min === 0 ? starts : [])
        let current = starts
        for (let i = 1; i <= node.max && current.size > 0; i++) {
          const found = ends(node.node, current)
          if (!found) return undefined
          // Beyond the least number of repetitions only new positions can lead to more.
          current = i < node.min ? found : new Set([...found].filter((at) => !reached.has(at)))
          if (i >= node.min) for (const at of current) reached.add(at)
        }
        return reached
      }
    }
  }

  const found = ends(node, new Set(characters.keys()).add(characters.length))
  return found && found.size > 0
}

function* samples(node: Node): Iterable<string> {
  let steps = 0

  /** `turn` counts repetitions, so that these write different characters. Undefined when it gets too long. */
  const write = (node: Node, style: Style, turn: number): string | undefined => {
    if (++steps > longestWriting) return undefined
    switch (node.type) {
      case 'character': {
        const allowed = node.among(style.alphabet)
        return allowed[(turn + style.option) % allowed.length] ?? ''
      }
      case 'boundary':
        return ''
      case 'lookahead':
        return style.spellsOut && !node.isNegative ? write(node.node, style, turn) : ''
      case 'choice': {
        const option = node.options[style.option % node.options.length]
        return option && write(option, style, turn)
      }
      case 'sequence':
        return joined(node.items, (item) => write(item, style, turn))
      case 'repeat': {
        const times = Math.min(node.max, node.min + style.extra, longestText)
        return joined(Array(times).keys(), (i) => write(node.node, style, turn + i))
      }
    }
  }

  for (const extra of [0, 1, 2, 4, 8, 16, 32, 64, 128, 256]) {
    for (const alphabet of ['plain', 'mixed'] as const) {
      for (const option of [0, 1, 2]) {
        for (const spellsOut of [false, true]) {
          const written = write(node, { extra, alphabet, option, spellsOut }, 0)
          if (written !== undefined) yield written
        }
      }
    }
  }
}

interface Style {
  /** Repetitions beyond the least. */
  extra: number
  alphabet: Alphabet
  /** Which of several options, and how far into the alphabet. */
  option: number
  /** Whether what a lookahead asks for is put before the rest. */
  spellsOut: boolean
}

function joined<T>(items: Iterable<T>, piece: (item: T) => string | undefined): string | undefined {
  let text = ''
  for (const item of items) {
    const next = piece(item)
    if (next === undefined || text.length + next.length > longestText) return undefined
    text += next
  }
  return text
}
