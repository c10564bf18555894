import type { MarkupFormat } from '../markup-format.ts'
import { readFencedCalls } from '../read-fenced-calls.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think } from '../reasoning.ts'
import { hermesOpeners } from './hermes.ts'

/** xLAM: a list of calls, bare, fenced, or behind the marker of another family. */
export const xlam: MarkupFormat = {
  name: 'xlam',
  reasoning: [think],
  openers: [
    { text: '[', where: 'start', read: readJsonCalls({ opens: '[', isBare: true }) },
    { text: '```', where: 'line', read: readFencedCalls },
    { text: '[TOOL_CALLS]', isToken: true, read: readJsonCalls({ opens: '[', areTokens: true }) },
    ...hermesOpeners,
  ],
  endTokens: ['<|im_end|>', '<|eot_id|>', '<|endoftext|>'],
}
