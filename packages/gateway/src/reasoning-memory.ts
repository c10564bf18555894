import { createHash } from 'node:crypto'
import { OwnedEntries, type StateStore } from '@dragoman/core'
import type { AssistantMessage, ChatCompletionRequest, ReasoningDetail, ToolCallParam } from '@dragoman/openai-schema'
import { withOrigin } from './reasoning-origin.ts'
import type { ToolTurn } from './turn-reader.ts'

const kept = { kind: 'reasoning', maxEntries: 2_000, ttlMs: 30 * 24 * 60 * 60 * 1000 }

interface Remembered {
  readonly origin: string
  readonly text: string
  readonly details: readonly ReasoningDetail[]
}

/**
 * What models thought before they called tools, for clients that send the call back without it. Known by the client and
 * the call: its id, name and arguments, because some models count their calls anew in each conversation.
 */
export class ReasoningMemory {
  readonly #turns: OwnedEntries

  constructor(state: StateStore) {
    this.#turns = new OwnedEntries(state, kept)
  }

  remember(client: string, { call, text, details }: ToolTurn, origin: string): Promise<void> {
    const value: Remembered = { origin, text, details }
    return this.#turns.set(client, idOf(call), JSON.stringify(value))
  }

  /** The request with the reasoning that is known of its turns, and undefined where there is none to put back. */
  async restored(request: ChatCompletionRequest, client: string): Promise<ChatCompletionRequest | undefined> {
    let isChanged = false
    const messages = await Promise.all(
      request.messages.map(async (message) => {
        const call = missing(message)
        const known = call && (await this.#read(client, call))
        if (!known || message.role !== 'assistant') return message
        isChanged = true
        return restore(message, known)
      }),
    )
    return isChanged ? { ...request, messages } : undefined
  }

  async #read(client: string, call: ToolTurn['call']): Promise<Remembered | undefined> {
    const value = await this.#turns.get(client, idOf(call))
    return value === undefined ? undefined : (JSON.parse(value) as Remembered) // as `remember` wrote it
  }
}

/** Whether a request has turns of which reasoning may be missing. */
export function mayLackReasoning({ messages }: ChatCompletionRequest): boolean {
  return messages.some((message) => missing(message) !== undefined)
}

function restore(message: AssistantMessage, { origin, text, details }: Remembered): AssistantMessage {
  const restored = { ...message }
  if (text !== '' && !message.reasoning_content) restored.reasoning_content = text
  if (details.length > 0 && !message.reasoning_details?.length) restored.reasoning_details = withOrigin(details, origin)
  return restored
}

/** The call by which a turn is known, where any of its reasoning is not there. */
function missing(message: ChatCompletionRequest['messages'][number]): ToolTurn['call'] | undefined {
  if (message.role !== 'assistant' || !message.tool_calls?.length) return undefined
  const hasText = Boolean(message.reasoning_content || message.reasoning)
  return hasText && message.reasoning_details?.length ? undefined : callOf(message.tool_calls[0])
}

function callOf(call: ToolCallParam | undefined): ToolTurn['call'] | undefined {
  if (call?.type !== 'function') return undefined
  const { name, arguments: given } = call.function
  return { id: call.id, name, arguments: typeof given === 'string' ? given : JSON.stringify(given) }
}

function idOf({ id, name, arguments: text }: ToolTurn['call']): string {
  return createHash('sha256')
    .update(JSON.stringify([id, name, sameJson(text)]))
    .digest('base64url')
}

/** Clients write the arguments anew, with other spaces and in another order. */
function sameJson(text: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(text || '{}')))
  } catch {
    return text // what is no JSON is sent back as it is
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
