import { type LogEntry, type Provider, Secret, toDragomanError } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, type FakeAnswer, type HandClock, handClock } from '@dragoman/testkit'
import type { Answer, ChatContext } from '../answer.ts'
import type { Deployment } from '../deployments.ts'
import { createGateway, type GatewayOptions } from '../gateway.ts'
import { staticCredentials } from '../static-credentials.ts'
import { noSignal } from '../test-one-provider.ts'

export type Said = FakeAnswer | Provider['chat']

export const weather = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
} as const

export const question: ChatCompletionRequest = {
  model: 'm',
  messages: [{ role: 'user', content: 'Weather in Oslo?' }],
  tools: [weather],
}

export const calls = (name: string, given: unknown = {}) => ({ name, arguments: JSON.stringify(given) })

/** What a client saw of an answer, streamed or not. */
export interface Seen {
  readonly answer: Answer
  readonly id: string
  readonly content: string | null
  readonly reasoning: string
  readonly calls: readonly { readonly name: string; readonly arguments: string }[]
  readonly finish: string | null | undefined
  readonly usage: unknown
}

export interface Rig {
  /** What reached the model. */
  readonly requests: ChatCompletionRequest[]
  readonly records: LogEntry[]
  readonly clock: HandClock
  ask(request?: Partial<ChatCompletionRequest>, context?: Partial<ChatContext>): Promise<Answer>
  seen(request?: Partial<ChatCompletionRequest>, context?: Partial<ChatContext>): Promise<Seen>
}

/** A model that says these things, one after the other; the last one again and again. */
export function modelOf(
  said: readonly Said[],
  deployment: Partial<Deployment> = { ensureToolCall: true },
  options: Partial<GatewayOptions> & { others?: readonly Provider[]; provider?: Partial<Provider> } = {},
): Rig {
  const { others = [], provider: traits, ...given } = options
  const requests: ChatCompletionRequest[] = []
  const records: LogEntry[] = []
  const clock = handClock()
  const provider: Provider = {
    id: 'model',
    async *chat(request, call) {
      const next = said[Math.min(requests.length, said.length - 1)]
      requests.push(request)
      if (typeof next === 'function') yield* next(request, call)
      else yield* chatChunks(next)
    },
    close: async () => {},
    ...traits,
  }
  const entries = [provider, ...others].map((one) => {
    const credential = { id: `${one.id}-key`, values: { apiKey: new Secret('sk-of-this-test') } }
    return { id: one.id, provider: one, credentials: staticCredentials([credential]) }
  })
  const gateway = createGateway({
    providers: entries,
    models: [{ name: 'm', deployments: entries.map((entry) => ({ entry, model: 'up-1', ...deployment })) }],
    clock,
    random: () => 0,
    record: (entry) => records.push(entry),
    ...given,
  })
  const ask: Rig['ask'] = (request, context) =>
    gateway.chat({ ...question, ...request }, { signal: noSignal, ...context })
  return { requests, records, clock, ask, seen: async (...asked) => seenIn(await ask(...asked)) }
}

export async function seenIn(answer: Answer): Promise<Seen> {
  if (answer.kind === 'completion') {
    const { id, choices, usage } = answer.completion
    const { message, finish_reason } = choices[0] ?? {}
    const made = (message?.tool_calls ?? []).map((call) =>
      call.type === 'function' ? call.function : { name: call.custom.name, arguments: call.custom.input },
    )
    const content = message?.content ?? null
    const reasoning = message?.reasoning_content ?? ''
    return { answer, id, content, reasoning, calls: made, finish: finish_reason, usage }
  }
  if (answer.kind === 'bytes') throw new Error('These answers are never relayed')
  return streamedIn(answer)
}

async function streamedIn(answer: Extract<Answer, { kind: 'chunks' }>): Promise<Seen> {
  const heads = new Set<string>()
  const made: { name: string; arguments: string }[] = []
  let [content, reasoning, roles] = ['', '', 0]
  let finish: string | undefined
  let usage: unknown
  for await (const item of answer.chunks) {
    if (typeof item === 'symbol' || item instanceof Uint8Array) continue
    heads.add(JSON.stringify([item.id, item.created, item.model]))
    usage = item.usage ?? usage
    for (const { delta, finish_reason } of item.choices) {
      if (finish) throw new Error('something after the finish reason')
      if (delta.role) roles++
      content += delta.content ?? ''
      reasoning += delta.reasoning_content ?? ''
      for (const { index, function: called, custom } of delta.tool_calls ?? []) {
        const call = made[index] ?? { name: '', arguments: '' }
        call.name += called?.name ?? custom?.name ?? ''
        call.arguments += called?.arguments ?? custom?.input ?? ''
        made[index] = call
      }
      finish = finish_reason ?? finish
    }
  }
  const [head = '[""]', ...others] = heads
  if (others.length > 0 || roles !== 1) throw new Error('not one answer')
  return { answer, id: JSON.parse(head)[0], content, reasoning, calls: made, finish, usage }
}

/** The text of the first system message. */
export function systemOf(request: ChatCompletionRequest | undefined): string {
  const content = request?.messages.find(({ role }) => role === 'system')?.content
  return Array.isArray(content)
    ? content.map((part) => (part.type === 'text' ? part.text : '')).join('|')
    : (content ?? '')
}

export function codeOf(cause: unknown): string {
  return toDragomanError(cause).code
}
