import type { MarkupFormat } from '../markup-format.ts'
import { readPythonCalls } from '../read-python-calls.ts'

/** Gemma 3, which is asked by its prompt to call tools in a fence. */
export const gemma3: MarkupFormat = {
  name: 'gemma3',
  openers: [{ text: '```tool_code', where: 'line', read: readPythonCalls({ closers: ['```'], mustBeDeclared: true }) }],
  endTokens: ['<end_of_turn>'],
}
