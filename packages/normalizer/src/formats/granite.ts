import type { MarkupFormat } from '../markup-format.ts'
import { think } from '../reasoning.ts'
import { hermesOpeners } from './hermes.ts'

/** Granite 4, and the reasoning of 3.3. */
export const granite: MarkupFormat = {
  name: 'granite',
  reasoning: [think],
  wrappers: [['<response>', '</response>']],
  openers: hermesOpeners,
  endTokens: ['<|end_of_text|>'],
}
