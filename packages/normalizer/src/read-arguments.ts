import { EncodedText } from './json-string.ts'
import { JsonValue } from './json-value.ts'
import type { CallState } from './markup-event.ts'
import type { Reading } from './markup-format.ts'
import { type Cursor, type MarkerSet, peek, skipSpace, standsAt, type Waiting } from './markup-lexer.ts'

/** What ends arguments that did not end themselves. */
export interface ArgumentEnds {
  readonly markers: MarkerSet<string>
  /** First characters of the markers. */
  readonly stopsAt: string
  /** The markers are special tokens: in a string that is never closed, the last of them ends the call. */
  readonly areTokens?: boolean
}

/**
 * Reads the JSON arguments of a call, and goes behind them. An object, or an object encoded in a string; nothing or
 * `null` is a call without arguments. What is written are the repaired arguments as far as they came.
 */
export function* readArguments(
  reading: Reading,
  ends: ArgumentEnds,
  write: (text: string) => void = (text) => reading.arguments(text),
): Waiting<CallState> {
  const { cursor } = reading
  yield* skipSpace(cursor)
  const first = yield* peek(cursor)
  if (first === '') return 'incomplete'
  if (first === '"' || first === "'") return yield* readEncoded(reading, write)
  if (ends.stopsAt.includes(first) && (yield* standsAt(cursor, ends.markers))) return 'complete'
  if (first !== 'n' && first !== 'N') return yield* readValue(reading, ends, write)
  let word = ''
  const state = yield* readValue(reading, ends, (text) => {
    word += text
  })
  if (word !== 'null') write(word)
  return state
}

/** Goes over white space and surplus closers of JSON, if one of the markers follows. */
export function* skipSurplus(reading: Reading, markers: MarkerSet<unknown>): Waiting<void> {
  const { cursor } = reading
  let hasSurplus = false
  cursor.hold()
  yield* skipSpace(cursor)
  while ('}]'.includes((yield* peek(cursor)) || ' ')) {
    hasSurplus = true
    cursor.at++
    yield* skipSpace(cursor)
  }
  if (yield* standsAt(cursor, markers)) {
    cursor.drop()
    if (hasSurplus) reading.repaired('surplus-closer')
  } else cursor.rewind()
}

/** Reads one JSON value of any type. */
export function* readValue(
  reading: Reading,
  { markers, stopsAt, areTokens = false }: ArgumentEnds,
  write: (text: string) => void,
): Waiting<CallState> {
  const { cursor, maxDepth, maxHeld } = reading
  const value = new JsonValue({ maxDepth, maxHeld, stopsAt, repaired: (kind) => reading.repaired(kind) })
  let isThrough = false
  // Where the next token stands, or may begin: searched for once, not again for each character that could begin one.
  let found = -1
  let isWhole = false
  for (;;) {
    const { text } = cursor
    const from = cursor.at + (isThrough ? 1 : 0)
    if (areTokens && found < from) {
      found = markers.find(text, from) ? markers.index : text.length
      isWhole = markers.value !== undefined
    }
    // A token may turn out to end the call even inside of a string, so no further than that.
    const limit = areTokens ? found : text.length
    const isToken = limit < text.length && isWhole
    cursor.at = value.push(limit < text.length ? text.slice(0, limit) : text, cursor.at, isThrough)
    isThrough = false
    write(value.take())
    if (value.isDone) return value.isInvalid ? 'invalid' : 'complete'
    if (cursor.at < limit || (isToken && !value.isInString)) {
      if (yield* standsAt(cursor, markers)) {
        write(value.end('stop'))
        return value.isDone && !value.isInvalid ? 'complete' : 'invalid'
      }
      isThrough = true
      if (cursor.text !== text) found = -1
    } else if (isToken && !cursor.isHolding) {
      if (!(yield* readTail(cursor, value, markers, write))) return 'incomplete'
      found = -1
    } else if (!cursor.isOver) {
      yield
      found = -1
    } else if (cursor.at < text.length) isThrough = true
    else {
      write(value.end(cursor.hasEnded ? reading.how : 'cut'))
      return value.isDone ? 'complete' : 'incomplete'
    }
  }
}

/**
 * At a token inside of a string: what follows is data if the string is closed, and true is returned. If the text ends
 * first, the last token ends the call: the cursor goes there.
 */
function* readTail(
  cursor: Cursor,
  value: JsonValue,
  markers: MarkerSet<string>,
  write: (text: string) => void,
): Waiting<boolean> {
  let waiting = ''
  const read = (end: number) => {
    cursor.at = value.push(end < cursor.text.length ? cursor.text.slice(0, end) : cursor.text, cursor.at)
    waiting += value.take()
  }
  // Where the next token stands, or may begin: searched for once, not again behind each quote before it.
  let found = -1
  let length = 0
  for (;;) {
    const { text } = cursor
    const quote = endOfQuote(text, cursor.at)
    if (found < cursor.at) {
      found = markers.find(text, cursor.at) ? markers.index : text.length
      length = markers.value === undefined ? 0 : markers.text.length
    }
    if (length > 0 && found < quote) {
      read(found)
      write(waiting)
      waiting = ''
      cursor.hold()
      read(cursor.at + length)
      found = -1
      continue
    }
    read(Math.min(quote, found))
    if (!value.isInString) break
    if (quote <= found && quote < text.length) continue
    if (cursor.hasEnded) {
      cursor.rewind()
      return false
    }
    if (cursor.isOver) break
    yield
    found = -1
  }
  cursor.drop()
  write(waiting)
  return true
}

/** Behind the next quote. */
function endOfQuote(text: string, from: number): number {
  QUOTE.lastIndex = from
  return QUOTE.test(text) ? QUOTE.lastIndex : text.length
}

const QUOTE = /["']/g

function* readEncoded(reading: Reading, write: (text: string) => void): Waiting<CallState> {
  const { cursor, maxDepth, maxHeld } = reading
  const outer = new EncodedText()
  const value = new JsonValue({ maxDepth, maxHeld, repaired: (kind) => reading.repaired(kind) })
  let isEmpty = true
  reading.repaired('encoded-arguments')
  for (;;) {
    cursor.at = outer.push(cursor.text, cursor.at)
    const text = outer.take()
    if (text.trim() !== '') isEmpty = false
    value.push(text, 0)
    write(value.take())
    if (outer.isDone || cursor.isOver) break
    yield
  }
  if (isEmpty || value.isDone) return value.isInvalid ? 'invalid' : outer.isDone || !isEmpty ? 'complete' : 'incomplete'
  write(value.end(outer.isDone ? 'stop' : 'cut'))
  if (!outer.isDone) return 'incomplete'
  return value.isDone && !value.isInvalid ? 'complete' : 'invalid'
}
