import { escapeJson } from './json-string.ts'
import type { CallState, EndedHow, RepairKind } from './markup-event.ts'
import type { Reading } from './markup-format.ts'
import { accept, type Cursor, isSpace, type MarkerSet, standsAt, type Waiting } from './markup-lexer.ts'

/** What ends arguments that did not end themselves. */
export interface ArgumentEnds {
  readonly markers: MarkerSet<string>
  /** First characters of the markers. */
  readonly stopsAt: string
  /** The markers are special tokens in `<`: in a string that is never closed, the last of them ends the call. */
  readonly areTokens?: boolean
}

export type ValueSource = Pick<Reading, 'cursor' | 'maxDepth' | 'maxHeld' | 'how' | 'repaired'>

/** How values look that are built of objects and lists as those of JSON are. */
export interface Syntax {
  /** White space stays, commas may lack, and what is mended is told. */
  readonly isJson?: boolean
  /** The openers of containers. Round brackets with a comma in them are a list. */
  readonly brackets: string
  /** What comments begin with, and what ends them. */
  readonly comments: MarkerSet<string>
  /** Keys and values that stay as they are, if all of them is there with what follows: most of JSON. */
  readonly plain?: RegExp
  /** A value outside of brackets goes up to one of these. */
  readonly followers?: string
  /**
   * Reads a string, word or number, keys as strings. False where the text ended in it, undefined where none stands here;
   * then what was read is left in `held`.
   */
  readScalar(value: ValueStream, first: string, isKey: boolean): Waiting<boolean | undefined>
}

// In a string: what may end it, begin an escape or a token, or must be escaped in JSON. Written as all but the others.
const SPECIAL = /[^ !#-&(-;=-[\]-\uffff]/g
/** The same in most strings, between `"` and without tokens. */
const IN_QUOTES = /[^ !#-[\]-\uffff]/g
const SIMPLE_ESCAPES = '"\\/bfnrt'
const ESCAPE = /^\\(?:["\\/bfnrt]|u[\da-fA-F]{0,4})$/
/** What may begin a member of JSON. */
const MEMBER_START = /["'{[(\w$+.\u0080-\uffff-]/

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

// What may come next.
const VALUE = 0
const FIRST = 1 // behind an opener
const COLON = 2
const AFTER = 3 // behind a value
const COMMA = 4
const SCALAR = 5

/** The place of round brackets among those of a syntax. */
const ROUND = 2

interface OpenContainer {
  readonly closer: string
  /** The place of its opener in what waits. */
  readonly from: number
}

/**
 * Reads one value and writes it as JSON, as soon as it is certain. `complete`: it ended with its last bracket or quote,
 * before what cannot belong to it, or at an end that came when only closers were missing.
 *
 * What cannot be read makes it `invalid`: from there on its text comes out as it is, up to where its brackets balance,
 * or outside of brackets before `,`, `]` and `}`. Of a value that is `incomplete` what is held is left out.
 */
export function* readValue(value: ValueStream, syntax: Syntax): Waiting<CallState> {
  const { cursor, source } = value
  const { isJson = false, brackets, comments, followers, plain } = syntax
  const open: OpenContainer[] = []
  let state = VALUE
  let hasNewline = false
  value.as = isJson ? 'json' : 'literal'

  function close(container: OpenContainer): void {
    open.pop()
    if (state === COMMA) {
      if (isJson) value.repaired('trailing-comma')
      value.out += value.held.slice(1)
      value.held = ''
    }
    if (container.closer === ')') value.flush()
    if (value.decides(container) && state === AFTER) {
      value.out = value.out.slice(0, container.from) + value.out.slice(container.from + 1)
    } else value.put(container.closer === '}' ? '}' : ']')
    state = AFTER
    hasNewline = false
  }

  /** No more will come. Closers are added only where nothing else is missing. */
  function finish(how: EndedHow, otherwise: CallState): CallState {
    const isWhole = how === 'stop' && (state === AFTER || (state === COMMA && value.held !== ''))
    const isOpen = open.length > 0
    if (isWhole) for (let last = open.at(-1); last; last = open.at(-1)) close(last)
    if (isWhole && isOpen) value.repaired('missing-closer')
    value.groups = undefined
    value.flush()
    return isWhole ? 'complete' : otherwise
  }

  for (;;) {
    const container = open.at(-1)
    if (state === AFTER && !container && !followers) return finish('stop', 'complete')
    const from = cursor.at
    while (isSpace(cursor.text.charCodeAt(cursor.at))) cursor.at++
    if (isJson && container && cursor.at > from) {
      const space = cursor.text.slice(from, cursor.at)
      hasNewline ||= space.includes('\n')
      if (value.held === '') value.out += space
      else value.held += space
      if (value.held.length > source.maxHeld) value.put('')
    }
    const char = cursor.next
    if ((char === '/' || char === '#') && (yield* value.skipsComment(comments))) continue
    if (char === '') {
      if (cursor.isOver) return finish(value.how, 'incomplete')
      value.flush()
      yield
    } else if (char === ',' && state === AFTER && container) {
      value.decides(container)
      value.held = ','
      state = COMMA
      cursor.at++
    } else if (char === ':' && state === COLON) {
      value.put(':')
      state = VALUE
      cursor.at++
    } else if (char === container?.closer && (state === FIRST || state === AFTER || value.held !== '')) {
      cursor.at++
      close(container)
    } else if (state === AFTER && followers?.includes(char) && !container) {
      return finish('stop', 'complete')
    } else if (value.ends.stopsAt.includes(char) && (yield* value.isAtEnd())) {
      return finish('stop', 'invalid')
    } else {
      if (isJson && hasNewline && state === AFTER && MEMBER_START.test(char)) {
        value.repaired('missing-comma')
        value.held = ','
        state = COMMA
      }
      const isKey = container?.closer === '}' && state !== VALUE
      const bracket = brackets.indexOf(char)
      let read: boolean | undefined
      if (state === AFTER || state === COLON) read = undefined
      else if (bracket < 0) {
        state = SCALAR
        read =
          plain && (!isKey || char === '"') && value.passes(plain) ? true : yield* syntax.readScalar(value, char, isKey)
        if (read) state = isKey ? COLON : AFTER
        hasNewline = false
      } else if (!isKey && open.length < source.maxDepth) {
        if (bracket === ROUND) value.flush()
        value.put('')
        const opened = { closer: '}])'.charAt(bracket), from: value.out.length }
        open.push(opened)
        if (bracket === ROUND) {
          if (isJson) value.repaired('literal')
          else value.groups = [...(value.groups ?? []), opened]
        }
        value.put(bracket === 0 ? '{' : '[')
        state = FIRST
        cursor.at++
        read = true
      }
      if (read === false) return finish('cut', 'incomplete')
      if (read) continue
      if (yield* value.isAtEnd()) return finish('cut', 'invalid')
      return finish('cut', yield* readRaw(value, open.length, syntax))
    }
  }
}

function* readRaw(value: ValueStream, openCount: number, { isJson }: Syntax): Waiting<CallState> {
  const { cursor, ends } = value
  const [openers, closers, quotes] = isJson ? ['{[', '}]', '"'] : ['{[(', '}])', '"\'']
  let depth = openCount
  value.put('')
  value.groups = undefined
  value.as = 'raw'
  /** What was read from here on is not put yet: character by character it would be a rope. */
  let from = cursor.at
  const settle = () => value.put(cursor.text.slice(from, cursor.at))
  for (;;) {
    let char = cursor.next
    if (char === '') {
      settle()
      char = yield* value.peek()
      if (char === '') return 'incomplete'
      from = cursor.at
    }
    const isCloser = closers.includes(char)
    if (depth === 0 && (isCloser || char === ',')) break
    if (ends.stopsAt.includes(char)) {
      settle()
      if (yield* value.isAtEnd()) return 'invalid'
      from = cursor.at
    }
    cursor.at++
    if (openers.includes(char)) depth++
    else if (isCloser && --depth === 0 && openCount > 0) break
    else if (quotes.includes(char)) {
      settle()
      if (!(yield* value.readText(char, passEscape))) return 'incomplete'
      value.put(char)
      from = cursor.at
    }
  }
  settle()
  return 'invalid'

  function* passEscape(): Waiting<boolean> {
    value.put('\\')
    const next = yield* value.peek()
    value.put(next)
    cursor.at += next.length
    return next !== ''
  }
}
