import { GemmaValue } from './gemma-value.ts'
import type { Reader } from './markup-format.ts'
import { accept, markerSet, peek, skipSpace } from './markup-lexer.ts'
import { skipSurplus } from './read-arguments.ts'
import { readLiteral, readName } from './read-literal.ts'

const prefixes = markerSet('call:')

/** Reads a call as Gemma writes it: `call:NAME{…}`, strings between delimiters. */
export function readGemmaCall(delimiter: string, closer: string): Reader {
  const closers = markerSet(closer)
  return function* (reading) {
    const { cursor, maxDepth, maxHeld } = reading
    yield* skipSpace(cursor)
    if (!(yield* accept(cursor, prefixes))) return cursor.hasEnded
    yield* skipSpace(cursor)
    const name = yield* readName(cursor)
    yield* skipSpace(cursor)
    if ((yield* peek(cursor)) !== '{') return cursor.hasEnded
    if (reading.startCall({ name }) === undefined) return false
    const repaired = reading.repaired.bind(reading)
    const value = new GemmaValue({ delimiter, maxDepth, maxHeld, repaired, stopsAt: '<' })
    const state = yield* readLiteral(reading, value, (text) => reading.arguments(text), closers)
    reading.endCall(state)
    yield* skipSurplus(reading, closers)
    yield* accept(cursor, closers)
    return true
  }
}
