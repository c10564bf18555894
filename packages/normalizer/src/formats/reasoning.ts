import type { MarkupFormat } from '../markup-format.ts'
import { everyReasoning } from '../reasoning.ts'

/** The reasoning tags of all families; calls stay text. */
export const reasoning: MarkupFormat = { name: 'reasoning', reasoning: everyReasoning }
