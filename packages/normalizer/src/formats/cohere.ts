import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { cohereThink } from '../reasoning.ts'

/** Command R7B, A and A+. */
export const cohere: MarkupFormat = {
  name: 'cohere',
  reasoning: [cohereThink],
  openers: [
    {
      text: '<|START_ACTION|>',
      isToken: true,
      read: readJsonCalls({
        closers: ['<|END_ACTION|>'],
        areTokens: true,
        nameKeys: ['tool_name'],
        idKeys: ['tool_call_id'],
      }),
    },
  ],
  wrappers: [
    ['<|START_RESPONSE|>', '<|END_RESPONSE|>'],
    ['<|START_TEXT|>', '<|END_TEXT|>'],
  ],
  endTokens: ['<|END_OF_TURN_TOKEN|>'],
}
