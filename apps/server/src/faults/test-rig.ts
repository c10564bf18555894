import { type LogEntry, Secret } from '@dragoman/core'
import {
  createGateway,
  type GatewayOptions,
  type Limits,
  type ProviderEntry,
  staticCredentials,
} from '@dragoman/gateway'
import { openAICompatible } from '@dragoman/provider-openai-compatible'
import {
  canary,
  chatStream,
  completion,
  type HandClock,
  handClock,
  leaked,
  type ScriptedReply,
} from '@dragoman/testkit'
import pino from 'pino'
import { logRecord } from '../http/log-access.ts'
import { startTestServer, type TestServer } from '../test-server.ts'

/** How an answer passes: its chunks are parsed and repaired, or its bytes go on as they came. */
export const lanes = ['parsed', 'relayed'] as const
export type Lane = (typeof lanes)[number]

/** Each lane, streamed and whole. */
export const ways = lanes.flatMap((lane) => [
  { lane, stream: true, asked: 'streamed' },
  { lane, stream: false, asked: 'whole' },
])

export interface RigOptions {
  readonly lane: Lane
  /** Origins of the targets of the model `m`, in order; their providers are `a`, `b`, `c`. */
  readonly targets: readonly string[]
  readonly limits?: Partial<Limits>
  readonly random?: () => number
}

export interface Rig extends AsyncDisposable {
  readonly server: TestServer
  /** Drives every limit and every wait. It stands still: what happens without moving it happened at once. */
  readonly clock: HandClock
  readonly records: readonly LogEntry[]
  /** `provider: outcome` of each call of the nth request, from 0. */
  trail(n?: number): string[] | undefined
  ask(body?: Record<string, unknown>): Promise<ClientAnswer>
  /** By provider. */
  readonly keys: Readonly<Record<string, string>>
  /** Names of keys that can be seen in these values, the log or the records. */
  leaks(...seen: unknown[]): string[]
}

/** The whole server over providers of which each has a key of its own. */
export async function startRig({ lane, targets, limits, random = () => 0.5 }: RigOptions): Promise<Rig> {
  const clock = handClock()
  const keys: Record<string, string> = {}
  const providers = targets.map((origin, index): ProviderEntry => {
    const id = 'abcdef'.charAt(index)
    const key = canary(`key-of-${id}`)
    keys[id] = key
    return {
      id,
      provider: openAICompatible.create({ baseUrl: origin, conformant: lane === 'relayed' }, { clock }),
      credentials: staticCredentials([{ id: `key-${id}`, values: { apiKey: new Secret(key) } }]),
    }
  })
  const models = [{ name: 'm', deployments: providers.map((entry) => ({ entry, model: 'up' })) }]
  const { server, logged, records } = await startRecordedServer({ providers, models, clock, random, limits })
  return {
    server,
    clock,
    records,
    trail: (n = 0) => records[n]?.attempts.map(({ provider, error }) => `${provider}: ${error?.code ?? 'ok'}`),
    ask: (body) => ask(server, body),
    keys,
    leaks: (...seen) => leaked(keys, [seen, logged, records]),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await Promise.all(providers.map(({ provider }) => provider.close()))
    },
  }
}

/** A server over these providers, with all that it logs and records. */
export async function startRecordedServer(options: GatewayOptions) {
  const records: LogEntry[] = []
  const logged: string[] = []
  const log = pino({ base: null, level: 'trace' }, { write: (line: string) => logged.push(line) })
  const gateway = createGateway({
    ...options,
    record(entry) {
      records.push(entry)
      logRecord(log)(entry)
      return options.record?.(entry)
    },
  })
  const server = await startTestServer(undefined, { log, maxConnections: 1_000, gateway })
  return { server, gateway, logged, records }
}

/** An answer as a client has it. */
export interface ClientAnswer {
  readonly status: number
  readonly headers: Headers
  /** The whole body. */
  readonly text: string
  /** What the model said. */
  readonly content: string
  readonly error: { readonly message: string; readonly type: string; readonly code: string | null } | undefined
}

export async function ask(server: { readonly url: string }, body: Record<string, unknown> = {}): Promise<ClientAnswer> {
  const response = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], ...body }),
  })
  return readAnswer(response)
}

export async function readAnswer(response: Response): Promise<ClientAnswer> {
  const { status, headers } = response
  const text = await response.text()
  const isStream = headers.get('content-type')?.startsWith('text/event-stream')
  const data = isStream ? [...text.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => json) : [text]
  let content = ''
  let error: ClientAnswer['error']
  for (const json of data) {
    const part = JSON.parse(json)
    error ??= part.error
    content += part.choices?.[0]?.delta?.content ?? part.choices?.[0]?.message?.content ?? ''
  }
  return { status, headers, text, content, error }
}

/** Answers in the form that is asked for: streamed, one chunk for each piece, or whole. */
export function says(...pieces: readonly string[]): ScriptedReply {
  return ({ json }) => (json.stream ? chatStream({ text: pieces }) : completion({ text: pieces }))
}
