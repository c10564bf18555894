import type { Opener, Reading } from './markup-format.ts'
import { accept, markerSet, peek, readName, skipSpace, type Waiting } from './markup-lexer.ts'
import { readArguments, skipSurplus } from './read-arguments.ts'
import { readBlock } from './read-block.ts'

/** All spellings of a token in which services write its `▁`. */
const spell = (token: string) => ['▁', '_', ' ', '\\_'].map((bar) => token.replaceAll('▁', bar))

const begin = [...spell('<｜tool▁calls▁begin｜>'), ...spell('<｜tool▁calls｜>')]
const end = spell('<｜tool▁calls▁end｜>')
const callBegin = spell('<｜tool▁call▁begin｜>')
const callEnd = spell('<｜tool▁call▁end｜>')

const separators = markerSet(...spell('<｜tool▁sep｜>'))
const callEnds = markerSet(...callEnd)
const fences = markerSet('```')
const behindArguments = markerSet('```', ...callEnd, ...callBegin, ...end)
const argumentEnds = { markers: markerSet(...callEnd, ...callBegin, ...end), stopsAt: '<', areTokens: true }

/** DeepSeek R1 writes `function`, a name and fenced JSON, V3.1 a name and JSON; either is read. */
export const deepseekOpeners: readonly Opener[] = [
  ...begin.map((text) => ({
    text,
    isToken: true,
    read: readBlock({ openers: callBegin, closers: end, areTokens: true, read: readCall }),
  })),
  ...callBegin.map((text) => ({ text, isToken: true, read: readCall })),
]

function* readCall(reading: Reading): Waiting<boolean> {
  const { cursor } = reading
  yield* skipSpace(cursor)
  let name = yield* readName(cursor)
  yield* skipSpace(cursor)
  if (!(yield* accept(cursor, separators))) return cursor.hasEnded
  yield* skipSpace(cursor)
  const first = yield* peek(cursor)
  if (first !== '' && !'{"\'<'.includes(first)) {
    name = yield* readName(cursor)
    // Without anything behind it, the name may not be whole.
    if ((yield* peek(cursor)) === '') return cursor.hasEnded
    yield* skipSpace(cursor)
    if (yield* accept(cursor, fences)) yield* readName(cursor)
  }
  if (reading.startCall({ name }) === undefined) return false
  reading.endCall(yield* readArguments(reading, argumentEnds))
  yield* skipSurplus(reading, behindArguments)
  yield* accept(cursor, fences)
  yield* skipSurplus(reading, callEnds)
  yield* accept(cursor, callEnds)
  return true
}
