import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'

export const phi4Mini: MarkupFormat = {
  name: 'phi4_mini',
  openers: [{ text: 'functools', read: readJsonCalls({ opens: '[' }) }],
  endTokens: ['<|end|>', '<|endoftext|>'],
}
