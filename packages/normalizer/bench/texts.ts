import { clock, weather, writer } from '../cases/tools.ts'
import { glm } from '../src/formats/glm.ts'
import { hermes } from '../src/formats/hermes.ts'
import { kimiK2 } from '../src/formats/kimi-k2.ts'
import { qwen3Coder } from '../src/formats/qwen3-coder.ts'
import type { MarkupFormat } from '../src/markup-format.ts'
import type { ToolDefinition } from '../src/tool.ts'

export interface Load {
  readonly name: string
  readonly format: MarkupFormat
  readonly text: string
  /** Characters of one chunk. */
  readonly chunk: number
}

export const tools: readonly ToolDefinition[] = [weather, clock, writer]

const PROSE = `The quick brown fox jumps over the lazy dog; then it rests (a while), and says: "Good day, isn't it?" — naïve, no?\n`
const CODE = `  if (a < b && c[0] > 1) {\n    return { "key": 'value', n: \`\${x}\` } // <b>bold</b>\n  }\n`

const fill = (unit: string, length: number) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)
const json = (text: string) => JSON.stringify(text).slice(1, -1)

export const prose = (length: number) => fill(PROSE, length)
export const code = (length: number) => fill(CODE, length)

/** One call whose argument `content` is so long. */
export const kimiCall = (length: number) =>
  `<|tool_calls_section_begin|><|tool_call_begin|>functions.write_file:0<|tool_call_argument_begin|>{"path":"a","content":"${json(code(length))}"}<|tool_call_end|><|tool_calls_section_end|>`
export const hermesCall = (length: number) =>
  `<tool_call>\n{"name": "write_file", "arguments": {"path": "a", "content": "${json(code(length))}"}}\n</tool_call>`
export const qwenCall = (length: number) =>
  `<tool_call>\n<function=write_file>\n<parameter=path>\na\n</parameter>\n<parameter=content>\n${code(length)}\n</parameter>\n</function>\n</tool_call>`
export const glmCall = (length: number) =>
  `<tool_call>write_file\n<arg_key>path</arg_key>\n<arg_value>a</arg_value>\n<arg_key>content</arg_key>\n<arg_value>${code(length)}</arg_value>\n</tool_call>`
export const reasoned = (length: number) => `<think>\n${prose(length / 2)}\n</think>\n\n${prose(length / 2)}`
export const manyHermesCalls = (length: number) =>
  fill('<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>\n', length)

const SIZE = 1_000_000

export const LOADS: readonly Load[] = [
  { name: 'content', format: kimiK2, text: prose(SIZE), chunk: 24 },
  { name: 'content', format: hermes, text: prose(SIZE), chunk: 24 },
  { name: 'content', format: hermes, text: prose(SIZE), chunk: 4096 },
  { name: 'content', format: hermes, text: prose(SIZE), chunk: 1 },
  { name: 'code as content', format: hermes, text: code(SIZE), chunk: 24 },
  { name: 'reasoning, content', format: hermes, text: reasoned(SIZE), chunk: 24 },
  { name: 'arguments, JSON', format: kimiK2, text: kimiCall(SIZE), chunk: 64 },
  { name: 'arguments, JSON', format: hermes, text: hermesCall(SIZE), chunk: 64 },
  { name: 'arguments, JSON', format: hermes, text: hermesCall(SIZE), chunk: 24 },
  { name: 'arguments, JSON', format: hermes, text: hermesCall(SIZE), chunk: 1 },
  { name: 'arguments, tags', format: qwen3Coder, text: qwenCall(SIZE), chunk: 64 },
  { name: 'arguments, tags', format: qwen3Coder, text: qwenCall(SIZE), chunk: 1 },
  { name: 'arguments, pairs', format: glm, text: glmCall(SIZE), chunk: 64 },
  { name: 'many calls', format: hermes, text: manyHermesCalls(SIZE), chunk: 24 },
]

/** Texts that are hard for one parser or another, of any length. */
export const DOUBLED: readonly {
  readonly name: string
  readonly format: MarkupFormat
  readonly of: (n: number) => string
}[] = [
  { name: 'content', format: hermes, of: prose },
  { name: 'reasoning', format: hermes, of: (n) => `<think>${prose(n)}` },
  { name: 'one long argument', format: hermes, of: hermesCall },
  { name: 'one long tagged value', format: qwen3Coder, of: qwenCall },
  { name: 'many calls', format: hermes, of: manyHermesCalls },
  {
    name: 'deep nesting',
    format: kimiK2,
    of: (n) => `<|tool_call_begin|>a<|tool_call_argument_begin|>{"a":${fill('[', n)}`,
  },
  { name: 'only <', format: kimiK2, of: (n) => fill('<', n) },
  { name: 'beginnings of a marker', format: kimiK2, of: (n) => fill('<|tool_call_beg', n) },
  { name: 'openers', format: hermes, of: (n) => fill('<tool_call>', n) },
  {
    name: 'unclosed JSON',
    format: hermes,
    of: (n) => `<tool_call>{"name": "write_file", "arguments": {"content": "${fill('</tool_call> ', n)}`,
  },
  {
    name: 'closers in a value',
    format: qwen3Coder,
    of: (n) => `<tool_call>\n<function=write_file>\n<parameter=content>\n${fill('</parameter> x ', n)}`,
  },
]

export function chunksOf(text: string, length: number): string[] {
  const chunks: string[] = []
  // As a decoder gives it: `repeat` leaves a rope, whose flattening would be timed as ours.
  const flat = Buffer.from(text).toString()
  for (let at = 0; at < flat.length; at += length) chunks.push(flat.slice(at, at + length))
  return chunks
}
