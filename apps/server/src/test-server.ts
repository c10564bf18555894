import { request as httpRequest } from 'node:http'
import { type Provider, systemClock } from '@dragoman/core'
import { createGateway, type GatewayOptions, staticCredentials } from '@dragoman/gateway'
import { chatChunks, tokens } from '@dragoman/testkit'
import pino from 'pino'
import { type AppOptions, createApp } from './app.ts'
import { logRecord } from './http/log-access.ts'
import { type HttpServer, listen } from './http-server.ts'

/** Answers `Hello`, in two pieces. */
export const greeter: Provider = {
  id: 'greeter',
  async *chat() {
    yield* chatChunks({ text: ['Hel', 'lo'], usage: tokens(1, 2) })
  },
  models: async () => [{ id: 'org/greeter:free', object: 'model', created: 1, owned_by: 'org' }],
  close: async () => {},
}

export interface TestServer extends HttpServer, AsyncDisposable {
  /** Everything that was logged, as JSON lines. */
  readonly logged: readonly string[]
}

/** The whole server over one provider, on a free port of loopback. */
export async function startTestServer(
  provider: Provider = greeter,
  options: Partial<AppOptions> & {
    host?: string
    graceMs?: number
    maxConnections?: number
    idleGraceMs?: number
    gatewayOptions?: Partial<GatewayOptions>
  } = {},
): Promise<TestServer> {
  const { host = '127.0.0.1', graceMs = 1_000, maxConnections = 100 } = options
  const logged: string[] = []
  const log = pino({ base: null }, { write: (line: string) => logged.push(line) })
  const entry = { id: provider.id, provider, credentials: staticCredentials([]) }
  const app = createApp({
    gateway: createGateway({
      providers: [entry],
      fallbackName: `${provider.id}/default`,
      clock: systemClock,
      record: logRecord(log),
      ...options.gatewayOptions,
    }),
    access: { mode: options.keys ? 'keys' : 'open', host, hosts: [], corsOrigins: undefined },
    keys: undefined,
    limits: { maxBodyBytes: 1_000_000, maxBodiesBytes: 4_000_000 },
    facts: { version: '0.0.0', mode: options.keys ? 'keys' : 'open', providers: [], defaultModel: 'm' },
    log,
    logsAccess: true,
    ...options,
  })
  const server = await listen(app, { host, port: 0, maxConnections, graceMs, idleGraceMs: options.idleGraceMs })
  return { ...server, logged, [Symbol.asyncDispose]: () => server.stop() }
}

export interface RawAnswer {
  readonly status: number
  readonly headers: Record<string, string | undefined>
  readonly text: string
}

/** A request with exactly these headers and this path: fetch would mend both. */
export function rawRequest(
  url: string,
  options: {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: string | Uint8Array
    /** Where it comes from: any address of 127.0.0.0/8, each of which is another client. */
    localAddress?: string
  } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const { method = 'GET', path = '/', headers = {}, body, localAddress } = options
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, method, path, headers, localAddress, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers as Record<string, string>, text }),
      )
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
