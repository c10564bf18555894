import type { MarkupFormat } from '../markup-format.ts'
import { readPythonCalls } from '../read-python-calls.ts'
import { think } from '../reasoning.ts'

/** OLMo 3. */
export const olmo3: MarkupFormat = {
  name: 'olmo3',
  reasoning: [think],
  openers: [{ text: '<function_calls>', read: readPythonCalls({ closers: ['</function_calls>'] }) }],
  endTokens: ['<|im_end|>', '<|endoftext|>'],
}
