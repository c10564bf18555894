import { gemmaReader } from './gemma-value.ts'
import type { Reader } from './markup-format.ts'
import { accept, markerSet, peek, skipSpace } from './markup-lexer.ts'
import { skipSurplus } from './read-arguments.ts'
import { readDottedName } from './read-dotted-name.ts'

const prefixes = markerSet('call:')

/** Reads a call as Gemma writes it: `call:NAME{…}`, strings between delimiters. */
export function readGemmaCall(delimiter: string, closer: string): Reader {
  const closers = markerSet(closer)
  const readValue = gemmaReader(delimiter)
  return function* (reading) {
    const { cursor } = reading
    yield* skipSpace(cursor)
    if (!(yield* accept(cursor, prefixes))) return cursor.hasEnded
    yield* skipSpace(cursor)
    const name = yield* readDottedName(cursor)
    yield* skipSpace(cursor)
    if ((yield* peek(cursor)) !== '{') return cursor.hasEnded
    if (reading.startCall({ name }) === undefined) return false
    const ends = { markers: closers, stopsAt: '<' }
    reading.endCall(yield* readValue(reading, ends, (text) => reading.arguments(text)))
    yield* skipSurplus(reading, closers)
    yield* accept(cursor, closers)
    return true
  }
}
