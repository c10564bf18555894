import { jsonMembers } from './json-members.ts'

/** An answer of the model, as chat messages have it. */
export interface RenderedMessage {
  readonly content?: string | null | undefined
  readonly reasoning_content?: string | null | undefined
  readonly tool_calls?: readonly RenderedCall[] | null | undefined
}

export interface RenderedCall {
  readonly id?: string | undefined
  readonly function?: { readonly name: string; readonly arguments: string } | undefined
  /** A call with free text, which is written as one argument `input`. */
  readonly custom?: { readonly name: string; readonly input: string } | undefined
}

/**
 * The text that a model of the family writes for a message, as its chat template does: for an upstream that takes the
 * history as text. Undefined for a format without such a rendering.
 *
 * @param startsIn `reasoning` where the prompt already ends with the opener of reasoning, which is then left out
 */
export function renderMarkup(
  message: RenderedMessage,
  format: string,
  { startsIn = 'text' }: { readonly startsIn?: 'text' | 'reasoning' | undefined } = {},
): string | undefined {
  const family = Object.hasOwn(families, format) ? families[format] : undefined
  if (!family) return undefined
  const [[opener, closer], gap, [before, between, after], write, { prompt = '', content = asIs } = {}] = family
  const calls: string[] = []
  for (const { id, function: fn, custom } of message.tool_calls ?? []) {
    const index = calls.length
    if (fn) calls.push(write({ id, index, name: fn.name, text: fn.arguments }))
    else if (custom) calls.push(write({ id, index, name: custom.name, text: JSON.stringify({ input: custom.input }) }))
  }
  const hasCalls = calls.length > 0
  const reasoning = message.reasoning_content ? opener + message.reasoning_content + closer : ''
  const said = message.content ? content(message.content, hasCalls) + (hasCalls ? gap : '') : ''
  const text = reasoning + said + (hasCalls ? before + calls.join(between) + after : '')
  return text.slice((reasoning && startsIn === 'reasoning' ? opener : prompt).length)
}

interface Call {
  readonly id: string | undefined
  readonly index: number
  readonly name: string
  /** The arguments. */
  readonly text: string
}

/** Reasoning, content, calls, in this order. */
type Family = readonly [
  reasoning: readonly [opener: string, closer: string],
  /** Between content and calls. */
  gap: string,
  calls: readonly [before: string, between: string, after: string],
  write: (call: Call) => string,
  more?: {
    /** What the prompt always ends with, and the text does not begin with. */
    readonly prompt?: string
    readonly content?: (text: string, hasCalls: boolean) => string
  },
]

const think = ['<think>', '</think>'] as const
const thinkLines = ['<think>\n', '\n</think>\n\n'] as const
const toolCall = each('<tool_call>\n', '\n</tool_call>', '\n')
const assistant = '<|start|>assistant'

const families: Readonly<Record<string, Family>> = {
  kimi_k2: [think, '', ['<|tool_calls_section_begin|>', '', '<|tool_calls_section_end|>'], kimiCall],
  kimi_k3: [
    ['<|open|>think<|sep|>', '<|close|>think<|sep|>'],
    '',
    ['<|open|>tools<|sep|>', '', '<|close|>tools<|sep|>'],
    xtmlCall,
    { content: (text) => `<|open|>response<|sep|>${text}<|close|>response<|sep|>` },
  ],
  deepseek_r1: [
    thinkLines,
    '',
    deepSeek('\n'),
    ({ name, text }) => `function<｜tool▁sep｜>${name}\n\`\`\`json\n${text}\n\`\`\``,
  ],
  deepseek_v3_1: [think, '', deepSeek(''), ({ name, text }) => `${name}<｜tool▁sep｜>${text}`],
  deepseek_dsml: [think, '\n\n', ['<｜DSML｜function_calls>\n', '\n', '\n</｜DSML｜function_calls>'], dsmlCall],
  hermes: [thinkLines, '\n', toolCall, hermesCall],
  longcat: [
    ['<longcat_think>\n', '\n</longcat_think>\n'],
    '\n',
    each('<longcat_tool_call>\n', '\n</longcat_tool_call>', '\n'),
    hermesCall,
  ],
  qwen3_coder: [thinkLines, '\n', toolCall, coderCall],
  seed_oss: [
    ['<seed:think>', '</seed:think>'],
    '\n',
    each('<seed:tool_call>\n', '\n</seed:tool_call>', '\n'),
    coderCall,
  ],
  glm: [['<think>', '</think>\n'], '\n', each('<tool_call>', '</tool_call>', '\n'), glmCall],
  minimax_m2: [thinkLines, '\n', ['<minimax:tool_call>\n', '\n', '\n</minimax:tool_call>'], invoke],
  mistral: [['[THINK]', '[/THINK]'], '', ['', '', ''], mistralCall],
  nemotron: [thinkLines, '\n', ['<TOOLCALL>[', ', ', ']</TOOLCALL>'], hermesCall],
  cohere: [
    ['<|START_THINKING|>', '<|END_THINKING|>'],
    '',
    ['<|START_ACTION|>[\n    ', ',\n    ', '\n]<|END_ACTION|>'],
    cohereCall,
    { content: (text) => `<|START_RESPONSE|>${text}<|END_RESPONSE|>` },
  ],
  harmony: [
    [`${assistant}<|channel|>analysis<|message|>`, '<|end|>'],
    '',
    ['', '', ''],
    ({ name, text }) =>
      `${assistant}<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>${text}<|call|>`,
    {
      prompt: assistant,
      content: (text, hasCalls) =>
        `${assistant}<|channel|>${hasCalls ? 'commentary' : 'final'}<|message|>${text}${hasCalls ? '<|end|>' : '<|return|>'}`,
    },
  ],
}

function asIs(text: string): string {
  return text
}

/** Each call in marks of its own. */
function each(opener: string, closer: string, gap: string) {
  return [opener, closer + gap + opener, closer] as const
}

function deepSeek(gap: string) {
  const [before, between, after] = each('<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>', gap)
  return [`<｜tool▁calls▁begin｜>${before}`, between, `${after}<｜tool▁calls▁end｜>`] as const
}

function kimiCall({ id, index, name, text }: Call): string {
  const header = id?.startsWith('functions.') ? id : `functions.${name}:${index}`
  return `<|tool_call_begin|>${header}<|tool_call_argument_begin|>${text}<|tool_call_end|>`
}

function hermesCall({ name, text }: Call): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${text}}`
}

function cohereCall({ id, index, name, text }: Call): string {
  return `{"tool_call_id": ${JSON.stringify(id ?? `${index}`)}, "tool_name": ${JSON.stringify(name)}, "parameters": ${text}}`
}

function mistralCall({ id = '', name, text }: Call): string {
  return `[TOOL_CALLS]${name}${/^[a-zA-Z0-9]{9}$/.test(id) ? `[CALL_ID]${id}` : ''}[ARGS]${text}`
}

function coderCall({ name, text }: Call): string {
  return `<function=${name}>\n${values(text, (key, value) => `<parameter=${key}>\n${value}\n</parameter>\n`)}</function>`
}

function glmCall({ name, text }: Call): string {
  return `${name}\n${values(text, (key, value) => `<arg_key>${key}</arg_key>\n<arg_value>${value}</arg_value>\n`)}`
}

function invoke({ name, text }: Call): string {
  return `<invoke name="${name}">\n${values(text, (key, value) => `<parameter name="${key}">${value}</parameter>\n`)}</invoke>`
}

function dsmlCall({ name, text }: Call): string {
  const parameters = values(
    text,
    (key, value, type) =>
      `<｜DSML｜parameter name="${key}" string="${type === 'string'}">${value}</｜DSML｜parameter>\n`,
  )
  return `<｜DSML｜invoke name="${name}">\n${parameters}</｜DSML｜invoke>`
}

function xtmlCall({ index, name, text }: Call): string {
  const parameters = values(
    text,
    (key, value, type) =>
      `<|open|>argument key="${attribute(key)}" type="${type}"<|sep|>${value}<|close|>argument<|sep|>`,
  )
  return `<|open|>call tool="${attribute(name)}" index="${index}"<|sep|>${parameters}<|close|>call<|sep|>`
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

/** Writes each argument. Strings are bare, everything else is JSON. */
function values(text: string, write: (key: string, value: string, type: string) => string): string {
  // Arguments that were cut are shown as what they are.
  const members = jsonMembers(text) ?? [['arguments', JSON.stringify(text)]]
  return members
    .map(([key = '', json = '']) => {
      const value: unknown = JSON.parse(json)
      const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
      return write(key, typeof value === 'string' ? value : json, type)
    })
    .join('')
}
