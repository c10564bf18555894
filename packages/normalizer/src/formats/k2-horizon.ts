import type { MarkupFormat } from '../markup-format.ts'
import { readBlock, readByFirst } from '../read-block.ts'
import { readJsonCalls } from '../read-json-calls.ts'
import { readPairCalls } from '../read-pair-calls.ts'
import { horizonThink } from '../reasoning.ts'

const opener = '<ifm|tool_call>'
const closer = '</ifm|tool_call>'
const read = readByFirst({
  json: readJsonCalls({ closers: [closer], next: [opener] }),
  text: readPairCalls({
    opener,
    closer,
    key: ['<ifm|arg_key>', '</ifm|arg_key>'],
    value: ['<ifm|arg_value>', '</ifm|arg_value>'],
    type: ['<ifm|arg_type>', '</ifm|arg_type>'],
  }),
})

export const k2Horizon: MarkupFormat = {
  name: 'k2_horizon',
  reasoning: horizonThink,
  openers: [
    {
      text: '<ifm|tool_calls>',
      isToken: true,
      read: readBlock({ openers: [opener], closers: ['</ifm|tool_calls>'], areTokens: true, read }),
    },
    { text: opener, isToken: true, read },
  ],
  endTokens: ['<|endoftext|>'],
}
