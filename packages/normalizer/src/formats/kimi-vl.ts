import type { MarkupFormat } from '../markup-format.ts'
import { kimiVlThink } from '../reasoning.ts'

/** Kimi-VL and the first reasoning models of Kimi. */
export const kimiVl: MarkupFormat = {
  name: 'kimi_vl',
  reasoning: [kimiVlThink],
  endTokens: ['<|im_end|>', '[EOS]'],
}
