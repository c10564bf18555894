import type { CallState, EndedHow } from './markup-event.ts'
import { isSpace, type MarkerSet, type Waiting } from './markup-lexer.ts'
import type { OpenContainer, ValueStream } from './value-stream.ts'

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

/** What may begin a member of JSON. */
const MEMBER_START = /["'{[(\w$+.\u0080-\uffff-]/

// What may come next.
const VALUE = 0
const FIRST = 1 // behind an opener
const COLON = 2
const AFTER = 3 // behind a value
const COMMA = 4
const SCALAR = 5

/** The place of round brackets among those of a syntax. */
const ROUND = 2

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
