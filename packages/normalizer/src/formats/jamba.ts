import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'

export const jamba: MarkupFormat = {
  name: 'jamba',
  openers: [{ text: '<tool_calls>', read: readJsonCalls({ closers: ['</tool_calls>'] }) }],
  endTokens: ['<|eom|>', '<|endoftext|>'],
}
