import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think } from '../reasoning.ts'

/** Llama Nemotron and Nemotron Nano 2. */
export const nemotron: MarkupFormat = {
  name: 'nemotron',
  reasoning: [think],
  openers: [{ text: '<TOOLCALL>', read: readJsonCalls({ opens: '[', closers: ['</TOOLCALL>'] }) }],
  endTokens: ['<|eot_id|>', '<SPECIAL_12>'],
}
