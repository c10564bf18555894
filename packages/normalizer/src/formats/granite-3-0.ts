import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'

export const granite30: MarkupFormat = {
  name: 'granite_3_0',
  openers: [{ text: '<|tool_call|>', isToken: true, read: readJsonCalls({ opens: '[', areTokens: true }) }],
  endTokens: ['<|end_of_text|>'],
}
