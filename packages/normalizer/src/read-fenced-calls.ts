import type { Reading } from './markup-format.ts'
import { accept, markerSet, skipSpace, type Waiting } from './markup-lexer.ts'
import { readJsonCalls } from './read-json-calls.ts'

const languages = markerSet('json', 'JSON')
const readCalls = readJsonCalls({ closers: ['```'], isBare: true })

/** A code fence with calls as JSON and nothing else in it. It is code, unless its tools are declared. */
export function* readFencedCalls(reading: Reading): Waiting<boolean> {
  if (reading.isInCode) return false
  yield* accept(reading.cursor, languages)
  yield* skipSpace(reading.cursor)
  return yield* readCalls(reading, '')
}
