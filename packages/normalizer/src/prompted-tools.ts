import { isRecord } from './is-record.ts'
import { recordOf } from './record-of.ts'
import { jsonMembers } from './render/json-members.ts'

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
  const read = given.map(readTool)
  const foreign = given.filter((_, i) => !read[i])
  const offered = read.filter((tool) => tool !== undefined)
  const messages = writeHistory(request.messages)
  if (offered.length === 0 && messages === request.messages) return request
  const text =
    offered.length > 0 && toolInstructions(chosen(tool_choice ?? function_call, offered), parallel_tool_calls !== false)
  // Every field that is left out is optional in every client's type.
  return {
    ...rest,
    ...(foreign.length > 0 && { tools: foreign }),
    messages: text ? withInstructions(messages, text) : messages,
  } as unknown as R
}

export interface PromptedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters?: unknown
}

/** Which tools may be called (none where the list is empty), and whether one must be. */
export interface PromptedChoice {
  readonly tools: readonly PromptedTool[]
  readonly mustCall: boolean
}

/** What tells a model the tools and how it calls them. */
export function toolInstructions({ tools, mustCall }: PromptedChoice, isParallel: boolean): string {
  const [first, second] = tools
  if (!first) return 'No tools can be called in this turn: answer with text only.'
  const only = second ? 'at least one tool' : `the tool ${JSON.stringify(first.name)}`
  return `# Tools

You can call these tools. Each line describes one, with the JSON Schema of its arguments:

${tools.map(describe).join('\n')}

To call tools, end your answer with one fenced block of this form and nothing after it:

${fenced('{"function": {"name": "NAME OF THE TOOL", "arguments": {"NAME": "VALUE"}}}')}

The arguments are a JSON object that fits the schema. Text before the block is shown to the user. The results come
in the next message. When no tool is needed, answer without such a block.
${isParallel ? 'Several calls that do not depend on each other go into one block.' : 'Call one tool at a time.'}${
  mustCall ? `\nThis time you must call ${only}.` : ''
}`
}

function describe({ name, description, parameters }: PromptedTool): string {
  return JSON.stringify({ name, description, parameters: parameters ?? { type: 'object', properties: {} } })
}

/** How calls are written, in the form that the instructions ask for. */
export function writeCalls(calls: readonly PromptedCall[]): string {
  const items = calls.map(({ id, name, arguments: text }) => {
    const head = id === undefined ? '' : `"id": ${JSON.stringify(id)}, `
    // As it was written: numbers keep their digits. Arguments that were cut go into the history as the text they are.
    const value = jsonMembers(text) ? text : JSON.stringify(text)
    return `{${head}"function": {"name": ${JSON.stringify(name)}, "arguments": ${value}}}`
  })
  return fenced(items.join(', '))
}

export interface PromptedCall {
  readonly id?: string
  readonly name: string
  readonly arguments: string
}

/** What stands before and after the content of a result. */
export function resultMarks(id: string | undefined, name: string | undefined): { before: string; after: string } {
  const attribute = (key: string, value?: string) => (value ? ` ${key}=${JSON.stringify(value)}` : '')
  return { before: `<tool_result${attribute('name', name)}${attribute('id', id)}>\n`, after: '\n</tool_result>' }
}

function fenced(calls: string): string {
  return `\`\`\`json\n{"tool_calls": [${calls}]}\n\`\`\``
}

function readTool(tool: unknown): PromptedTool | undefined {
  const { type, function: fn, custom } = recordOf(tool)
  const definition = recordOf(type === 'function' ? fn : type === 'custom' ? custom : undefined)
  const name = textOf(definition.name)
  if (!name) return undefined
  const { format, parameters } = definition
  const description = textOf(definition.description)
  if (type === 'function') return { name, description, parameters }
  const grammar = recordOf(format).type === 'grammar' ? JSON.stringify(format) : undefined
  const input = { type: 'string', description: grammar }
  return { name, description, parameters: { type: 'object', properties: { input }, required: ['input'] } }
}

function chosen(choice: unknown, tools: readonly PromptedTool[]): PromptedChoice {
  if (choice === 'none') return { tools: [], mustCall: false }
  const { type, allowed_tools } = recordOf(choice)
  const allowed = type === 'allowed_tools' && isRecord(allowed_tools) ? allowed_tools : undefined
  const names = (allowed ? list(allowed.tools) : [choice]).map(nameIn).filter((name) => name !== undefined)
  const isNamed = names.length > 0
  const mode = allowed ? allowed.mode : isNamed ? 'required' : choice
  return {
    tools: allowed || isNamed ? tools.filter(({ name }) => names.includes(name)) : tools,
    mustCall: mode === 'required' || mode === 'any',
  }
}

/** `{ function: { name } }`, `{ custom: { name } }`, or the legacy `{ name }`. */
function nameIn(choice: unknown): string | undefined {
  const { function: fn, custom, name } = recordOf(choice)
  return textOf(recordOf(fn).name) ?? textOf(recordOf(custom).name) ?? textOf(name)
}

type Message = PromptableMessage & Readonly<Record<string, unknown>>

function writeHistory(messages: readonly PromptableMessage[]): readonly PromptableMessage[] {
  const written: PromptableMessage[] = []
  const names = new Map<unknown, string>()
  /** The parts of the message that the results of one turn go into. */
  let results: unknown[] = []
  const endTurn = () => {
    if (results.length > 0) written.push({ role: 'user', content: asText(results) })
    results = []
  }
  for (const message of messages as readonly Message[]) {
    const role = message?.role
    if (role === 'tool' || role === 'function') {
      if (results.length > 0) results.push(textPart('\n'))
      results.push(...writeResult(message, names))
      continue
    }
    endTurn()
    written.push(role === 'assistant' ? writeAnswer(message, names) : message)
  }
  endTurn()
  return written.every((message, i) => message === messages[i]) ? messages : written
}

function writeAnswer(message: Message, names: Map<unknown, string>): PromptableMessage {
  const { tool_calls, function_call, content, ...rest } = message
  if (!tool_calls && !function_call) return message
  const calls = [...list(tool_calls), { function: function_call }].map(readCall).filter((call) => call !== undefined)
  for (const { id, name } of calls) if (id !== undefined) names.set(id, name)
  return { ...rest, content: calls.length > 0 ? withText(content, writeCalls(calls)) : (content ?? '') }
}

function readCall(call: unknown): PromptedCall | undefined {
  const { id, function: fn, custom } = recordOf(call)
  const { name, arguments: given, input } = recordOf(fn ?? custom)
  if (typeof name !== 'string') return undefined
  const text = asJson(fn ? (given ?? {}) : { input })
  return { ...(typeof id === 'string' && { id }), name, arguments: text.trim() === '' ? '{}' : text }
}

/** The parts of the message that tells a result. */
function writeResult({ tool_call_id, name, content }: Message, names: ReadonlyMap<unknown, string>): unknown[] {
  const { before, after } = resultMarks(textOf(tool_call_id), textOf(name) ?? names.get(tool_call_id))
  const parts = Array.isArray(content) ? content : [textPart(asJson(content ?? ''))]
  return [textPart(before), ...parts, textPart(after)]
}

/** Text as it is. */
function asJson(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
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
  return messages.with(at, { ...first, content: withText(first.content, text) })
}

function withText(content: unknown, text: string): unknown {
  if (Array.isArray(content)) return [...content, textPart(text)]
  return content ? `${content}\n\n${text}` : text
}

function textPart(text: string) {
  return { type: 'text', text }
}

// Fields come from clients unchecked.

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
