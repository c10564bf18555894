import type { MarkupFormat } from '../markup-format.ts'
import { think } from '../reasoning.ts'
import { promptedOpeners } from './prompted.ts'

/** K2-Think. It has no calls of its own: they are asked for by prompt. */
export const k2Think: MarkupFormat = {
  name: 'k2_think',
  reasoning: [think],
  wrappers: [['<answer>', '</answer>']],
  openers: promptedOpeners,
  endTokens: ['<|im_end|>'],
}
