import type { MarkupFormat } from '../markup-format.ts'
import { invokeCalls, readTaggedCalls } from '../read-tagged-calls.ts'
import { thinking } from '../reasoning.ts'

/** Models that are asked for the XML in which Claude was once given tools. */
export const anthropicXml: MarkupFormat = {
  name: 'anthropic_xml',
  reasoning: [thinking],
  openers: [
    { text: '<function_calls>', read: readTaggedCalls({ ...invokeCalls, blockClosers: ['</function_calls>'] }) },
  ],
}
