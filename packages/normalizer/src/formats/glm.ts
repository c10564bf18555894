import type { MarkupFormat } from '../markup-format.ts'
import { readPairCalls } from '../read-pair-calls.ts'
import { think } from '../reasoning.ts'

/** GLM-4.5, 4.6, 4.7 and 5, Ling 3. */
export const glm: MarkupFormat = {
  name: 'glm',
  reasoning: [think],
  openers: [
    {
      text: '<tool_call>',
      read: readPairCalls({
        opener: '<tool_call>',
        closer: '</tool_call>',
        key: ['<arg_key>', '</arg_key>'],
        value: ['<arg_value>', '</arg_value>'],
      }),
    },
  ],
  endTokens: ['<|user|>', '<|observation|>', '<|endoftext|>', '<|role_end|>'],
}
