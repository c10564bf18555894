import type { MarkupFormat } from '../markup-format.ts'
import { functionCalls, readTaggedCalls } from '../read-tagged-calls.ts'
import { think } from '../reasoning.ts'

const read = readTaggedCalls({ ...functionCalls, blockClosers: ['</tool_call>'], frame: ['<tool_call>'] })

/** Qwen3-Coder, Qwen3.5 and later, Step 3.5, Nemotron 3 Nano, MiMo V2. */
export const qwen3Coder: MarkupFormat = {
  name: 'qwen3_coder',
  reasoning: [think],
  openers: [
    { text: '<tool_call>', read },
    { text: '<function=', read },
  ],
  endTokens: ['<|im_end|>', '<|endoftext|>'],
}
