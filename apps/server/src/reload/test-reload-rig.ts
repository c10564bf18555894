import { Secret } from '@dragoman/core'
import { type FakeUpstream, type HandClock, handClock, jsonReply, startFakeUpstream } from '@dragoman/testkit'
import pino from 'pino'
import { loadPresets, providerTypes } from '../compose.ts'
import { loadSettings } from '../config/load.ts'
import type { TestFolder } from '../config/test-folder.ts'
import { readAnswer } from '../faults/test-rig.ts'
import { type ServedHttp, serve } from '../serve.ts'
import { ConfigFiles } from './config-files.ts'

/** Like nothing else that waits, so that a test can tell when the files are to be looked at again. */
const pollMs = 1_999

export const adminKey = 'an-admin-key-of-this-test'

export interface ReloadRig extends AsyncDisposable {
  readonly server: ServedHttp
  /** Drives the looks at the files, every limit and every cooldown. */
  readonly clock: HandClock
  /** Everything that was logged, as JSON lines. */
  readonly logged: string[]
  /** How often the configuration was read. */
  readonly loads: number
  write(yaml: string): Promise<void>
  /** Lets the files be looked at, and what that starts end. */
  look(times?: number): Promise<void>
  admin(path: string, method?: 'GET' | 'POST'): Promise<{ status: number; json: Answer }>
  /** `POST /admin/reload`, of which it is expected that it succeeds. */
  reload(query?: string): Promise<Answer>
  /** A chat; its whole answer. */
  ask(model: string, more?: object, headers?: Record<string, string>): ReturnType<typeof readAnswer>
  /** Its head. */
  open(model: string, more?: object): Promise<Response>
}

/** As much of what `/admin` answers as the tests look at. */
export interface Answer {
  readonly result?: string
  readonly changes?: readonly { readonly words: string; readonly needsRestart?: boolean }[]
  readonly last?: Answer | null
  readonly leaving?: number
  readonly problems?: readonly string[]
  readonly config?: Record<string, unknown>
  readonly error?: { readonly message: string; readonly code: string }
}

/** A whole server that was started with this configuration, as `dragoman start` starts it. */
export async function startReloadRig(folder: TestFolder, yaml: string): Promise<ReloadRig> {
  const clock = handClock()
  const logged: string[] = []
  const log = pino({ base: null }, { write: (line: string) => logged.push(line) })
  const write = (text: string) => folder.write('dragoman.yaml', `server: { port: 0 }\n${text}`)
  let loads = 0
  let isLoading = false
  const load = async () => {
    if (isLoading) throw new Error('Two reloads run at the same time')
    loads++
    isLoading = true
    try {
      return await loadSettings({ env: {}, cwd: folder.path(), factories: providerTypes, presets: loadPresets })
    } finally {
      isLoading = false
    }
  }
  await write(yaml)
  const files = new ConfigFiles({ cwd: folder.path(), clock, pollMs })
  const settings = await load()
  await files.reading()
  await files.taken()
  const server = await serve(settings, log, { key: new Secret(adminKey) }, { files, load }, clock)
  server.reloader?.watch()
  const open: ReloadRig['open'] = (model, more) => chat(model, more)
  const chat = (model: string, more: object = {}, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], ...more }),
    })
  const admin: ReloadRig['admin'] = async (path, method = 'GET') => {
    const response = await fetch(`${server.url}/admin/${path}`, { method, headers: { 'x-admin-key': adminKey } })
    return { status: response.status, json: (await response.json()) as Answer }
  }
  return {
    server,
    clock,
    logged,
    get loads() {
      return loads
    },
    write,
    async look(times = 1) {
      for (let n = 0; n < times; n++) {
        await clock.armed(pollMs)
        await clock.advance(pollMs)
        await clock.armed(pollMs)
      }
    },
    admin,
    async reload(query = '') {
      const { status, json } = await admin(`reload${query}`, 'POST')
      if (status !== 200) throw new Error(json.error?.message)
      return json
    },
    ask: async (model, more, headers) => readAnswer(await chat(model, more, headers)),
    open,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** A service that lists no models, so that every other request is one that the test knows. */
export async function startListed(): Promise<FakeUpstream> {
  const upstream = await startFakeUpstream()
  return upstream.on('/v1/models', jsonReply({ object: 'list', data: [] }))
}

/** What an answer of `/admin` says is otherwise. */
export function changesOf({ changes = [] }: Answer): readonly string[] {
  return changes.map(({ words }) => words)
}
