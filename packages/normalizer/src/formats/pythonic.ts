import type { MarkupFormat } from '../markup-format.ts'
import { readPythonCalls } from '../read-python-calls.ts'
import { think } from '../reasoning.ts'

/** Llama 3.2 with pythonic calls, ToolACE, and distilled models of DeepSeek-R1. */
export const pythonic: MarkupFormat = {
  name: 'pythonic',
  reasoning: [think],
  openers: [{ text: '[', read: readPythonCalls({ isList: true, isBare: true, closers: [] }) }],
  endTokens: ['<|eot_id|>', '<|eom_id|>', '<|im_end|>', '<｜end▁of▁sentence｜>'],
}
