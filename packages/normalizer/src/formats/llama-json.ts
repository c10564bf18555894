import type { MarkupFormat } from '../markup-format.ts'
import { readByFirst } from '../read-block.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { readPythonCalls } from '../read-python-calls.ts'

/** Llama 3.1, 3.2, 3.3 and 4 with calls as JSON. */
export const llamaJson: MarkupFormat = {
  name: 'llama_json',
  openers: [
    {
      text: '<|python_tag|>',
      isToken: true,
      read: readByFirst({
        json: readJsonCalls({ areTokens: true }),
        text: readPythonCalls({ closers: [], suffix: '.call' }),
      }),
    },
    { text: '{', where: 'start', read: readJsonCalls({ isBare: true }) },
  ],
  endTokens: ['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>'],
}
