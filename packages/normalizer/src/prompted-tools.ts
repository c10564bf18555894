import { isRecord } from './is-record.ts'

/** As much of a chat request as is read here; all other fields are kept. */
export interface PromptableRequest {
  readonly messages: readonly PromptableMessage[]
  readonly tools?: unknown
  readonly tool_choice?: unknown
  readonly parallel_tool_calls?: unknown
  readonly functions?: unknown
  readonly function_call?: unknown
}

export interface PromptableMessage {
  readonly role: string
  readonly content?: unknown
}

/**
 * Writes the tools of a request into its messages, for a model or a site that takes none; the format `prompted` reads
 * the calls back out of the answer.
 *
 * What goes: `tools` of the kinds `function` and `custom` with `tool_choice` and `parallel_tool_calls` (into the first
 * system message, or a new one), the calls of earlier answers (into their content) and the results (messages of the
 * user, those of one turn together). Nothing is shortened; images and other parts stay parts. Tools of other kinds, that
 * a service would run itself, stay in `tools`. Legacy `functions` are treated alike. A request without any of these
 * comes back as the same object.
 */
export function promptTools<R extends PromptableRequest>(request: R): R {
  const { tools, tool_choice, parallel_tool_calls, functions, function_call, ...rest } = request
  const given = [...list(tools), ...list(functions).map((fn) => ({ type: 'function', function: fn }))]
  const offered = given.map(readTool)
  const foreign = given.filter((_, i) => offered[i] === undefined)
  const written = writeHistory(request.messages)
  const named = offered.filter((tool) => tool !== undefined)
  if (named.length === 0 && written === request.messages) return request
  const choice = readChoice(tool_choice ?? function_call, named)
  const instructions = named.length === 0 ? '' : toolInstructions(named, choice, parallel_tool_calls !== false)
  const messages = instructions === '' ? written : withInstructions(written, instructions)
  // Every field that is left out is optional in every client's type.
  return { ...rest, ...(foreign.length > 0 ? { tools: foreign } : {}), messages } as unknown as R
}

export interface PromptedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters?: unknown
}

/** Which of the tools may be called (none where the list is empty), and whether one must be. */
export interface PromptedChoice {
  readonly names: readonly string[]
  readonly mustCall: boolean
}

/** What tells a model the tools and how it calls them. */
export function toolInstructions(tools: readonly PromptedTool[], choice: PromptedChoice, isParallel: boolean): string {
  const offered = tools.filter(({ name }) => choice.names.includes(name))
  if (offered.length === 0) return 'No tools can be called in this turn: answer with text only.'
  const lines = offered.map(({ name, description, parameters }) =>
    JSON.stringify({ name, description, parameters: parameters ?? { type: 'object', properties: {} } }),
  )
  return [
    '# Tools',
    '',
    'You can call these tools. Each line describes one, with the JSON Schema of its arguments:',
    '',
    ...lines,
    '',
    'To call tools, end your answer with one fenced block of this form and nothing after it:',
    '',
    fenced('{"tool_calls": [{"function": {"name": "NAME OF THE TOOL", "arguments": {"NAME": "VALUE"}}}]}'),
    '',
    'The arguments are a JSON object that fits the schema. Text before the block is shown to the user. The results come',
    'in the next message. When no tool is needed, answer without such a block.',
    ...(isParallel
      ? ['Several calls that do not depend on each other go into one block.']
      : ['Call one tool at a time.']),
    ...(choice.mustCall ? [mustCall(offered)] : []),
  ].join('\n')
}

/** How calls are written, in the form that the instructions ask for. */
export function writeCalls(calls: readonly { id?: string; name: string; arguments: string }[]): string {
  const items = calls.map(({ id, name, arguments: text }) => {
    const head = id === undefined ? '' : `"id": ${JSON.stringify(id)}, `
    // As it was written: numbers keep their digits.
    const value = isObjectText(text) ? text : JSON.stringify(text)
    return `{${head}"function": {"name": ${JSON.stringify(name)}, "arguments": ${value}}}`
  })
  return fenced(`{"tool_calls": [${items.join(', ')}]}`)
}

/** What stands before and after the content of a result. */
export function resultMarks(id: string | undefined, name: string | undefined): { before: string; after: string } {
  const attributes = [name && `name=${JSON.stringify(name)}`, id && `id=${JSON.stringify(id)}`].filter(Boolean)
  return { before: `<${['tool_result', ...attributes].join(' ')}>\n`, after: '\n</tool_result>' }
}

function mustCall(offered: readonly PromptedTool[]): string {
  const [only, second] = offered
  if (only && !second) return `This time you must call the tool ${JSON.stringify(only.name)}.`
  return 'This time you must call at least one tool.'
}

function fenced(json: string): string {
  return `\`\`\`json\n${json}\n\`\`\``
}

function readTool(tool: unknown): PromptedTool | undefined {
  if (!isRecord(tool)) return undefined
  const { type } = tool
  const definition = type === 'function' ? tool.function : type === 'custom' ? tool.custom : undefined
  if (!isRecord(definition) || typeof definition.name !== 'string' || definition.name === '') return undefined
  const { name } = definition
  const description = typeof definition.description === 'string' ? definition.description : undefined
  if (type === 'function') return { name, description, parameters: definition.parameters ?? undefined }
  const isGrammar = isRecord(definition.format) && definition.format.type === 'grammar'
  const input = isGrammar ? { type: 'string', description: JSON.stringify(definition.format) } : { type: 'string' }
  return { name, description, parameters: { type: 'object', properties: { input }, required: ['input'] } }
}

function readChoice(choice: unknown, tools: readonly PromptedTool[]): PromptedChoice {
  const all = tools.map(({ name }) => name)
  if (choice === 'none') return { names: [], mustCall: false }
  if (choice === 'required' || choice === 'any') return { names: all, mustCall: true }
  if (!isRecord(choice)) return { names: all, mustCall: false }
  if (choice.type === 'allowed_tools' && isRecord(choice.allowed_tools)) {
    const names = list(choice.allowed_tools.tools)
      .map(nameIn)
      .filter((name) => name !== undefined)
    return { names, mustCall: choice.allowed_tools.mode === 'required' }
  }
  const name = nameIn(choice)
  return name === undefined ? { names: all, mustCall: false } : { names: [name], mustCall: true }
}

/** `{ function: { name } }`, `{ custom: { name } }`, or the legacy `{ name }`. */
function nameIn(choice: unknown): string | undefined {
  if (!isRecord(choice)) return undefined
  for (const place of [choice.function, choice.custom, choice]) {
    if (isRecord(place) && typeof place.name === 'string') return place.name
  }
  return undefined
}

function writeHistory(messages: readonly PromptableMessage[]): readonly PromptableMessage[] {
  const written: PromptableMessage[] = []
  const names = new Map<unknown, string>()
  /** The parts of the message that the results of one turn go into. */
  let results: unknown[] | undefined
  let isAsGiven = true
  for (const message of messages) {
    if (isRecord(message) && (message.role === 'tool' || message.role === 'function')) {
      isAsGiven = false
      if (results) results.push({ type: 'text', text: '\n' })
      else results = []
      for (const part of writeResult(message, names)) results.push(part)
      continue
    }
    if (results) written.push({ role: 'user', content: asText(results) })
    results = undefined
    const changed = isRecord(message) && message.role === 'assistant' ? writeAnswer(message, names) : message
    if (changed !== message) isAsGiven = false
    written.push(changed)
  }
  if (results) written.push({ role: 'user', content: asText(results) })
  return isAsGiven ? messages : written
}

function writeAnswer(message: PromptableMessage, names: Map<unknown, string>): PromptableMessage {
  const { tool_calls, function_call, content, ...rest } = message as PromptableMessage & Record<string, unknown>
  if (!tool_calls && !function_call) return message
  const legacy = function_call ? [{ function: function_call }] : []
  const calls = [...list(tool_calls), ...legacy].map(readCall).filter((call) => call !== undefined)
  for (const { id, name } of calls) if (id !== undefined) names.set(id, name)
  if (calls.length === 0) return { ...rest, content: content ?? '' } as PromptableMessage
  const text = writeCalls(calls)
  if (Array.isArray(content)) return { ...rest, content: [...content, { type: 'text', text }] } as PromptableMessage
  return { ...rest, content: content ? `${content}\n\n${text}` : text } as PromptableMessage
}

function readCall(call: unknown): { id?: string; name: string; arguments: string } | undefined {
  if (!isRecord(call)) return undefined
  const fn = isRecord(call.function) ? call.function : isRecord(call.custom) ? call.custom : undefined
  if (typeof fn?.name !== 'string') return undefined
  const given = fn === call.custom ? { input: fn.input } : (fn.arguments ?? {})
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  const read = { name: fn.name, arguments: text.trim() === '' ? '{}' : text }
  return typeof call.id === 'string' ? { id: call.id, ...read } : read
}

/** The parts of the message that tells a result. */
function writeResult(message: PromptableMessage, names: ReadonlyMap<unknown, string>): unknown[] {
  const { tool_call_id, name, content } = message as PromptableMessage & Record<string, unknown>
  const id = typeof tool_call_id === 'string' ? tool_call_id : undefined
  const { before, after } = resultMarks(id, typeof name === 'string' ? name : names.get(id))
  const parts = Array.isArray(content) ? content : [{ type: 'text', text: plainText(content) }]
  return [{ type: 'text', text: before }, ...parts, { type: 'text', text: after }]
}

function plainText(content: unknown): string {
  return typeof content === 'string'
    ? content
    : content === undefined || content === null
      ? ''
      : JSON.stringify(content)
}

/** Parts of text alone as one string, which every service takes. */
function asText(parts: readonly unknown[]): unknown {
  return parts.every(isBareText) ? parts.map(({ text }) => text).join('') : parts
}

function isBareText(part: unknown): part is { text: string } {
  return isRecord(part) && part.type === 'text' && typeof part.text === 'string' && Object.keys(part).length === 2
}

function withInstructions(messages: readonly PromptableMessage[], text: string): readonly PromptableMessage[] {
  const at = messages.findIndex((message) => message?.role === 'system' || message?.role === 'developer')
  const first = messages[at]
  if (!first) return [{ role: 'system', content: text }, ...messages]
  const content = Array.isArray(first.content)
    ? [...first.content, { type: 'text', text }]
    : [first.content, text].filter(Boolean).join('\n\n')
  return messages.with(at, { ...first, content })
}

/** Fields come from clients unchecked. */
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isObjectText(text: string): boolean {
  try {
    return isRecord(JSON.parse(text))
  } catch {
    // Arguments that were cut go into the history as the text they are.
    return false
  }
}
