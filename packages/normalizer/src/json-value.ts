import { bareLiteral, isBare, jsonNumber } from './bare-literal.ts'
import { escapeJson } from './json-string.ts'
import type { EndedHow, RepairKind } from './markup-event.ts'
import { isSpace } from './markup-lexer.ts'

export interface JsonValueOptions {
  /** Containers inside one another; one more makes the value invalid. */
  readonly maxDepth: number
  /** Hears of each kind of repair once per value, so that a hostile value cannot make millions of reports. */
  repaired(kind: RepairKind): void
  /** Characters that may begin markup, say `<`. Outside strings `push` stops before them, for JSON has no use for them. */
  readonly stopsAt?: string | undefined
  /** White space behind a comma that is held, in characters. Beyond it the comma stands. Default 256 Ki. */
  readonly maxHeld?: number | undefined
}

// What may come next, or what we are inside of.
const VALUE = 0
const FIRST = 1 // behind an opener
const COLON = 2
const AFTER = 3 // behind a value in a container
const COMMA = 4 // behind a comma, which is held
const STRING = 5
const ESCAPE = 6 // in a string, behind a backslash, which is held
const BARE = 7 // in a number or word
const KEY = 8 // in a key without quotes
const SLASH = 9
const LINE_COMMENT = 10
const BLOCK_COMMENT = 11
const STAR = 12 // in a comment
const RAW = 13
const RAW_STRING = 14
const RAW_ESCAPE = 15
const DONE = 16

// What ends a run inside a string: a quote, a backslash, a control character; written as all but the others.
const IN_DOUBLE = /[^ !#-[\]-\uffff]/g
const IN_SINGLE = /[^ !#-&(-[\]-\uffff]/g
const IN_RAW = /["\\]/g
const SIMPLE_ESCAPES = '"\\/bfnrt'
const UNICODE_SO_FAR = /^\\u[\da-f]{0,3}$/i
const WHOLE_ESCAPE = /^\\(["\\/bfnrt]|u[\da-fA-F]{4})$/
const KEY_CHARACTER = /[\w$.\u0080-\uffff-]/
const MEMBER_START = /["'{[(\w$+.\u0080-\uffff-]/

/**
 * The text of one JSON value goes in piece by piece, its repaired text comes out as soon as it is certain.
 *
 * What came out is never taken back, and is the same however the text was cut. Valid JSON comes out byte for byte, less
 * white space before it. Held back are a comma (with the white space behind it), an escape, a sign and a word that may
 * have to be replaced, until they are decided. Repaired are control characters in strings, trailing commas, commas
 * missing before a new line, single quotes, keys without quotes, `True False None NaN Infinity`, tuples, `+1 .5 1.`,
 * comments, and escapes that JSON does not know. Anything else makes the value invalid: from there on its text comes out
 * as it is, up to where its brackets balance.
 */
export class JsonValue {
  readonly #maxDepth: number
  readonly #maxHeld: number
  readonly #stopsAt: string
  readonly #report: (kind: RepairKind) => void
  readonly #reported = new Set<RepairKind>()

  #state = VALUE
  /** The closers of the open containers. */
  readonly #closers: string[] = []
  #out = ''
  #isInvalid = false

  #text = ''
  /** Where in the text begins what is to come out unchanged and has not been copied yet. */
  #kept = 0
  /** Where in the text begins what is held, -1 where nothing is; what was held of earlier pieces is in `#held`. */
  #hold = -1
  #held = ''
  /** `push` has met a character of `stopsAt`. */
  #isStopped = false
  /** The place of a character of `stopsAt` that is to be taken all the same. */
  #through = -1

  #hasNewline = false
  #quote = '"'
  #isKey = false
  /** A number or word so far. */
  #bare = ''
  /** What is held in front of it. */
  #lead = ''
  /** The state that a comment interrupts. */
  #around = VALUE
  #rawDepth = 0

  constructor({ maxDepth, repaired, stopsAt = '', maxHeld = 262_144 }: JsonValueOptions) {
    this.#maxDepth = maxDepth
    this.#maxHeld = maxHeld
    this.#stopsAt = stopsAt
    this.#report = repaired
  }

  /**
   * The value has ended: its last bracket or quote came, or what cannot belong to a number or word. An invalid value
   * ends too, where its brackets balance, or outside of brackets before `,`, `]` and `}`. Text that has no value at all
   * (`,`) ends at once, invalid and empty.
   */
  get isDone(): boolean {
    return this.#state === DONE
  }

  /** Inside a string or a quoted key: whatever comes is data, up to the closing quote. */
  get isInString(): boolean {
    const state = this.#state
    return state === STRING || state === ESCAPE || state === RAW_STRING || state === RAW_ESCAPE
  }

  /** Something could not be repaired; what follows it comes out as it is. Never becomes false again. */
  get isInvalid(): boolean {
    return this.#isInvalid
  }

  /**
   * Takes text from index `from` and returns the index behind what it took. That is `text.length`, unless the value
   * ended before (`isDone`), or a character of `stopsAt` stands there, outside of strings (not `isDone`). Where that
   * character begins no markup after all, push again from it with `through` set. Never throws.
   */
  push(text: string, from: number, through = false): number {
    this.#text = text
    this.#kept = from
    if (this.#hold >= 0) this.#hold = from
    this.#through = through ? from : -1
    this.#isStopped = false

    let at = from
    while (at < text.length && this.#state !== DONE && !this.#isStopped) at = this.#step(at)

    const kept = this.#hold >= 0 ? this.#hold : at
    this.#out += text.slice(this.#kept, kept)
    this.#held += text.slice(kept, at)
    this.#text = ''
    return at
  }

  /** The text that became certain since the last call. */
  take(): string {
    const out = this.#out
    this.#out = ''
    return out
  }

  /**
   * No more text will come. Returns what was not taken yet, followed by what closes the value.
   *
   * It is closed only after `stop`, and where the last value in it was complete: a number at the end counts as complete,
   * an opener without a member does not. Then `isDone` is true. In all other cases it stays as far as it came, what is
   * held is left out, and `isDone` is false.
   */
  end(how: EndedHow): string {
    if (how === 'stop' && this.#completes()) {
      if (this.#closers.length > 0) this.#repaired('missing-closer')
      this.#out += this.#closing()
      this.#state = DONE
    }
    return this.take()
  }

  /**
   * What has to stand behind the text that was pushed so that all of it is JSON, as little of it as will do. '' where
   * nothing has to, and where the text is invalid.
   */
  shortestClosing(): string {
    let closing = ''
    switch (this.#state) {
      case DONE:
      case RAW:
      case RAW_STRING:
      case RAW_ESCAPE:
        return ''
      case STRING:
        closing = this.#isKey ? '":null' : '"'
        break
      case COLON:
        closing = ':null'
        break
      case VALUE:
        closing = 'null'
        break
      case BARE: {
        const word = ['true', 'false', 'null'].find((whole) => whole.startsWith(this.#bare))
        if (word) closing = word.slice(this.#bare.length)
        else if (jsonNumber(this.#bare) !== this.#bare) closing = '0'
      }
    }
    return closing + this.#closing()
  }

  #closing(): string {
    return [...this.#closers].reverse().join('').replaceAll(')', ']')
  }

  /** Whether the value is complete but for its closers. Mends what is held, with no text left. */
  #completes(): boolean {
    const isComment = this.#state === LINE_COMMENT || this.#state === BLOCK_COMMENT || this.#state === STAR
    const state = isComment ? this.#around : this.#state
    if (state === BARE) return this.#mendBare(0)
    if (state !== COMMA || this.#hold < 0) return state === AFTER
    this.#repaired('trailing-comma')
    this.#out += this.#held.slice(1)
    this.#held = ''
    return true
  }

  /** Reads a character or more at `at`, and returns where to go on. */
  #step(at: number): number {
    switch (this.#state) {
      case STRING:
        return this.#readString(at)
      case ESCAPE:
        return this.#readEscape(at)
      case BARE:
        return this.#readBare(at)
      case KEY:
        if (KEY_CHARACTER.test(this.#text.charAt(at))) return at + 1
        this.#insert(at, '"')
        this.#state = COLON
        return at
      case SLASH:
      case LINE_COMMENT:
      case BLOCK_COMMENT:
      case STAR:
        return this.#readComment(at)
      case RAW:
        return this.#readRaw(at)
      case RAW_STRING:
        IN_RAW.lastIndex = at
        if (!IN_RAW.test(this.#text)) return this.#text.length
        this.#state = this.#text[IN_RAW.lastIndex - 1] === '"' ? RAW : RAW_ESCAPE
        return IN_RAW.lastIndex
      case RAW_ESCAPE:
        this.#state = RAW_STRING
        return at + 1
      default:
        return this.#readStructure(at)
    }
  }

  #readStructure(at: number): number {
    const char = this.#text.charAt(at)
    const state = this.#state
    const closer = this.#closers.at(-1)
    switch (char) {
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        return this.#readSpace(at)
      case '/':
        this.#cut(at)
        this.#drop(at + 1)
        this.#around = state
        this.#state = SLASH
        return at + 1
      case ',':
        if (state !== AFTER) break
        this.#hold = at
        this.#state = COMMA
        return at + 1
      case ':':
        if (state !== COLON) break
        this.#state = VALUE
        return at + 1
      case '}':
      case ']':
      case ')':
        if (char !== closer || (state !== AFTER && state !== FIRST && (state !== COMMA || this.#hold < 0))) break
        if (state === COMMA) {
          this.#repaired('trailing-comma')
          this.#replace(at, this.#heldUpTo(at).slice(1))
        }
        if (char === ')') this.#exchange(at, ']')
        this.#closers.pop()
        this.#endValue()
        return at + 1
      default:
        if (state === COLON || this.#stops(at)) break
        if (state === AFTER) {
          if (!this.#hasNewline || !MEMBER_START.test(char)) break
          this.#repaired('missing-comma')
          this.#insert(at, ',')
        }
        return closer === '}' && state !== VALUE ? this.#startKey(at, char) : this.#startValue(at, char)
    }
    return this.#fail(at)
  }

  #readSpace(at: number): number {
    const text = this.#text
    let end = at
    for (let code = text.charCodeAt(end); isSpace(code); code = text.charCodeAt(++end)) {
      if (code === 0x0a) this.#hasNewline = true
    }
    if (this.#closers.length === 0) this.#drop(end)
    if (this.#hold >= 0 && this.#held.length + end - this.#hold > this.#maxHeld) this.#release()
    return end
  }

  #startKey(at: number, char: string): number {
    this.#isKey = true
    if (char === '"' || char === "'") return this.#startString(at, char)
    if (!KEY_CHARACTER.test(char)) return this.#fail(at)
    this.#release()
    this.#repaired('unquoted-key')
    this.#insert(at, '"')
    this.#state = KEY
    return at + 1
  }

  #startValue(at: number, char: string): number {
    switch (char) {
      case '"':
      case "'":
        this.#isKey = false
        return this.#startString(at, char)
      case '{':
      case '[':
      case '(':
        if (this.#closers.length >= this.#maxDepth) return this.#fail(at)
        this.#release()
        if (char === '(') {
          this.#repaired('literal')
          this.#exchange(at, '[')
        }
        this.#closers.push(char === '{' ? '}' : char === '[' ? ']' : ')')
        this.#state = FIRST
        return at + 1
      default:
        if (!isBare(char.charCodeAt(0))) return this.#fail(at)
        this.#bare = ''
        this.#state = BARE
        if (/[\dtfn]/.test(char)) this.#release()
        else if (this.#hold < 0) this.#hold = at
        // The comma waits too, so that what came out can be closed at any time.
        this.#lead = this.#hold < 0 ? '' : this.#heldUpTo(at)
        return at
    }
  }

  #startString(at: number, quote: string): number {
    this.#release()
    this.#quote = quote
    this.#state = STRING
    if (quote === "'") {
      this.#repaired('quotes')
      this.#exchange(at, '"')
    }
    return at + 1
  }

  /** Strings are searched natively: a value may be megabytes of program text. */
  #readString(from: number): number {
    const text = this.#text
    const special = this.#quote === '"' ? IN_DOUBLE : IN_SINGLE
    let at = from
    for (;;) {
      special.lastIndex = at
      if (!special.test(text)) return text.length
      at = special.lastIndex - 1
      const char = text.charAt(at)
      if (char === this.#quote) break
      if (char === '\\') {
        const next = text.charAt(at + 1)
        if (next === '' || !SIMPLE_ESCAPES.includes(next)) {
          this.#hold = at
          this.#state = ESCAPE
          return at + 1
        }
        at++
      } else if (char === '"') this.#insert(at, '\\')
      else {
        this.#repaired('control-character')
        this.#exchange(at, escapeJson(char))
      }
      at++
    }
    if (this.#quote === "'") this.#exchange(at, '"')
    if (this.#isKey) this.#state = COLON
    else this.#endValue()
    return at + 1
  }

  #readEscape(at: number): number {
    const held = this.#heldUpTo(at + 1)
    if (UNICODE_SO_FAR.test(held)) return at + 1
    this.#state = STRING
    if (WHOLE_ESCAPE.test(held)) {
      this.#release()
      return at + 1
    }
    if (held === `\\${this.#quote}`) {
      this.#replace(at, '')
      return at + 1
    }
    this.#repaired('escape')
    this.#replace(at, `\\${this.#heldUpTo(at)}`)
    return at
  }

  #readBare(at: number): number {
    const text = this.#text
    let end = at
    while (isBare(text.charCodeAt(end))) end++
    // The digits of a negative number come out as they arrive, like those of others.
    if (this.#bare.length < 2 && /^-\d/.test(this.#bare + text.slice(at, Math.min(end, at + 2)))) this.#release()
    this.#bare += text.slice(at, end)
    if (this.#bare.length > this.#maxHeld) return this.#spoil(end)
    if (end === text.length) return end
    if (!this.#mendBare(end)) return this.#fail(end)
    this.#endValue()
    return end
  }

  /** False where what stands up to `at` is no number or word. */
  #mendBare(at: number): boolean {
    const bare = this.#bare
    const json = bareLiteral(bare)
    if (json === bare) {
      this.#release()
      return true
    }
    if (json === undefined || (this.#hold < 0 && !json.startsWith(bare))) return false
    this.#repaired(jsonNumber(bare) === undefined ? 'literal' : 'number')
    if (this.#hold < 0) this.#insert(at, json.slice(bare.length))
    else this.#replace(at, this.#lead + json)
    return true
  }

  #readComment(at: number): number {
    const char = this.#text.charAt(at)
    if (this.#state === SLASH) {
      if (char !== '/' && char !== '*') {
        if (this.#hold >= 0) this.#held += '/'
        else this.#out += '/'
        return this.#spoil(at)
      }
      this.#repaired('comment')
      this.#state = char === '/' ? LINE_COMMENT : BLOCK_COMMENT
    } else if (this.#stops(at)) return at
    else if (this.#state === LINE_COMMENT) {
      if (char === '\n') {
        this.#state = this.#around
        return at
      }
    } else if (char === '/' && this.#state === STAR) this.#state = this.#around
    else this.#state = char === '*' ? STAR : BLOCK_COMMENT
    this.#drop(at + 1)
    return at + 1
  }

  /** What is invalid is only followed up to its end. */
  #readRaw(from: number): number {
    const text = this.#text
    for (let at = from; at < text.length; at++) {
      switch (text[at]) {
        case '"':
          this.#state = RAW_STRING
          return at + 1
        case '{':
        case '[':
          this.#rawDepth++
          break
        case '}':
        case ']':
          if (this.#rawDepth > 0) {
            this.#rawDepth--
            if (this.#rawDepth > 0 || this.#closers.length === 0) break
            at++
          }
          this.#state = DONE
          return at
        case ',':
          if (this.#rawDepth > 0) break
          this.#state = DONE
          return at
        default:
          if (this.#stops(at)) return at
      }
    }
    return text.length
  }

  #endValue(): void {
    this.#state = this.#closers.length > 0 ? AFTER : DONE
    this.#hasNewline = false
  }

  #stops(at: number): boolean {
    this.#isStopped = at !== this.#through && this.#stopsAt.includes(this.#text.charAt(at))
    return this.#isStopped
  }

  #fail(at: number): number {
    return this.#stops(at) ? at : this.#spoil(at)
  }

  #spoil(at: number): number {
    this.#release()
    this.#isInvalid = true
    this.#rawDepth = this.#closers.length
    this.#state = RAW
    return at
  }

  #repaired(kind: RepairKind): void {
    if (this.#reported.has(kind)) return
    this.#reported.add(kind)
    this.#report(kind)
  }

  /** Puts `added` before the character at `at`. Only where nothing is held. */
  #insert(at: number, added: string): void {
    this.#out += this.#text.slice(this.#kept, at) + added
    this.#kept = at
  }

  /** Puts `other` in place of the character at `at`. Only where nothing is held. */
  #exchange(at: number, other: string): void {
    this.#insert(at, other)
    this.#kept = at + 1
  }

  /** Leaves out what stands between here and `to`. */
  #drop(to: number): void {
    this.#kept = to
    if (this.#hold >= 0) this.#hold = to
  }

  /** Puts away what stands before `at`, so that something behind it can be dropped. */
  #cut(at: number): void {
    if (this.#hold < 0) this.#insert(at, '')
    else {
      this.#out += this.#text.slice(this.#kept, this.#hold)
      this.#held += this.#text.slice(this.#hold, at)
    }
  }

  #heldUpTo(at: number): string {
    return this.#held + this.#text.slice(this.#hold, at)
  }

  /** Lets out what is held, as it is. */
  #release(): void {
    this.#out += this.#held
    this.#held = ''
    this.#hold = -1
  }

  /** What is held, up to `at`, comes out as `replacement`. */
  #replace(at: number, replacement: string): void {
    this.#out += this.#text.slice(this.#kept, this.#hold) + replacement
    this.#kept = at
    this.#held = ''
    this.#hold = -1
  }
}
