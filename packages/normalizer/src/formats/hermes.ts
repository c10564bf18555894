import type { MarkupFormat, Opener } from '../markup-format.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { think } from '../reasoning.ts'

/** Many families write their calls so. */
export const hermesOpeners: readonly Opener[] = [
  { text: '<tool_call>', read: readJsonCalls({ closers: ['</tool_call>'], next: ['<tool_call>'] }) },
]

/** Hermes 2 and 3, Qwen 2.5, QwQ and Qwen3, Granite 4, EXAONE, MiMo, Ling 2, and many fine-tuned models. */
export const hermes: MarkupFormat = {
  name: 'hermes',
  reasoning: [think],
  openers: hermesOpeners,
  endTokens: ['<|im_end|>', '<|endoftext|>', '</s>'],
}
