import { Secret } from '@dragoman/core'
import {
  completion,
  type FakeUpstream,
  type HandClock,
  handClock,
  jsonReply,
  startFakeUpstream,
} from '@dragoman/testkit'
import pino from 'pino'
import { loadPresets, providerTypes } from './compose.ts'
import { loadSettings } from './config/load.ts'
import type { TestFolder } from './config/test-folder.ts'
import { ConfigFiles } from './reload/config-files.ts'
import { type ServedHttp, serve } from './serve.ts'

export const adminKey = 'an-admin-key-of-this-test'

export interface ObservedRig extends AsyncDisposable {
  readonly server: ServedHttp
  readonly upstream: FakeUpstream
  readonly clock: HandClock
  /** Everything that was logged, as JSON lines. */
  readonly logged: readonly string[]
  ask(model: string, more?: object, headers?: Record<string, string>): Promise<Response>
  /** `/metrics`, with the admin key. */
  scrape(headers?: Record<string, string>): Promise<{ status: number; type: string | null; text: string }>
}

/** A service without a list of models, whose answers are `says`. */
export async function startService(says: Parameters<FakeUpstream['always']>[0] = completion({ text: 'hi' })) {
  const upstream = await startFakeUpstream()
  return upstream.on('/v1/models', jsonReply({ object: 'list', data: [] })).always(says)
}

/** A whole server over one service, `acme`, as `dragoman start` starts it with this configuration. */
export async function startObserved(
  folder: TestFolder,
  yaml: (origin: string) => string,
  options: { upstream?: FakeUpstream | undefined; env?: Record<string, string> } = {},
): Promise<ObservedRig> {
  const { upstream = await startService(), env = {} } = options
  const clock = handClock()
  const logged: string[] = []
  const log = pino({ base: null }, { write: (line: string) => logged.push(line) })
  await folder.write('dragoman.yaml', `server: { port: 0 }\n${yaml(upstream.origin)}`)
  const load = () => loadSettings({ env, cwd: folder.path(), factories: providerTypes, presets: loadPresets })
  const files = new ConfigFiles({ cwd: folder.path(), clock })
  const settings = await load()
  await files.reading()
  const server = await serve(settings, log, { key: new Secret(adminKey) }, { files, load }, clock)
  return {
    server,
    upstream,
    clock,
    logged,
    ask: (model, more = {}, headers = {}) =>
      fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], ...more }),
      }),
    async scrape(headers = {}) {
      const response = await fetch(`${server.url}/metrics`, { headers: { 'x-api-key': adminKey, ...headers } })
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
    },
    async [Symbol.asyncDispose]() {
      await server.stop()
      await upstream.close()
    },
  }
}
