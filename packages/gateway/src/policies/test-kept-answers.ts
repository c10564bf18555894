import {
  type AnswerItem,
  heartbeat,
  type LogEntry,
  memoryState,
  type Provider,
  type RelayedAnswer,
  Secret,
  type StateStore,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, handClock, tokens } from '@dragoman/testkit'
import type { Answer, ChatContext } from '../answer.ts'
import type { AnswerCaching } from '../deployments.ts'
import { createGateway, type Gateway, type GatewayOptions } from '../gateway.ts'
import { staticCredentials } from '../static-credentials.ts'
import { noSignal } from '../test-one-provider.ts'

export const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'x' }] }
export const streamed: ChatCompletionRequest = { ...request, stream: true }

/** What one call says: a text that tells how many there were before it. */
export type Says = (call: number, request: ChatCompletionRequest, signal: AbortSignal) => ReturnType<Provider['chat']>

export const counted: Says = async function* (call) {
  yield* chatChunks({ text: [`answer `, `${call}`], usage: tokens(3, 4) })
}

/** Gives its text piece by piece, when it is told to. */
export function byHand(texts = ['one', ' two', ' three']) {
  const waiting: (() => void)[] = []
  let allowed = 0
  const turn = () =>
    new Promise<void>((resolve) => {
      if (allowed > 0) {
        allowed--
        resolve()
      } else waiting.push(resolve)
    })
  const says = async function* (_call: number, _request: ChatCompletionRequest, signal: AbortSignal) {
    for (const chunk of chatChunks({ text: texts, usage: tokens(3, 4) })) {
      await Promise.race([turn(), aborted(signal)])
      yield chunk
    }
  }
  return {
    says,
    /** So many more chunks: first the role, then three texts, then the end. */
    allow(count: number) {
      for (let i = 0; i < count; i++) {
        const next = waiting.shift()
        if (next) next()
        else allowed++
      }
    },
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })
}

export interface SetUpOptions {
  readonly says?: Says
  readonly relay?: (body: string) => RelayedAnswer
  readonly cache?: AnswerCaching | undefined
  readonly state?: StateStore
  readonly admission?: GatewayOptions['admission']
  readonly clock?: ReturnType<typeof handClock>
  readonly previous?: Gateway
}

/** A gateway whose group `m` has one provider, which counts its calls. */
export function setUp({
  says = counted,
  relay,
  cache,
  state,
  admission,
  previous,
  clock = handClock(),
}: SetUpOptions = {}) {
  const records: LogEntry[] = []
  const calls: ChatCompletionRequest[] = []
  let served = 0
  const provider: Provider = {
    id: 'p',
    chat(asked, { signal }) {
      calls.push(asked)
      return says(calls.length, asked, signal)
    },
    ...(relay && {
      relayObstacle: () => undefined,
      async relay({ body }) {
        calls.push(JSON.parse(body))
        return relay(body)
      },
    }),
    endpoints: ['embeddings'],
    async serve() {
      served++
      return { kind: 'json', json: { served } }
    },
    close: async () => {},
  }
  const credentials = staticCredentials([{ id: 'p-key', values: { apiKey: new Secret('sk-of-this-test') } }])
  const entry = { id: 'p', provider, credentials }
  const gateway = createGateway({
    providers: [entry],
    models: [{ name: 'm', cache, deployments: [{ entry, model: 'up' }] }],
    clock,
    state: state ?? memoryState({ clock }),
    admission,
    previous,
    record: (record) => records.push(record),
  })
  const ask = (context: Partial<ChatContext> = {}, asked = request) =>
    gateway.chat(asked, { signal: noSignal, client: 'team', ...context })
  return {
    gateway,
    clock,
    records,
    calls,
    ask,
    /** The whole text. */
    text: async (context?: Partial<ChatContext>, asked?: ChatCompletionRequest) => textOf(await ask(context, asked)),
    get served() {
      return served
    },
  }
}

/** What a client would read. */
export async function textOf(answer: Answer): Promise<string> {
  if (answer.kind === 'completion') return answer.completion.choices[0]?.message.content ?? ''
  if (answer.kind === 'bytes') return Buffer.from(answer.bytes).toString()
  let all = ''
  for await (const item of answer.chunks) all += said(item)
  return all
}

export function said(item: AnswerItem): string {
  if (item === heartbeat) return '.'
  if (item instanceof Uint8Array) return Buffer.from(item).toString()
  return item.choices[0]?.delta.content ?? ''
}

/** Promise jobs and one turn of the event loop have run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
