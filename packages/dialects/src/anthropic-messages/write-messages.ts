import { DragomanError, isRecord } from '@dragoman/core'
import type {
  AssistantMessage,
  ChatMessage,
  DeveloperMessage,
  SystemMessage,
  ToolCallParam,
  ToolMessage,
} from '@dragoman/openai-schema'
import { append } from '../append.ts'
import type { Renames } from '../renames.ts'
import { unsupported } from '../unsupported.ts'
import { toolUseId } from './tool-use-id.ts'
import { type Block, writeContent } from './write-content.ts'
import { writeReasoning } from './write-reasoning.ts'

export interface WrittenMessages {
  readonly system: string | Block[] | undefined
  readonly messages: readonly { readonly role: string; readonly content: readonly Block[] | string }[]
  readonly dropped: readonly string[]
}

export interface WriteMessagesOptions {
  readonly names: Renames
  readonly systemAnywhere: boolean
  readonly isThinking: boolean
}

/**
 * The conversation as Messages takes it: turns of user and assistant in alternation, the results of a turn's calls first
 * in the user's next turn, all together.
 *
 * Throws `invalid_request` for a call without a result and for a result without a call.
 */
export function writeMessages(messages: readonly ChatMessage[], options: WriteMessagesOptions): WrittenMessages {
  const writer = new ConversationWriter(options)
  const start = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer')
  const end = start < 0 ? messages.length : start
  for (let i = end; i < messages.length; i++) writer.add(messages[i] as ChatMessage, `messages[${i}]`)
  return { system: writeSystem(messages.slice(0, end)), ...writer.written() }
}

type SystemLike = SystemMessage | DeveloperMessage

function writeSystem(messages: readonly ChatMessage[]): string | Block[] | undefined {
  const leading = messages as readonly SystemLike[]
  if (leading.every(({ content, cache_control }) => typeof content === 'string' && !cache_control)) {
    return leading.map(({ content }) => content).join('\n\n') || undefined
  }
  const blocks = leading.flatMap((message, i) => marked(writeContent(message.content, `messages[${i}]`), message))
  return blocks.length > 0 ? blocks : undefined
}

type Turn =
  | { readonly role: 'user'; readonly results: Block[]; readonly said: Block[] }
  | { readonly role: 'assistant'; readonly reasoning: Block[]; readonly said: Block[] }
  | { readonly role: 'system'; readonly said: Block[] }

class ConversationWriter {
  readonly #options: WriteMessagesOptions
  readonly #turns: Turn[] = []
  readonly #dropped = new Set<string>()
  readonly #usedIds = new Set<string>()
  /** By the beginning of an id that comes again, the next number: one of them may come in every turn. */
  readonly #nextNumbers = new Map<string, number>()
  /** Of the last turn of the assistant: ids as given -> as written, for calls without a result. */
  #awaited = new Map<string, string>()
  #callsPath = ''

  constructor(options: WriteMessagesOptions) {
    this.#options = options
  }

  add(message: ChatMessage, path: string): void {
    if ('name' in message && message.name && message.role !== 'function') this.#dropped.add('messages[].name')
    switch (message.role) {
      case 'system':
      case 'developer':
        this.#system(message, path)
        return
      case 'user':
        append(this.#user().said, marked(writeContent(message.content, path), message))
        return
      case 'tool':
        this.#result(message, path)
        return
      case 'assistant':
        this.#assistant(message, path)
        return
      case 'function':
        throw new DragomanError(
          'unsupported_value',
          `${path}.role: functions are not supported by this model; use tools`,
          {
            param: `${path}.role`,
          },
        )
    }
  }

  written(): Pick<WrittenMessages, 'messages' | 'dropped'> {
    this.#assertAnswered()
    const last = this.#turns.at(-1)
    if (last?.role === 'assistant') {
      trimEnd(last.said)
      // A model that is not to think refuses to go on with what it thought.
      if (!this.#options.isThinking) last.reasoning.length = 0
    }
    const messages = this.#turns.flatMap((turn) => {
      const content = blocksOf(turn)
      return content.length > 0 ? { role: turn.role, content } : []
    })
    return { messages, dropped: [...this.#dropped] }
  }

  #system(message: SystemLike, path: string): void {
    const blocks = marked(writeContent(message.content, path), message)
    if (this.#options.systemAnywhere) {
      this.#turns.push({ role: 'system', said: blocks })
      return
    }
    const reminders = blocks.map((block) => ({
      ...block,
      text: `<system-reminder>\n${block.text}\n</system-reminder>`,
    }))
    append(this.#user().said, reminders)
  }

  #user(): Extract<Turn, { role: 'user' }> {
    const last = this.#turns.at(-1)
    if (last?.role === 'user') return last
    const turn = { role: 'user', results: [], said: [] } as const satisfies Turn
    this.#turns.push(turn)
    return turn
  }

  #result(message: ToolMessage, path: string): void {
    const id = this.#awaited.get(message.tool_call_id)
    if (id === undefined) {
      const param = `${path}.tool_call_id`
      const text = `${param}: ${JSON.stringify(message.tool_call_id)} is no call of the assistant's message before that still waits for its result`
      throw new DragomanError('invalid_request', text, { param, publicCode: 'invalid_value' })
    }
    this.#awaited.delete(message.tool_call_id)
    const content = typeof message.content === 'string' ? message.content : writeContent(message.content, path)
    this.#user().results.push(...marked([{ type: 'tool_result', tool_use_id: id, content }], message))
  }

  #assistant(message: AssistantMessage, path: string): void {
    this.#assertAnswered()
    const said = writeContent(message.content, path)
    if (message.refusal) said.push({ type: 'text', text: message.refusal })
    const reasoning = writeReasoning(message)
    if (reasoning.length === 0 && message.reasoning_content) this.#dropped.add('messages[].reasoning_content')
    if (reasoning.length === 0 && message.reasoning_details?.length) this.#dropped.add('messages[].reasoning_details')
    if (message.audio) this.#dropped.add('messages[].audio')
    if (message.function_call) {
      throw new DragomanError(
        'unsupported_value',
        `${path}.function_call: not supported by this model; use tool_calls`,
        {
          param: `${path}.function_call`,
        },
      )
    }
    this.#callsPath = `${path}.tool_calls`
    for (const [i, call] of (message.tool_calls ?? []).entries())
      said.push(this.#call(call, `${this.#callsPath}[${i}]`))

    const last = this.#turns.at(-1)
    if (last?.role === 'assistant') {
      append(last.reasoning, reasoning)
      append(last.said, marked(said, message))
    } else this.#turns.push({ role: 'assistant', reasoning, said: marked(said, message) })
  }

  #call(call: ToolCallParam, path: string): Block {
    if (call.type !== 'function' && call.type !== 'custom') throw unsupported(call.type, path)
    if (this.#awaited.has(call.id)) {
      const text = `${path}.id: a second call with the id ${JSON.stringify(call.id)}`
      throw new DragomanError('invalid_request', text, { param: `${path}.id`, publicCode: 'invalid_value' })
    }
    const id = this.#newId(call.id)
    this.#awaited.set(call.id, id)
    return call.type === 'function'
      ? {
          type: 'tool_use',
          id,
          name: this.#options.names.write(call.function.name),
          input: inputOf(call.function.arguments),
        }
      : { type: 'tool_use', id, name: this.#options.names.write(call.custom.name), input: { input: call.custom.input } }
  }

  /** Ids have to differ in the whole conversation; many services count anew in every turn. */
  #newId(given: string): string {
    const base = toolUseId(given)
    let id = base
    let n = this.#nextNumbers.get(base) ?? 2
    for (; this.#usedIds.has(id); n++) id = `${base}_${n}`
    this.#nextNumbers.set(base, n)
    this.#usedIds.add(id)
    return id
  }

  #assertAnswered(): void {
    if (this.#awaited.size === 0) return
    const ids = [...this.#awaited.keys()].map((id) => JSON.stringify(id)).join(', ')
    const text = `${this.#callsPath}: no tool message answers ${ids}`
    throw new DragomanError('invalid_request', text, { param: this.#callsPath, publicCode: 'invalid_value' })
  }
}

function blocksOf(turn: Turn): Block[] {
  switch (turn.role) {
    case 'user':
      return [...turn.results, ...turn.said]
    case 'assistant':
      return [...turn.reasoning, ...turn.said]
    case 'system':
      return turn.said
  }
}

/** A mark of the whole message stands on its last block. */
function marked(blocks: Block[], { cache_control }: { cache_control?: unknown }): Block[] {
  const last = blocks.at(-1)
  if (!cache_control || !last) return blocks
  return [...blocks.slice(0, -1), { ...last, cache_control }]
}

/** A string in place of an input is refused, and an earlier answer is no reason to fail. */
function inputOf(given: string | Record<string, unknown>): unknown {
  if (typeof given !== 'string') return given
  if (given.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(given)
    if (isRecord(value)) return value
  } catch {
    // As below: what is no JSON is told as text.
  }
  return { _raw: given }
}

/** White space at the end of a message that is to be gone on with is refused. */
function trimEnd(blocks: Block[]): void {
  const last = blocks.at(-1)
  if (last?.type !== 'text') return
  const text = String(last.text).trimEnd()
  if (text === '') blocks.pop()
  else blocks[blocks.length - 1] = { ...last, text }
}
