import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { apertusThink } from '../reasoning.ts'

export const apertus: MarkupFormat = {
  name: 'apertus',
  reasoning: [apertusThink],
  openers: [
    {
      text: '<|tools_prefix|>',
      isToken: true,
      read: readJsonCalls({ opens: '[', closers: ['<|tools_suffix|>'], areTokens: true, isKeyName: true }),
    },
  ],
  endTokens: ['<|assistant_end|>', '</s>'],
}
