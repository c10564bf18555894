import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'

/** Granite 3.1 and 3.2. */
export const granite31: MarkupFormat = {
  name: 'granite_3_1',
  reasoning: ['Here is my', "Here's my"].map((begin) => ({
    opener: `${begin} thought process:`,
    closer: `${begin} response:`,
  })),
  openers: [{ text: '<tool_call>', read: readJsonCalls({ opens: '[' }) }],
  endTokens: ['<|end_of_text|>'],
}
