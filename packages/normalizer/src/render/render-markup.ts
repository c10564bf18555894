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
  const { content, reasoning_content: reasoning, tool_calls } = message
  const calls: Call[] = []
  for (const { id, function: fn, custom } of tool_calls ?? []) {
    const index = calls.length
    if (fn) calls.push({ id, index, name: fn.name, arguments: fn.arguments })
    else if (custom) calls.push({ id, index, name: custom.name, arguments: JSON.stringify({ input: custom.input }) })
  }
  const text = family({ content: content ?? '', reasoning: reasoning ?? '', calls })
  const opener = openers.find((opener) => text.startsWith(opener))
  return startsIn === 'reasoning' && reasoning && opener ? text.slice(opener.length) : text
}

interface Said {
  readonly content: string
  readonly reasoning: string
  readonly calls: readonly Call[]
}

interface Call {
  readonly id: string | undefined
  readonly index: number
  readonly name: string
  readonly arguments: string
}

const openers = [
  '<think>\n',
  '<think>',
  '<seed:think>',
  '<longcat_think>\n',
  '[THINK]',
  '<|START_THINKING|>',
  '<|channel|>analysis<|message|>',
  '<|open|>think<|sep|>',
]

const families: Readonly<Record<string, (said: Said) => string>> = {
  kimi_k2: inOrder('<think>', '</think>', '', (calls) =>
    block('<|tool_calls_section_begin|>', calls.map(kimiCall), '<|tool_calls_section_end|>', ''),
  ),
  kimi_k3: ({ content, reasoning, calls }) =>
    xtml('think', reasoning) + xtml('response', content) + xtml('tools', calls.map(xtmlCall).join('')),
  deepseek_r1: inOrder('<think>\n', '\n</think>\n\n', '', (calls) =>
    deepSeek(calls, '\n', ({ name, arguments: text }) => `function<｜tool▁sep｜>${name}\n\`\`\`json\n${text}\n\`\`\``),
  ),
  deepseek_v3_1: inOrder('<think>', '</think>', '', (calls) =>
    deepSeek(calls, '', ({ name, arguments: text }) => `${name}<｜tool▁sep｜>${text}`),
  ),
  deepseek_dsml: inOrder('<think>', '</think>', '\n\n', (calls) =>
    block('<｜DSML｜function_calls>', calls.map(dsmlCall), '</｜DSML｜function_calls>', '\n'),
  ),
  hermes: inOrder('<think>\n', '\n</think>\n\n', '\n', (calls) =>
    each(calls, '<tool_call>', hermesCall, '</tool_call>'),
  ),
  longcat: inOrder('<longcat_think>\n', '\n</longcat_think>\n', '\n', (calls) =>
    each(calls, '<longcat_tool_call>', hermesCall, '</longcat_tool_call>'),
  ),
  qwen3_coder: inOrder('<think>\n', '\n</think>\n\n', '\n', (calls) =>
    each(calls, '<tool_call>', coderCall, '</tool_call>'),
  ),
  seed_oss: inOrder('<seed:think>', '</seed:think>', '\n', (calls) =>
    each(calls, '<seed:tool_call>', coderCall, '</seed:tool_call>'),
  ),
  glm: inOrder('<think>', '</think>\n', '\n', (calls) => each(calls, '<tool_call>', glmCall, '</tool_call>', '')),
  minimax_m2: inOrder('<think>\n', '\n</think>\n\n', '\n', (calls) =>
    block('<minimax:tool_call>', calls.map(invoke), '</minimax:tool_call>', '\n'),
  ),
  mistral: inOrder('[THINK]', '[/THINK]', '', (calls) => calls.map(mistralCall).join('')),
  nemotron: inOrder(
    '<think>\n',
    '\n</think>\n\n',
    '\n',
    (calls) => `<TOOLCALL>[${calls.map(hermesCall).join(', ')}]</TOOLCALL>`,
  ),
  cohere: ({ content, reasoning, calls }) =>
    (reasoning && `<|START_THINKING|>${reasoning}<|END_THINKING|>`) +
    (content && `<|START_RESPONSE|>${content}<|END_RESPONSE|>`) +
    (calls.length > 0 ? `<|START_ACTION|>[\n    ${calls.map(cohereCall).join(',\n    ')}\n]<|END_ACTION|>` : ''),
  harmony,
}

/** Reasoning, content, calls: the order of nearly all families. */
function inOrder(opener: string, closer: string, gap: string, write: (calls: readonly Call[]) => string) {
  return ({ content, reasoning, calls }: Said): string => {
    const before = (reasoning && opener + reasoning + closer) + content
    return calls.length === 0 ? before : before + (content && gap) + write(calls)
  }
}

function block(opener: string, calls: readonly string[], closer: string, gap: string): string {
  return [opener, ...calls, closer].join(gap)
}

function each(
  calls: readonly Call[],
  opener: string,
  write: (call: Call) => string,
  closer: string,
  gap = '\n',
): string {
  return calls.map((call) => opener + gap + write(call) + (gap && '\n') + closer).join('\n')
}

function kimiCall({ id, index, name, arguments: text }: Call): string {
  const header = id?.startsWith('functions.') ? id : `functions.${name}:${index}`
  return `<|tool_call_begin|>${header}<|tool_call_argument_begin|>${text}<|tool_call_end|>`
}

function deepSeek(calls: readonly Call[], gap: string, write: (call: Call) => string): string {
  const written = calls.map((call) => `<｜tool▁call▁begin｜>${write(call)}<｜tool▁call▁end｜>`)
  return `<｜tool▁calls▁begin｜>${written.join(gap)}<｜tool▁calls▁end｜>`
}

function hermesCall({ name, arguments: text }: Call): string {
  return `{"name": ${JSON.stringify(name)}, "arguments": ${text}}`
}

function cohereCall({ id, index, name, arguments: text }: Call): string {
  return `{"tool_call_id": ${JSON.stringify(id ?? String(index))}, "tool_name": ${JSON.stringify(name)}, "parameters": ${text}}`
}

function mistralCall({ id, name, arguments: text }: Call): string {
  const header = id !== undefined && /^[a-zA-Z0-9]{9}$/.test(id) ? `${name}[CALL_ID]${id}` : name
  return `[TOOL_CALLS]${header}[ARGS]${text}`
}

function coderCall({ name, arguments: text }: Call): string {
  const values = parameters(text).map(({ key, value }) => `<parameter=${key}>\n${value}\n</parameter>\n`)
  return `<function=${name}>\n${values.join('')}</function>`
}

function glmCall({ name, arguments: text }: Call): string {
  const pairs = parameters(text).map(({ key, value }) => `<arg_key>${key}</arg_key>\n<arg_value>${value}</arg_value>\n`)
  return `${name}\n${pairs.join('')}`
}

function invoke({ name, arguments: text }: Call): string {
  const values = parameters(text).map(({ key, value }) => `<parameter name="${key}">${value}</parameter>\n`)
  return `<invoke name="${name}">\n${values.join('')}</invoke>`
}

function dsmlCall({ name, arguments: text }: Call): string {
  const values = parameters(text).map(
    ({ key, value, isString }) =>
      `<｜DSML｜parameter name="${key}" string="${isString}">${value}</｜DSML｜parameter>\n`,
  )
  return `<｜DSML｜invoke name="${name}">\n${values.join('')}</｜DSML｜invoke>`
}

function xtml(channel: string, text: string): string {
  return text && `<|open|>${channel}<|sep|>${text}<|close|>${channel}<|sep|>`
}

function xtmlCall({ index, name, arguments: text }: Call): string {
  const values = parameters(text).map(
    ({ key, value, type }) =>
      `<|open|>argument key="${attribute(key)}" type="${type}"<|sep|>${value}<|close|>argument<|sep|>`,
  )
  return `<|open|>call tool="${attribute(name)}" index="${index}"<|sep|>${values.join('')}<|close|>call<|sep|>`
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')
}

function harmony({ content, reasoning, calls }: Said): string {
  const messages: string[] = []
  if (reasoning) messages.push(`<|channel|>analysis<|message|>${reasoning}<|end|>`)
  const [channel, end] = calls.length > 0 ? ['commentary', '<|end|>'] : ['final', '<|return|>']
  if (content) messages.push(`<|channel|>${channel}<|message|>${content}${end}`)
  for (const { name, arguments: text } of calls) {
    messages.push(`<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>${text}<|call|>`)
  }
  // The prompt ends with the first `<|start|>assistant`.
  return messages.join('<|start|>assistant')
}

interface Parameter {
  readonly key: string
  /** Strings bare, everything else as JSON. */
  readonly value: string
  readonly isString: boolean
  readonly type: string
}

function parameters(text: string): readonly Parameter[] {
  const members = jsonMembers(text)
  // Arguments that were cut are shown as what they are.
  if (!members) return [{ key: 'arguments', value: text, isString: true, type: 'string' }]
  return members.map(([key, json]) => {
    const value: unknown = JSON.parse(json)
    const isString = typeof value === 'string'
    const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
    return { key, value: isString ? value : json, isString, type }
  })
}
