import type { MarkupFormat } from '../markup-format.ts'
import { readPythonCalls } from '../read-python-calls.ts'

const closers = ['<|python_end|>']

/** Llama 4 with pythonic calls. */
export const llama4Pythonic: MarkupFormat = {
  name: 'llama4_pythonic',
  openers: [
    { text: '<|python_start|>', isToken: true, read: readPythonCalls({ isList: true, closers }) },
    { text: '[', read: readPythonCalls({ isList: true, isBare: true, closers }) },
  ],
  endTokens: ['<|eot|>', '<|eot_id|>', '<|eom|>', '<|eom_id|>'],
}
