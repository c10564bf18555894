import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type LogEntry, Secret } from '@dragoman/core'
import { type Deployment, type Limits, type ModelGroup, type ProviderEntry, staticCredentials } from '@dragoman/gateway'
import { canary, type FakeUpstream, type HandClock, handClock, startFakeUpstream } from '@dragoman/testkit'
import type { AppOptions } from '../app.ts'
import { startTestServer, type TestServer } from '../test-server.ts'
import { clients, type DialectClient } from './test-dialect-clients.ts'
import { type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'
import { ClientAnswer, limits, passTime } from './test-stream-rig.ts'

export interface Pair {
  readonly client: DialectClient
  readonly kind: UpstreamKind
  readonly pair: string
}

/** Every dialect of a client over every kind of upstream. */
export const pairs: readonly Pair[] = clients.flatMap((client) =>
  upstreamKinds.map((kind) => ({ client, kind, pair: `${client.dialect} over ${kind.name}` })),
)

export interface DialectRig extends AsyncDisposable {
  readonly server: TestServer
  /** Serves the model `m`. */
  readonly upstream: FakeUpstream
  /** Its second target, where `next` asks for one. */
  readonly nextUpstream: FakeUpstream
  /** Drives every limit. It stands still: what happens without moving it happened at once. */
  readonly clock: HandClock
  readonly records: readonly LogEntry[]
  /** The nth record, from 1. */
  recorded(n?: number): Promise<LogEntry>
  /** Sends a request in the client's dialect: `ask` with these fields. */
  send(client: DialectClient, fields?: Record<string, unknown>, options?: SendOptions): Promise<ClientAnswer>
  /** Moves the clock until `over` settles, and gives how far. Fails where that takes more than `atMostMs`. */
  pass(over: Promise<unknown>, atMostMs: number): Promise<number>
}

export interface SendOptions {
  readonly signal?: AbortSignal
  readonly headers?: Record<string, string>
}

export interface DialectRigOptions extends Partial<Pick<AppOptions, 'keys' | 'files'>> {
  readonly gatewayLimits?: Partial<Limits>
  /** Of both targets. */
  readonly deployment?: Partial<Deployment>
  /** What serves where the first target fails. */
  readonly next?: UpstreamKind
  readonly group?: Partial<ModelGroup>
}

/** The whole server over one fake upstream, on a clock that stands still. */
export async function startDialectRig(
  kind: UpstreamKind,
  { gatewayLimits, deployment, next, group, ...app }: DialectRigOptions = {},
): Promise<DialectRig> {
  const upstream = await startFakeUpstream()
  const nextUpstream = await startFakeUpstream()
  const clock = handClock()
  const records: LogEntry[] = []
  const waiting = new Set<() => void>()
  const entryOf = (id: string, { provider }: UpstreamKind, { origin }: FakeUpstream): ProviderEntry => ({
    id,
    provider: provider(origin, clock),
    credentials: staticCredentials([{ id: `key-${id}`, values: { apiKey: new Secret(canary(`key-of-${id}`)) } }]),
  })
  const deployments = [{ entry: entryOf('a', kind, upstream), model: kind.model, ...deployment }]
  if (next) deployments.push({ entry: entryOf('b', next, nextUpstream), model: next.model, ...deployment })
  const server = await startTestServer(undefined, {
    ...app,
    clock,
    gatewayOptions: {
      providers: deployments.map(({ entry }) => entry),
      models: [{ name: 'm', deployments, ...group }],
      fallbackName: undefined,
      clock,
      // No repetition: it would wait by the clock.
      limits: { ...limits, attempts: 1, ...gatewayLimits },
      record(record) {
        records.push(record)
        for (const check of [...waiting]) check()
      },
    },
  })

  return {
    server,
    upstream,
    nextUpstream,
    clock,
    records,
    recorded: (n = 1) =>
      new Promise((resolve) => {
        const check = () => {
          const record = records[n - 1]
          if (!record) return
          waiting.delete(check)
          resolve(record)
        }
        waiting.add(check)
        check()
      }),
    send: async (client, fields, options) =>
      new ClientAnswer(await post(server.port, client.path, client.ask(fields), options)),
    pass: (over, atMostMs) => passTime(clock, over, atMostMs),
    async [Symbol.asyncDispose]() {
      // The upstream first: a client that a test left waiting is not to hold the server for its grace.
      await Promise.all([upstream.close(), nextUpstream.close()])
      await server.stop()
      await Promise.all(deployments.map(({ entry }) => entry.provider.close()))
    },
  }
}

/** Resolves with the head; rejects where the connection ends before it. */
export function post(
  port: number,
  path: string,
  body: unknown,
  { signal, headers = {} }: SendOptions = {},
): Promise<IncomingMessage> {
  const options = {
    host: '127.0.0.1',
    port,
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    agent: false,
    signal,
  }
  return new Promise((resolve, reject) => {
    const sent = httpRequest(options, resolve)
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
  })
}
