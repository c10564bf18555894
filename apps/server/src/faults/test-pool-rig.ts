import { type Credential, credential, type Provider, Secret } from '@dragoman/core'
import { openAICompatible } from '@dragoman/provider-openai-compatible'
import {
  canary,
  type Exchange,
  errorReply,
  type FakeUpstream,
  type HandClock,
  handClock,
  leaked,
  type Reply,
  type ScriptedReply,
} from '@dragoman/testkit'
import { type PoolEvent, TokenPool, type TokenPoolOptions } from '@dragoman/token-pool'
import { ask, type ClientAnswer, type Lane, says, startRecordedServer } from './test-rig.ts'

export interface PoolRig extends AsyncDisposable {
  readonly pool: TokenPool
  /** Drives every cooldown and every wait. It stands still: what happens without moving it happened at once. */
  readonly clock: HandClock
  readonly events: readonly PoolEvent[]
  readonly url: string
  ask(body?: Record<string, unknown>): Promise<ClientAnswer>
  /** `key1: rate_limited`, …: with which key the nth request (from 0) was tried, and what came of it. */
  trail(n?: number): string[] | undefined
  /** Names of keys that can be seen in these values, the log, the records, the events or the pool's statistics. */
  leaks(...seen: unknown[]): string[]
}

export interface PoolRigOptions {
  readonly lane?: Lane
  /** Keys in the pool: `key1`, `key2`, … */
  readonly keys?: number
  /** Signs in in place of using the keys as they are. */
  readonly acquire?: TokenPoolOptions['acquire']
  readonly pool?: Partial<TokenPoolOptions>
}

/** The whole server over one service with several keys. */
export async function startPoolRig(upstream: FakeUpstream, options: PoolRigOptions = {}): Promise<PoolRig> {
  const { lane = 'parsed', keys: count = 2 } = options
  const clock = handClock()
  const keys = Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at + 1}`, keyOf(at + 1)]))
  const events: PoolEvent[] = []
  const pool = new TokenPool({
    name: 'a',
    credentials: Object.values(keys).map((key) => ({ values: { apiKey: new Secret(key) } })),
    acquire: options.acquire,
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...options.pool,
  })
  const provider: Provider = openAICompatible.create(
    { baseUrl: upstream.origin, conformant: lane === 'relayed' },
    { clock },
  )
  const entry = { id: 'a', provider, credentials: pool }
  const models = ['m', 'other'].map((name) => ({ name, deployments: [{ entry, model: `up-${name}` }] }))
  const { server, logged, records } = await startRecordedServer({ providers: [entry], models, clock })
  return {
    pool,
    clock,
    events,
    url: server.url,
    ask: (body) => ask(server, body),
    trail: (n = 0) => records[n]?.attempts.map(({ credential: id, error }) => `${id}: ${error?.code ?? 'ok'}`),
    leaks: (...seen) => leaked(keys, [seen, logged, records, events, pool.stats()]),
    async [Symbol.asyncDispose]() {
      await server.stop()
      pool.close()
      await provider.close()
    },
  }
}

export function keyOf(n: number): string {
  return canary(`key${n}`)
}

/** Which key a request brought, by its number; the text itself where it is another one. */
export function broughtBy({ headers }: { readonly headers: { readonly authorization?: string | undefined } }): string {
  const token = headers.authorization?.replace('Bearer ', '') ?? ''
  const n = [1, 2, 3, 4, 5].find((number) => keyOf(number) === token)
  return n === undefined ? token : `key${n}`
}

/** Answers by the key that is brought; whoever is not named is served. */
export function byKey(replies: Readonly<Record<string, ScriptedReply>>): ScriptedReply {
  return (exchange) => replyTo(exchange, replies[broughtBy(exchange)] ?? says('hi'))
}

/** For scripts that choose: what `reply` answers to this request. */
export function replyTo(exchange: Exchange, reply: ScriptedReply): Reply | Promise<Reply> {
  return typeof reply === 'function' ? reply(exchange) : reply
}

/** A 429 as services send it. */
export function rateLimited(headers: Record<string, string> = {}): ScriptedReply {
  return errorReply(429, 'Too many requests', headers)
}

/** A session that was signed in for. */
export function session(source: Credential, token: string): Credential {
  return { ...credential({ apiKey: token }, source.id) }
}
