import type { MarkupFormat } from '../markup-format.ts'
import { deepseekOpeners } from '../read-deepseek-calls.ts'
import { think } from '../reasoning.ts'

/** DeepSeek V3.1, V3.1-Terminus, V3.2-Exp. */
export const deepseekV31: MarkupFormat = {
  name: 'deepseek_v3_1',
  reasoning: [think],
  openers: deepseekOpeners,
  endTokens: ['<｜end▁of▁sentence｜>'],
}
