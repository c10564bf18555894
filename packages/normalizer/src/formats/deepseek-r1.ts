import type { MarkupFormat } from '../markup-format.ts'
import { deepseekOpeners } from '../read-deepseek-calls.ts'
import { think } from '../reasoning.ts'

/** DeepSeek R1 and V3, up to R1-0528 and V3-0324. */
export const deepseekR1: MarkupFormat = {
  name: 'deepseek_r1',
  reasoning: [think],
  openers: deepseekOpeners,
  endTokens: ['<｜end▁of▁sentence｜>'],
}
