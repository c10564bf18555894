import type { MarkupFormat } from '../markup-format.ts'
import { think } from '../reasoning.ts'
import { hermesOpeners } from './hermes.ts'

/** ERNIE 4.5 and X1. */
export const ernie: MarkupFormat = {
  name: 'ernie',
  reasoning: [think],
  wrappers: [['<response>', '</response>']],
  openers: hermesOpeners,
  endTokens: ['</s>', '<|im_end|>'],
}
