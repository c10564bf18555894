import type { MarkupFormat, Opener } from '../markup-format.ts'
import { readBlock } from '../read-block.ts'
import { readPairCalls } from '../read-pair-calls.ts'

const suffixes = ['', ':opensource']

/** Hunyuan V3 and V4. A sibling model puts a suffix to every tag. */
export const hunyuanV3: MarkupFormat = {
  name: 'hunyuan_v3',
  reasoning: suffixes.map((suffix) => ({ opener: `<think${suffix}>`, closer: `</think${suffix}>` })),
  openers: suffixes.map(blockOf),
  endTokens: ['<|hy_eos|>', '<|eos|>', '<|endoftext|>'],
}

function blockOf(suffix: string): Opener {
  const pair = (tag: string) => [`<${tag}${suffix}>`, `</${tag}${suffix}>`] as const
  const [opener, closer] = pair('tool_call')
  const read = readPairCalls({
    opener,
    closer,
    separator: `<tool_sep${suffix}>`,
    key: pair('arg_key'),
    value: pair('arg_value'),
  })
  const [text, end] = pair('tool_calls')
  return { text, read: readBlock({ openers: [opener], closers: [end], read }) }
}
