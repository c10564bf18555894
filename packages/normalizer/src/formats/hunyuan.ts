import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think } from '../reasoning.ts'

/** Hunyuan A13B. */
export const hunyuan: MarkupFormat = {
  name: 'hunyuan',
  reasoning: [think],
  wrappers: [['<answer>', '</answer>']],
  openers: [{ text: '<tool_calls>', read: readJsonCalls({ closers: ['</tool_calls>'] }) }],
  endTokens: ['<|eos|>', '<|endoftext|>'],
}
