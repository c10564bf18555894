import type { MarkupFormat } from '../markup-format.ts'
import { functionCalls, readTaggedCalls } from '../read-tagged-calls.ts'
import { seedThink } from '../reasoning.ts'

export const seedOss: MarkupFormat = {
  name: 'seed_oss',
  reasoning: [seedThink],
  openers: [
    {
      text: '<seed:tool_call>',
      isToken: true,
      read: readTaggedCalls({ ...functionCalls, blockClosers: ['</seed:tool_call>'], isToken: true }),
    },
  ],
  endTokens: ['<seed:eos>'],
}
