import type { MarkupFormat, Reading } from '../markup-format.ts'
import { peek, skipSpace, type Waiting } from '../markup-lexer.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { readPythonCalls } from '../read-python-calls.ts'
import { think } from '../reasoning.ts'

const closers = ['<|tool_call_end|>']
const readPython = readPythonCalls({ isList: true, closers })
const readJson = readJsonCalls({ closers, areTokens: true })

/** LFM2 and its successors. */
export const lfm2: MarkupFormat = {
  name: 'lfm2',
  reasoning: [think],
  openers: [{ text: '<|tool_call_start|>', isToken: true, read: readCalls }],
  endTokens: ['<|im_end|>'],
}

/** The system prompt decides whether the model writes its calls in Python or in JSON. */
function* readCalls(reading: Reading, opener: string): Waiting<boolean> {
  const { cursor } = reading
  yield* skipSpace(cursor)
  let first = yield* peek(cursor)
  if (first === '[') {
    cursor.at++
    yield* skipSpace(cursor)
    first = yield* peek(cursor)
  }
  cursor.rewind()
  cursor.hold()
  cursor.at += opener.length
  return yield* (first === '{' ? readJson : readPython)(reading, opener)
}
