import type { MarkupFormat } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { longcatThink } from '../reasoning.ts'

const opener = '<longcat_tool_call>'

export const longcat: MarkupFormat = {
  name: 'longcat',
  reasoning: [longcatThink],
  openers: [
    {
      text: opener,
      isToken: true,
      read: readJsonCalls({ closers: ['</longcat_tool_call>'], next: [opener], areTokens: true }),
    },
  ],
  endTokens: ['</longcat_s>'],
}
