import {
  type CallerSignal,
  DragomanError,
  type ErrorCode,
  heartbeat,
  type LogEntry,
  type Provider,
  Secret,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, type HandClock, handClock, tokens } from '@dragoman/testkit'
import type { Answer } from './answer.ts'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'

export type Chat = Provider['chat']
export type Reply = ReturnType<typeof fails> | (() => AsyncIterable<ChatCompletionChunk>)

export const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'x' }] }
export const streamed: ChatCompletionRequest = { ...request, stream: true }

export const says = (text: string) =>
  async function* () {
    yield* chatChunks({ text, usage: tokens(1, 2) })
  }
export const fails = (
  code: ErrorCode,
  options?: { retryAfterMs?: number; message?: string },
  before: ChatCompletionChunk[] = [],
) =>
  async function* () {
    yield* before
    throw new DragomanError(code, options?.message ?? code, { origin: 'upstream', ...options })
  }
/** Waits until its call is aborted, after some chunks. */
export const stalls = (before: ChatCompletionChunk[] = []): Chat =>
  async function* (_request, { signal }) {
    yield* before
    await new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
export const part = chatChunks({ text: 'Hel', finish: null })
export const roleOnly = part.slice(0, 1)

/** A provider that replies in order; the last reply stays. */
export function entry(id: string, replies: readonly (Reply | Chat)[], keys: readonly string[] = ['k1']) {
  const calls: string[] = []
  const provider: Provider = {
    id,
    chat(request, call) {
      const reply = replies[Math.min(calls.length, replies.length - 1)]
      calls.push(call.credential.id)
      if (!reply) throw new Error('no reply')
      return reply(request, call)
    },
    close: async () => {},
  }
  const credentials = keys.map((key) => ({ id: key, values: { apiKey: new Secret(`sk-${key}`) } }))
  const made: ProviderEntry = { id, provider, credentials: staticCredentials(credentials) }
  return { entry: made, calls }
}

/** Over one group `m` of all entries. */
export function setUp(
  entries: readonly { entry: ProviderEntry }[],
  { group: settings, ...options }: Partial<GatewayOptions> & { group?: Partial<ModelGroup> } = {},
) {
  const clock = handClock()
  const records: LogEntry[] = []
  const providers = entries.map(({ entry }) => entry)
  const group: ModelGroup = {
    name: 'm',
    deployments: providers.map((made) => ({ entry: made, model: 'up' })),
    ...settings,
  }
  const gateway = createGateway({
    providers,
    models: [group],
    clock,
    random: () => 0.5,
    record: (record) => records.push(record),
    ...options,
  })
  return { gateway, clock, records }
}

export async function textOf(answer: Answer): Promise<string> {
  if (answer.kind === 'completion') return answer.completion.choices[0]?.message.content ?? ''
  if (answer.kind === 'bytes') return `bytes: ${Buffer.from(answer.bytes)}`
  let all = ''
  for await (const item of answer.chunks) {
    if (item === heartbeat) all += '*'
    else all += item instanceof Uint8Array ? Buffer.from(item) : (item.choices[0]?.delta.content ?? '')
  }
  return all
}

export function ask(
  gateway: Gateway,
  body = request,
  signal: CallerSignal = new AbortController().signal,
): Promise<Answer> {
  return gateway.chat(body, { signal })
}

/** Runs timers until the promise is settled, so that no test waits for a clock on the wall. */
export async function driven<T>(clock: HandClock, promise: Promise<T>, stepMs = 1_000): Promise<T> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  settled.catch(() => {})
  for (let i = 0; i < 10_000 && !isSettled; i++) await clock.advance(stepMs)
  return settled
}
