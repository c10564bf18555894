import type { MarkupFormat, Reading } from '../markup-format.ts'
import { accept, markerSet, peek, readName, skipSpace, type Waiting } from '../markup-lexer.ts'
import { readArguments } from '../read-arguments.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { mistralThink, think } from '../reasoning.ts'

const opener = '[TOOL_CALLS]'
const readList = readJsonCalls({ opens: '[', areTokens: true, idKeys: ['id'], isIdLate: true })
const callIds = markerSet('[CALL_ID]')
const argumentBegins = markerSet('[ARGS]')
// The JSON itself is the end; its brackets are no markers.
const ends = { markers: markerSet(), stopsAt: '' }

/** Mistral and Magistral of all tokenizer versions. Their services accept ids of nine characters only. */
export const mistral: MarkupFormat = {
  name: 'mistral',
  reasoning: [mistralThink, think],
  openers: [{ text: opener, isToken: true, read }],
  endTokens: ['</s>'],
  idLength: 9,
}

/** A list of calls (tokenizers before v11), or one call as name, id and arguments. */
function* read(reading: Reading, text: string): Waiting<boolean> {
  const { cursor } = reading
  yield* skipSpace(cursor)
  if ((yield* peek(cursor)) === '[') return yield* readList(reading, text)
  const name = yield* readName(cursor)
  yield* skipSpace(cursor)
  const id = (yield* accept(cursor, callIds)) ? yield* readName(cursor) : undefined
  yield* skipSpace(cursor)
  const hasBegin = yield* accept(cursor, argumentBegins)
  yield* skipSpace(cursor)
  if (!hasBegin && (yield* peek(cursor)) !== '{') return cursor.hasEnded
  if (reading.startCall({ name, id }) === undefined) return false
  reading.endCall(yield* readArguments(reading, ends))
  return true
}
