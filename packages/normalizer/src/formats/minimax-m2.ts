import type { MarkupFormat } from '../markup-format.ts'
import { invokeCalls, readTaggedCalls } from '../read-tagged-calls.ts'
import { think } from '../reasoning.ts'

/** MiniMax M2, M2.1 and M2.5. */
export const minimaxM2: MarkupFormat = {
  name: 'minimax_m2',
  reasoning: [think],
  openers: [
    {
      text: '<minimax:tool_call>',
      isToken: true,
      read: readTaggedCalls({ ...invokeCalls, blockClosers: ['</minimax:tool_call>'], isToken: true }),
    },
  ],
  endTokens: ['[e~['],
}
