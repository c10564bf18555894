import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { thinking } from '../reasoning.ts'

/** Apriel 1.5 and 1.6, and older builds. */
export const apriel: MarkupFormat = {
  name: 'apriel',
  reasoning: [{ opener: 'Here are my reasoning steps:', closer: '[BEGIN FINAL RESPONSE]' }, thinking],
  openers: [
    { text: '<tool_calls>', read: readJsonCalls({ closers: ['</tool_calls>'], idKeys: ['id'], isIdLate: true }) },
  ],
  endTokens: ['[END FINAL RESPONSE]', '<|end|>'],
}
