import { escapeJson } from './json-string.ts'
import type { JsonValueOptions } from './json-value.ts'
import type { EndedHow } from './markup-event.ts'
import { isSpace, type Waiting } from './markup-lexer.ts'

// What may come next.
const VALUE = 0
const FIRST = 1 // behind an opener
const COLON = 2
const AFTER = 3 // behind a value
const COMMA = 4
const SCALAR = 5

interface OpenContainer {
  readonly closer: string
  /** The place of its opener in what waits. */
  readonly at: number
  /** False while it is a round bracket that may only group. */
  isArray: boolean
}

/** The brackets of a syntax and what closes them. Round ones make an array where a comma stands in them. */
export type Brackets = Readonly<Record<string, string>>

/**
 * A value in a syntax that has lists and maps as JSON does, but other strings and words: it goes in piece by piece and
 * comes out as JSON without white space. Strings come as they arrive, words and numbers when they are complete.
 *
 * The methods are used as those of JsonValue. What cannot be read makes the value invalid: from there on its text comes
 * out as it is, up to where its brackets balance, or outside of brackets up to a comma or closer.
 */
export abstract class LiteralValue {
  protected readonly maxHeld: number
  protected readonly repaired: JsonValueOptions['repaired']
  protected text = ''
  protected at = 0
  protected endedHow: EndedHow | undefined
  #isInString = false
  /** Inside a string that is copied: what ends a run of it. */
  protected special: RegExp | undefined
  #out = ''
  /** A comma that waits for what follows it. */
  #comma = ''

  readonly #maxDepth: number
  readonly #stopsAt: string
  readonly #reader: Waiting<void>
  #through = -1
  #state = VALUE
  readonly #open: OpenContainer[] = []
  /** Round brackets that may turn out to group only. */
  readonly #undecided: OpenContainer[] = []
  /** What came out before the first of them; what came since waits in `#out`. */
  #ready = ''
  /** How much of what came since was taken all the same. */
  #takenLength = 0
  #isDone = false
  #isInvalid = false

  constructor({ maxDepth, repaired, stopsAt = '', maxHeld = 262_144 }: JsonValueOptions) {
    this.#maxDepth = maxDepth
    this.repaired = repaired
    this.#stopsAt = stopsAt
    this.maxHeld = maxHeld
    this.#reader = this.#read()
  }

  protected abstract readonly brackets: Brackets
  /** What begins a comment, up to the end of the line. */
  protected abstract readonly comment: string
  /** Whether `char` ends a value that stands in no brackets; white space before it goes with the value. */
  protected abstract endsValue(char: string): boolean
  /**
   * Reads a string, word or number, keys as strings. False where none stands here or the text ended in it; then what was
   * read and is no part of one has been put out.
   */
  protected abstract readScalar(isKey: boolean): Waiting<boolean>

  get isDone(): boolean {
    return this.#isDone
  }

  get isInString(): boolean {
    return this.#isInString
  }

  protected set isInString(isInString: boolean) {
    this.#isInString = isInString
  }

  get isInvalid(): boolean {
    return this.#isInvalid
  }

  /** Takes text from index `from` and returns the index behind what it took, as JsonValue does. */
  push(text: string, from: number, through = false): number {
    if (this.#isDone) return from
    if (this.special) {
      this.special.lastIndex = from
      if (!this.special.test(text)) {
        this.put(escapeJson(text.slice(from)))
        return text.length
      }
    }
    this.text = text
    this.at = from
    this.#through = through ? from : -1
    this.#reader.next()
    this.text = ''
    return this.at
  }

  /** The text that became certain since the last call. */
  take(): string {
    const ready = this.#ready
    this.#ready = ''
    return this.#undecided.length > 0 && !this.#isBeyondBound() ? ready : ready + this.#takeOut()
  }

  /** No more text will come. Returns what was not taken yet and, after `stop`, what closes a value whose last part was complete. */
  end(how: EndedHow): string {
    if (!this.#isDone) {
      this.endedHow = how
      this.at = 0
      this.#reader.next()
      if (how === 'stop' && !this.#isInvalid && (this.#state === AFTER || this.#state === COMMA)) {
        if (this.#open.length > 0) this.repaired('missing-closer')
        for (let last = this.#open.at(-1); last; last = this.#open.at(-1)) this.#close(last)
        this.#isDone = true
      }
    }
    const ready = this.#ready
    this.#ready = ''
    return ready + this.#takeOut()
  }

  /** The character that stands here, '' where the text has ended. */
  protected *peek(): Waiting<string> {
    while (this.at === this.text.length && !this.endedHow) yield
    return this.text.charAt(this.at)
  }

  protected put(json: string): void {
    this.#out += this.#comma + json
    this.#comma = ''
  }

  /** Goes to the next character that is no white space, and returns it. */
  protected *skipSpace(): Waiting<string> {
    for (;;) {
      while (isSpace(this.text.charCodeAt(this.at))) this.at++
      if (this.at < this.text.length || this.endedHow) return this.text.charAt(this.at)
      yield
    }
  }

  /** Whether `push` has to return before the character that stands here, because it may begin markup. */
  protected stops(): boolean {
    return this.at !== this.#through && this.at < this.text.length && this.#stopsAt.includes(this.text.charAt(this.at))
  }

  *#read(): Waiting<void> {
    for (;;) {
      const char = yield* this.skipSpace()
      if (char === '') return
      const state = this.#state
      const container = this.#open.at(-1)
      if (char === this.comment) {
        yield* this.#skipLine()
      } else if (state === AFTER && !container && this.endsValue(char)) {
        this.#isDone = true
        return
      } else if (char === ',' && state === AFTER && container) {
        if (container.closer === ')') this.#decide(container)
        this.#comma = ','
        this.#state = COMMA
        this.at++
      } else if (char === ':' && state === COLON) {
        this.put(':')
        this.#state = VALUE
        this.at++
      } else if (char === container?.closer && (state === FIRST || state === AFTER || state === COMMA)) {
        this.at++
        this.#close(container)
        if (this.#open.length === 0 && this.endsValue('')) {
          this.#isDone = true
          return
        }
      } else if (this.stops()) {
        yield
      } else if (!(yield* this.#readMember(char, container))) {
        // The text ended in it, or it is none.
        if (!this.endedHow) yield* this.#readRaw()
        return
      }
    }
  }

  *#skipLine(): Waiting<void> {
    for (;;) {
      const end = this.text.indexOf('\n', this.at)
      this.at = end < 0 ? this.text.length : end
      if (end >= 0 || this.endedHow) return
      yield
    }
  }

  *#readMember(char: string, container: OpenContainer | undefined): Waiting<boolean> {
    const state = this.#state
    if (state === COLON || state === AFTER || ',:}])'.includes(char)) return false
    const isKey = container?.closer === '}' && state !== VALUE
    const closer = Object.hasOwn(this.brackets, char) ? this.brackets[char] : undefined
    if (closer && (isKey || this.#open.length >= this.#maxDepth)) return false
    if (closer) {
      if (closer === ')' && this.#undecided.length === 0) {
        this.#ready += this.#takeOut()
        this.#takenLength = 0
      }
      this.put('')
      const opened = { closer, at: this.#out.length, isArray: closer !== ')' }
      if (!opened.isArray) this.#undecided.push(opened)
      this.#open.push(opened)
      this.put(closer === '}' ? '{' : '[')
      this.#state = FIRST
      this.at++
      return true
    }
    this.#state = SCALAR
    if (!(yield* this.readScalar(isKey))) return false
    this.#state = isKey ? COLON : AFTER
    return true
  }

  #close(container: OpenContainer): void {
    this.#open.pop()
    this.#comma = ''
    if (container.closer === '}') this.#out += '}'
    else if (container.isArray || this.#state !== AFTER || this.#isBeyondBound()) this.#out += ']'
    else {
      this.#out = this.#out.slice(0, container.at) + this.#out.slice(container.at + 1)
    }
    if (!container.isArray) this.#undecided.pop()
    this.#state = AFTER
  }

  #decide(container: OpenContainer): void {
    if (!container.isArray) this.#undecided.pop()
    container.isArray = true
  }

  /** So much came since a round bracket that it counts as an array, whatever follows. */
  #isBeyondBound(): boolean {
    return this.#undecided.length > 0 && this.#takenLength + this.#out.length > this.maxHeld
  }

  #takeOut(): string {
    const out = this.#out
    this.#takenLength += out.length
    this.#out = ''
    return out
  }

  *#readRaw(): Waiting<void> {
    this.#isInvalid = true
    this.put('')
    const isContainer = this.#open.length > 0
    let depth = this.#open.length
    let quote = ''
    let isEscaped = false
    for (;;) {
      const start = this.at
      let isStopped = false
      while (this.at < this.text.length && !this.#isDone && !isStopped) {
        const char = this.text.charAt(this.at)
        if (quote) {
          if (isEscaped) isEscaped = false
          else if (char === '\\') isEscaped = true
          else if (char === quote) quote = ''
        } else if (char === '"' || char === "'") quote = char
        else if ('{[('.includes(char)) depth++
        else if ('}])'.includes(char)) {
          if (depth === 0) break
          depth--
          this.#isDone = depth === 0 && isContainer
        } else if (char === ',' && depth === 0) break
        else isStopped = this.stops()
        if (!isStopped) this.at++
      }
      this.#out += this.text.slice(start, this.at)
      this.isInString = quote !== ''
      if (this.at < this.text.length && !isStopped) this.#isDone = true
      if (this.#isDone || this.endedHow) return
      yield
    }
  }
}
