import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think } from '../reasoning.ts'

export const minimaxM1: MarkupFormat = {
  name: 'minimax_m1',
  reasoning: [think],
  openers: [{ text: '<tool_calls>', read: readJsonCalls({ closers: ['</tool_calls>'] }) }],
  ignoresCallsInReasoning: true,
  endTokens: ['[e~['],
}
