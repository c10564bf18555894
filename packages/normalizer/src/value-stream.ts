import { escapeJson } from './json-string.ts'
import type { EndedHow, RepairKind } from './markup-event.ts'
import type { Reading } from './markup-format.ts'
import { accept, type Cursor, type MarkerSet, standsAt, type Waiting } from './markup-lexer.ts'

/** What ends arguments that did not end themselves. */
export interface ArgumentEnds {
  readonly markers: MarkerSet<string>
  /** First characters of the markers. */
  readonly stopsAt: string
  /** The markers are special tokens in `<`: in a string that is never closed, the last of them ends the call. */
  readonly areTokens?: boolean
}

export type ValueSource = Pick<Reading, 'cursor' | 'maxDepth' | 'maxHeld' | 'how' | 'repaired'>

// In a string: what may end it, begin an escape or a token, or must be escaped in JSON. Written as all but the others.
const SPECIAL = /[^ !#-&(-;=-[\]-\uffff]/g
/** The same in most strings, between `"` and without tokens. */
const IN_QUOTES = /[^ !#-[\]-\uffff]/g
const SIMPLE_ESCAPES = '"\\/bfnrt'
const ESCAPE = /^\\(?:["\\/bfnrt]|u[\da-fA-F]{0,4})$/
/** A container that is being read. */
export interface OpenContainer {
  readonly closer: string
  /** The place of its opener in what waits. */
  readonly from: number
}

/** One value on its way from the cursor to whoever writes it: what came of it and is not written yet. */
export class ValueStream {
  readonly cursor: Cursor
  readonly source: ValueSource
  readonly ends: ArgumentEnds
  /** What is certain. It is written before more text is waited for. */
  out = ''
  /** What comes out before anything else does, or is dropped: a comma, the white space behind it, a word. */
  held = ''
  /**
   * What becomes of strings: `json` is mended and tells so, `literal` becomes JSON, `text` what its escapes stand for,
   * `raw` stays.
   */
  as: 'json' | 'literal' | 'text' | 'raw' = 'json'
  /** Round brackets that may turn out to group only. As long as there are any, nothing is written. */
  groups: OpenContainer[] | undefined
  /** Behind a token in a string, which may be the end of the call: nothing is written. */
  #isTail = false
  readonly #write: (text: string) => void
  #reported: RepairKind[] | undefined

  constructor(source: ValueSource, ends: ArgumentEnds, write: (text: string) => void) {
    this.source = source
    this.cursor = source.cursor
    this.ends = ends
    this.#write = write
  }

  /** How the text ended; `cut` where the bound of what is held was met. */
  get how(): EndedHow {
    return this.cursor.hasEnded ? this.source.how : 'cut'
  }

  put(text: string): void {
    this.out += this.held + text
    this.held = ''
  }

  /** The same with text of a string. */
  putText(text: string): void {
    this.put(this.as === 'json' || this.as === 'literal' ? escapeJson(text) : text)
  }

  flush(): void {
    if (this.#isTail || this.out === '' || (this.groups?.length && this.out.length <= this.source.maxHeld)) return
    this.groups = undefined
    this.#write(this.out)
    this.out = ''
  }

  /** Each kind once, so that a hostile value cannot make millions of reports. */
  repaired(kind: RepairKind): void {
    if (this.#reported?.includes(kind)) return
    this.#reported = [...(this.#reported ?? []), kind]
    this.source.repaired(kind)
  }

  /** The character that stands here, '' where the text is over. */
  *peek(): Waiting<string> {
    const { cursor } = this
    while (cursor.at === cursor.text.length) {
      if (!cursor.isOver) {
        this.flush()
        yield
      } else if (!this.#leavesTail()) return ''
    }
    return cursor.next
  }

  /** Where no more text can be had: whether there is more behind a token after all, or the cursor is back before it. */
  #leavesTail(): boolean {
    const { cursor } = this
    if (!this.#isTail) return false
    this.#isTail = false
    if (!cursor.hasEnded) {
      cursor.drop()
      return true
    }
    cursor.rewind()
    this.out = ''
    return false
  }

  /** Whether a marker stands here that ends all. */
  *isAtEnd(): Waiting<boolean> {
    const { stopsAt, markers } = this.ends
    if (this.cursor.next === '' || !stopsAt.includes(this.cursor.next)) return false
    this.flush()
    return yield* standsAt(this.cursor, markers)
  }

  *skipsComment(comments: MarkerSet<string>): Waiting<boolean> {
    const { cursor } = this
    this.flush()
    const closer = yield* accept(cursor, comments)
    if (closer === undefined) return false
    if (this.as === 'json') this.repaired('comment')
    for (let last = ''; last !== closer; ) {
      const next = cursor.next || (yield* this.peek())
      // The end of the line stays.
      if (next === '' || next === closer || (yield* this.isAtEnd())) break
      last = (last + next).slice(-2)
      cursor.at++
    }
    return true
  }

  /** Whether round brackets may still group only. It is decided then. */
  decides(container: OpenContainer): boolean {
    if (this.groups?.at(-1) !== container) return false
    this.groups = this.groups.slice(0, -1)
    return true
  }

  /** Takes what the sticky pattern matches as it is, if it does. */
  passes(pattern: RegExp): boolean {
    const { cursor } = this
    pattern.lastIndex = cursor.at
    if (!pattern.test(cursor.text)) return false
    this.put(cursor.text.slice(cursor.at, pattern.lastIndex))
    cursor.at = pattern.lastIndex
    return true
  }

  /** Reads what the sticky pattern matches, little more than `maxHeld` characters at most; `arrived` hears of each part. */
  *readRun(pattern: RegExp, arrived?: (part: string, all: string) => void): Waiting<string> {
    const { cursor } = this
    let all = ''
    for (;;) {
      const { text, at } = cursor
      pattern.lastIndex = at
      pattern.test(text)
      // One beyond the bound, so that what follows begins at the same place however the text is cut.
      cursor.at = Math.min(pattern.lastIndex, at + this.source.maxHeld + 1 - all.length)
      const part = text.slice(at, cursor.at)
      all += part
      arrived?.(part, all)
      if (cursor.at < text.length || cursor.isOver) return all
      this.flush()
      yield
    }
  }

  /** Reads a string of JSON behind its quote, and goes behind it. False where the text ended before. */
  readString(quote: string): Waiting<boolean> {
    return this.readText(quote, () => this.#readEscape(quote), true)
  }

  /** The same with any closer and any escapes; with `hasSimple` the simple ones are those of JSON. */
  *readText(closer: string, readEscape?: () => Waiting<boolean>, hasSimple = false): Waiting<boolean> {
    const { cursor } = this
    const { areTokens, markers } = this.ends
    const first = closer.charAt(0)
    const special = first === '"' && !areTokens ? IN_QUOTES : SPECIAL
    const isToken = (text: string, at: number) => areTokens && markers.findAt(text, at)

    /** Where the next character stands that is more than text. To search for it natively is most of the work. */
    function endOfRun(text: string, from: number): number {
      for (let at = from; ; at++) {
        special.lastIndex = at
        if (!special.test(text)) return text.length
        at = special.lastIndex - 1
        const char = text.charAt(at)
        if (hasSimple && char === '\\' && SIMPLE_ESCAPES.includes(text.charAt(at + 1) || ' ')) at++
        else if (char === first || (char !== "'" && (char !== '<' || isToken(text, at)))) return at
      }
    }

    const takeWhole = (chunk: string) => {
      if (endOfRun(chunk, 0) < chunk.length) return false
      this.#write(this.#decoded(chunk))
      return true
    }

    for (;;) {
      const { text, at } = cursor
      cursor.at = endOfRun(text, at)
      if (cursor.at > at) this.put(this.#decoded(text.slice(at, cursor.at)))
      const char = cursor.next
      if (char === '' && cursor.isOver) {
        if (!this.#leavesTail()) return false
      } else if (char === '') {
        this.flush()
        if (this.out === '' && !cursor.isHolding) cursor.takeWhole = takeWhole
        yield
        cursor.takeWhole = undefined
      } else if (char === first) {
        let matched = 0
        do {
          cursor.at++
          matched++
        } while (matched < closer.length && (yield* this.peek()) === closer[matched])
        if (matched === closer.length) {
          if (this.#isTail) cursor.drop()
          this.#isTail = false
          return true
        }
        this.putText(closer.slice(0, matched))
      } else if (char === '\\' && readEscape) {
        cursor.at++
        if (!(yield* readEscape())) return false
      } else if (char === '<' && (this.#isTail || !cursor.isHolding) && (yield* this.isAtEnd())) {
        // It is data if the string is closed. If the text ends first, the last token ends the call.
        this.#isTail = false
        this.flush()
        cursor.hold()
        this.#isTail = true
        this.put(char)
        cursor.at++
      } else {
        if (this.as === 'json' && char < ' ') this.repaired('control-character')
        this.putText(char)
        cursor.at++
      }
    }
  }

  /** A part of a string of JSON, whose escapes are whole, as it is meant. */
  #decoded(text: string): string {
    return this.as === 'text' && text.includes('\\') ? JSON.parse(`"${text}"`) : text
  }

  /** Reads an escape of JSON behind its backslash. What is none is text, with its backslash. */
  *#readEscape(quote: string): Waiting<boolean> {
    const { cursor } = this
    let written = '\\'
    for (;;) {
      const next = cursor.next || (yield* this.peek())
      if (next === '') return false
      if (!ESCAPE.test(written + next)) {
        if (written + next === `\\${quote}`) {
          this.put(next)
          cursor.at++
          return true
        }
        if (this.as === 'json') this.repaired('escape')
        this.putText(written)
        return true
      }
      written += next
      cursor.at++
      if (written[1] !== 'u' || written.length === 6) {
        this.put(this.#decoded(written))
        return true
      }
    }
  }
}
