import type { MarkupFormat } from '../markup-format.ts'
import { readPythonCalls } from '../read-python-calls.ts'
import { think } from '../reasoning.ts'

export { gemma3 } from './gemma3.ts'
export { lfm2 } from './lfm2.ts'
export { llama4Pythonic } from './llama4-pythonic.ts'
export { olmo3 } from './olmo3.ts'

/** Llama 3.2 with pythonic calls, ToolACE, and distilled models of DeepSeek-R1. */
export const pythonic: MarkupFormat = {
  name: 'pythonic',
  reasoning: [think],
  openers: [{ text: '[', read: readPythonCalls({ isList: true, isBare: true, closers: [] }) }],
  endTokens: ['<|eot_id|>', '<|eom_id|>', '<|im_end|>', '<｜end▁of▁sentence｜>'],
}
