import type { MarkupFormat } from '../markup-format.ts'
import { readTaggedCalls } from '../read-tagged-calls.ts'
import { think } from '../reasoning.ts'

const read = readTaggedCalls({
  call: ['<steptml:invoke'],
  parameter: ['<steptml:parameter'],
  callClosers: ['</steptml:invoke>'],
  valueClosers: ['</steptml:parameter>'],
  blockClosers: ['<｜tool_calls_end｜>'],
  frame: ['<｜tool_call_begin｜>', 'function', '<｜tool_sep｜>', '<｜tool_call_end｜>'],
  isToken: true,
})

export const step3: MarkupFormat = {
  name: 'step3',
  reasoning: [think],
  openers: ['<｜tool_calls_begin｜>', '<｜tool_call_begin｜>'].map((text) => ({ text, isToken: true, read })),
  endTokens: ['<｜end▁of▁sentence｜>'],
}
