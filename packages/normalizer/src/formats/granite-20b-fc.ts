import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'

export const granite20bFc: MarkupFormat = {
  name: 'granite_20b_fc',
  openers: [{ text: '<function_call>', read: readJsonCalls({ opens: '{' }) }],
  endTokens: ['<|endoftext|>'],
}
