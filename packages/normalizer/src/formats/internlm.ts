import type { MarkupFormat, Reading } from '../markup-format.ts'
import { accept, markerSet, skipSpace, type Waiting } from '../markup-lexer.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think } from '../reasoning.ts'

const opener = '<|action_start|>'
const plugins = markerSet('<|plugin|>')
const readCalls = readJsonCalls({ closers: ['<|action_end|>'], next: [opener], areTokens: true })

/** InternLM 2 and 2.5, Intern-S1. */
export const internlm: MarkupFormat = {
  name: 'internlm',
  reasoning: [think],
  openers: [{ text: opener, isToken: true, read }],
  endTokens: ['<|im_end|>', '</s>'],
}

/** Other actions run code: they are text. */
function* read(reading: Reading, text: string): Waiting<boolean> {
  yield* skipSpace(reading.cursor)
  if (!(yield* accept(reading.cursor, plugins))) return reading.cursor.hasEnded
  return yield* readCalls(reading, text)
}
