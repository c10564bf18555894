import { noEnds, readJson } from './json-value.ts'
import type { CallState } from './markup-event.ts'
import type { Reading } from './markup-format.ts'
import { Cursor, type MarkerSet, peek, skipSpace, standsAt, type Waiting } from './markup-lexer.ts'
import { type ArgumentEnds, ValueStream } from './value-stream.ts'

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
  const first = yield* skipSpace(cursor)
  if (first === '') return 'incomplete'
  if (first === '"' || first === "'") return yield* readEncoded(reading, first, write)
  if (ends.stopsAt.includes(first) && (yield* standsAt(cursor, ends.markers))) return 'complete'
  if (first !== 'n' && first !== 'N') return yield* readJson(reading, ends, write)
  let word = ''
  const state = yield* readJson(reading, ends, (text) => {
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

/** Reads JSON whose text stands in a string. */
function* readEncoded(reading: Reading, quote: string, write: (text: string) => void): Waiting<CallState> {
  const { maxDepth, maxHeld } = reading
  const cursor = new Cursor(Number.POSITIVE_INFINITY)
  const source = { cursor, maxDepth, maxHeld, how: 'stop' as const, repaired: reading.repaired.bind(reading) }
  const decoded = readJson(source, noEnds, write)
  let isEmpty = true
  let state: CallState | undefined
  const encoded = new ValueStream(reading, noEnds, (text) => {
    isEmpty &&= text.trim() === ''
    if (state) return
    cursor.feed(text)
    state = decoded.next().value
  })
  reading.repaired('encoded-arguments')
  reading.cursor.at++
  encoded.as = 'text'
  const isWhole = yield* encoded.readString(quote)
  encoded.flush()
  if (isEmpty) return isWhole ? 'complete' : 'incomplete'
  if (state || !isWhole) return state ?? 'incomplete'
  cursor.finish()
  state = decoded.next().value
  return state === 'incomplete' ? 'invalid' : (state ?? 'invalid')
}
