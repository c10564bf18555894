import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientRights, type Clock, Secret, systemClock } from '@dragoman/core'
import { clientLimits, type GatewayOptions, staticCredentials } from '@dragoman/gateway'
import { openAICompatible } from '@dragoman/provider-openai-compatible'
import { chatStream, completion, type FakeUpstream, startFakeUpstream, tokens } from '@dragoman/testkit'
import pino from 'pino'
import { startTestServer, type TestServer } from './test-server.ts'
import { type ServerLedger, serverLedger } from './usage-ledger.ts'

export interface LimitsRig extends AsyncDisposable {
  readonly upstream: FakeUpstream
  readonly server: TestServer
  readonly ledger: ServerLedger
  /** What went wrong with the ledger, as it was logged. */
  readonly warnings: readonly string[]
  post(path: string, body: object, headers?: Record<string, string>): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly error: { readonly message: string; readonly code: string | null; readonly param: string | null } | undefined
}

export const clientKey = 'sk-of-a-limited-client'
export const adminKey = 'admin-key-of-the-limits'

/**
 * The whole server for one key with these rights, over an upstream whose model `up` clients call `m`, whose other models
 * they may not know, and whose answers take 2 and 50 tokens.
 */
export async function startLimited(
  rights: Omit<ClientRights, 'id'>,
  options: {
    clock?: Clock
    folder?: string
    used?: ReturnType<typeof tokens>
    priceOf?: GatewayOptions['priceOf']
  } = {},
): Promise<LimitsRig> {
  const { clock = systemClock, used = tokens(2, 50) } = options
  const made = options.folder === undefined ? await mkdtemp(join(tmpdir(), 'dragoman-limits-')) : undefined
  const upstream = await startFakeUpstream()
  upstream.always((request) => {
    const { path } = request
    if (path.endsWith('/models')) return { body: JSON.stringify({ object: 'list', data: [] }) }
    if (path.endsWith('/embeddings')) return { body: JSON.stringify({ object: 'list', data: [], usage: tokens(2, 0) }) }
    return request.json.stream ? chatStream({ text: 'Hi', usage: used }) : completion({ text: 'Hi', usage: used })
  })
  const provider = openAICompatible.create({ baseUrl: upstream.origin, endpoints: ['embeddings'] }, { clock })
  const entry = {
    id: 'acme',
    provider,
    credentials: staticCredentials([{ id: 'one', values: { apiKey: new Secret('sk-of-the-upstream') } }]),
  }
  const warnings: string[] = []
  const log = pino({ base: null }, { write: (line: string) => warnings.push(JSON.parse(line).msg) })
  const ledger = serverLedger(options.folder ?? made ?? '', clock, log)
  const limits = clientLimits({ clock, budgets: ledger })
  const server = await startTestServer(provider, {
    clock,
    maxConnections: 500,
    keys: [{ key: new Secret(clientKey), name: 'team', rights: { id: 'team', ...rights } }],
    admin: { key: new Secret(adminKey) },
    ratesOf: limits.rates,
    usage: (query) => ledger.sums(query),
    gatewayOptions: {
      clock,
      providers: [entry],
      models: [
        { name: 'm', aliases: ['alias'], deployments: [{ entry, model: 'up' }] },
        { name: 'dear', deployments: [{ entry, model: 'dear-up' }] },
      ],
      fallbackName: undefined,
      admission: limits,
      record: (record) => ledger.record(record),
      priceOf: options.priceOf,
    },
  })
  return {
    upstream,
    server,
    ledger,
    warnings,
    async post(path, body, headers = {}) {
      const response = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}`, ...headers },
        body: JSON.stringify(body),
      })
      const text = await response.text()
      const error = response.ok ? undefined : JSON.parse(text).error
      return { status: response.status, headers: response.headers, text, error }
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await limits.close()
      await ledger.close()
      await provider.close()
      await upstream.close()
      if (made) await rm(made, { recursive: true })
    },
  }
}
