import type { MarkupFormat, Opener } from '../markup-format.ts'
import { attributeOf, type Parameter, readTaggedCalls } from '../read-tagged-calls.ts'
import { think } from '../reasoning.ts'

const bars = ['｜', '｜｜', '|', '||']
const blocks = ['function_calls', 'tool_calls']

const tags = (name: string) => bars.map((bar) => `<${bar}DSML${bar}${name}`)
const closers = (name: string) => bars.map((bar) => `</${bar}DSML${bar}${name}>`)
const blockClosers = blocks.flatMap(closers)

const read = readTaggedCalls({
  call: tags('invoke'),
  // A dialect writes parameters as tags of calls, with the value in `string`.
  parameter: [...tags('parameter'), ...tags('invoke')],
  callClosers: closers('invoke'),
  valueClosers: closers('parameter'),
  blockClosers,
  isToken: true,
  mayBeJson: true,
  wholes: ['arguments', 'input'],
  readParameter,
})

/** DeepSeek V3.2 and V4. */
export const deepseekDsml: MarkupFormat = {
  name: 'deepseek_dsml',
  reasoning: [think],
  openers: [...blocks.flatMap((name) => tags(`${name}>`)), ...tags('invoke')].map(
    (text): Opener => ({ text, isToken: true, read }),
  ),
  fillers: [...blockClosers, ...closers('invoke'), ...closers('parameter')],
  endTokens: ['<｜end▁of▁sentence｜>'],
}

function readParameter(tag: string): Parameter | undefined {
  const key = attributeOf(tag)
  if (key === undefined) return undefined
  const [, text] = /\sstring\s*=\s*"([^"]*)"/.exec(tag) ?? []
  if (tag.endsWith('/>')) return { key, value: text ?? '' }
  // What has no such attribute is a call of its own.
  if (/DSML[｜|]+invoke/.test(tag)) return undefined
  return text === undefined ? { key } : { key, as: text === 'false' ? 'json' : 'string' }
}
