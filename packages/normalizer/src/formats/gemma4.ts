import type { MarkupFormat } from '../markup-format.ts'
import { readGemmaCall } from '../read-gemma-calls.ts'

/** Gemma 4. */
export const gemma4: MarkupFormat = {
  name: 'gemma4',
  reasoning: [{ opener: '<|channel>thought', closer: '<channel|>', isToken: true }],
  openers: [{ text: '<|tool_call>', isToken: true, read: readGemmaCall('<|"|>', '<tool_call|>') }],
  endTokens: ['<turn|>', '<eos>'],
}
