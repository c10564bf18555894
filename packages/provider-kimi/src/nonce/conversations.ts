import type { Call, StateStore } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Turn } from '../transcript.ts'

/** A conversation that the gateway keeps, because the client sends new messages only. */
export interface Conversation {
  /** The site's id of it. */
  readonly session: string
  /** Oldest first. */
  readonly turns: readonly Turn[]
}

export interface ConversationSettings {
  readonly ttlMs: number
  /** Pairs of a question and its answer. */
  readonly maxTurns: number
}

/** Whose conversation a request belongs to: its key in the store, or undefined where the client owns the history. */
export async function conversationKey(
  { model, user, messages }: ChatCompletionRequest,
  call: Call,
  site: string,
): Promise<string | undefined> {
  if (typeof user !== 'string' || user === '') return undefined
  // In other dialects it names who asks, and a history is brought along or stored by the gateway.
  if (call.dialect !== undefined && call.dialect !== 'openai-chat') return undefined
  // Two chats of one user must not mix: one that brings its history is on its own.
  if (messages.some(({ role }) => role === 'assistant' || role === 'tool' || role === 'function')) return undefined
  const name = JSON.stringify([clientOf(call), site, model, user])
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(name))
  return `kimi-nonce:conversation:${Buffer.from(digest).toString('hex')}`
}

/** Two clients may use the same `user`. In an app of its own there is one client. */
function clientOf(call: Call): string {
  return call.client ?? ''
}

export async function readConversation(state: StateStore, key: string): Promise<Conversation | undefined> {
  return parse(await state.get(key))
}

/** Appends turns, whatever others append meanwhile, and starts the time to live anew. */
export async function appendTurns(
  state: StateStore,
  key: string,
  { session, turns }: Conversation,
  { ttlMs, maxTurns }: ConversationSettings,
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await state.get(key)
    const known = parse(before) ?? { session, turns: [] }
    const next: Conversation = { session: known.session, turns: capped([...known.turns, ...turns], maxTurns) }
    if (await state.compareAndSet(key, before, JSON.stringify(next), { ttlMs })) return
  }
}

const MAX_TRIES = 8

/** The last `maxTurns` questions and what was answered to them. */
function capped(turns: readonly Turn[], maxTurns: number): readonly Turn[] {
  const answers = turns.flatMap(({ speaker }, i) => (speaker === 'Assistant' ? [i] : []))
  const lastLeftOut = answers[answers.length - maxTurns - 1]
  return lastLeftOut === undefined ? turns : turns.slice(lastLeftOut + 1)
}

function parse(value: string | undefined): Conversation | undefined {
  return value === undefined ? undefined : (JSON.parse(value) as Conversation) // nobody else writes under this key
}
