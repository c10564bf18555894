import type { MarkupFormat } from '../markup-format.ts'
import { readGemmaCall } from '../read-gemma-calls.ts'

/** FunctionGemma. */
export const functionGemma: MarkupFormat = {
  name: 'function_gemma',
  openers: [{ text: '<start_function_call>', isToken: true, read: readGemmaCall('<escape>', '<end_function_call>') }],
  endTokens: ['<end_of_turn>', '<eos>'],
}
