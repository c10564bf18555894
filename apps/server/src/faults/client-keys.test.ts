import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type ClientRights, type Provider, Secret } from '@dragoman/core'
import { canary, chatChunks, type HandClock, handClock, tokens } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { adminKey as findAdminKey } from '../admin-key.ts'
import type { AppOptions } from '../app.ts'
import { ConfigError } from '../config/config-error.ts'
import { testFolder } from '../config/test-folder.ts'
import { digestOf, knownKeys } from '../http/authenticate.ts'
import { createKey, revokeKey } from '../key-changes.ts'
import { keyFile, MadeKeys } from '../made-keys.ts'
import { greeter, rawRequest, startTestServer, type TestServer } from '../test-server.ts'
import { chatBody, rawConnection, statusOf } from './test-front-rig.ts'

const folder = testFolder()
const adminKey = canary('admin-key')
let clock: HandClock
let made: MadeKeys

beforeEach(() => {
  clock = handClock()
  made = new MadeKeys({ place: keyFile(folder.path('data')), clock, log: { warn() {} } })
})
afterEach(() => made.close())

const make = async (rights: Omit<ClientRights, 'id'> = {}) => createKey(await made.store(), { rights }, clock.now())

const start = (options: Partial<AppOptions> & { provider?: Provider; admission?: unknown } = {}) =>
  startTestServer(options.provider ?? greeter, {
    keys: [{ name: 'file', key: new Secret(canary('key-of-the-file')) }],
    madeKeys: made,
    admin: { key: new Secret(adminKey) },
    clock,
    ...options,
  })

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const chat = { method: 'POST', path: '/v1/chat/completions', body: chatBody }

/** Another client each time: wrong keys of one address are slowed (fault 60). */
let clients = 0
const anotherAddress = () => `127.2.${++clients >> 8}.${clients & 255}`

describe('what stands where a key should', () => {
  const routes = [
    chat,
    { ...chat, body: 'not JSON' },
    { method: 'POST', path: '/v1/messages', body: chatBody },
    { method: 'POST', path: '/v1/responses', body: chatBody },
    { path: '/v1/models' },
    { path: '/v1/models/m' },
    { path: '/v1/nothing' },
    { path: '/v1/models/%E0%A4%A' },
    { method: 'DELETE', path: '/v1/models' },
    { path: '/admin/keys' },
    { method: 'POST', path: '/admin/keys', body: '{}' },
    { method: 'DELETE', path: '/admin/keys/ck_1' },
    { path: '/admin/nothing' },
  ]
  const hostile: readonly [string, (right: string) => string][] = [
    ['quotes', () => `'"\`''`],
    ['SQL', () => "' OR '1'='1' --"],
    ['SQL behind a right key', (right) => `${right}' OR 1=1 --`],
    ['another statement', () => "x'; DROP TABLE client_keys; --"],
    ['a union', () => "' UNION SELECT * FROM client_keys --"],
    ['a wildcard of SQL', () => '%'],
    ['one behind the first letters of a key', (right) => `${right.slice(0, 8)}%`],
    ['single wildcards', (right) => '_'.repeat(right.length)],
    ['a wildcard of a shell', () => 'dk_*'],
    ['escapes', () => '%00%27%22%0d%0a'],
    ['a template', () => '$' + '{process.env.ADMIN_KEY}'],
    ['JSON', () => '{"$gt":""}'],
    ['a path', () => '../../data/keys.db'],
    ['a name of every object', () => '__proto__'],
    ['letters beyond ASCII', () => '\u00e9\u00ff\u0080'],
    ['12,000 letters', () => 'x'.repeat(12_000)],
    ['a list of keys', (right) => `${right}, ${right}`],
    ['its digest', (right) => digestOf(right).toString('hex')],
  ]

  test.each(hostile)('fault 54: %s is no key, on any route, and breaks nothing', async (_what, given) => {
    await using server = await start()
    const { text, key } = await make()
    const before = await (await made.store()).list({ limit: 10 })
    // In turn in each place that a key is read from.
    for (const [at, asked] of routes.entries()) {
      const path = at % 3 === 2 ? `${asked.path}?api_key=${encodeURIComponent(given(text))}` : asked.path
      const headers = [bearer(given(text)), { 'x-api-key': given(text) }, {}][at % 3] ?? {}
      const answer = await rawRequest(server.url, { ...asked, path, headers, localAddress: anotherAddress() })
      expect([path, answer.status]).toEqual([path, 401])
      expect(JSON.parse(answer.text).error.type).toMatch(/^(invalid_request_error|authentication_error)$/)
    }
    expect(await (await made.store()).list({ limit: 10 })).toEqual(before)
    expect((await rawRequest(server.url, { ...chat, headers: bearer(text) })).status).toBe(200)
    expect(before.keys.map(({ id }) => id)).toEqual([key.id])
  })

  test.each([
    ['a NUL', 'sk-a\0b', 400],
    ['a line end without its other half', 'sk-a\nb', 400],
    ['a megabyte', 'x'.repeat(1_000_000), 431],
  ])('fault 54: %s in a key ends that connection, and no other', async (_what, given, status) => {
    await using server = await start()
    const { text } = await make()
    for (const path of [chat.path, '/admin/keys', '/v1/nothing']) {
      const { socket, closed } = rawConnection({ host: '127.0.0.1', port: server.port })
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${given}\r\n\r\n`)
      expect([path, statusOf(await closed)]).toEqual([path, status])
    }
    expect((await rawRequest(server.url, { ...chat, headers: bearer(text) })).status).toBe(200)
  })
})

test('fault 55: what is compared is one pair of digests of one length, whatever key was given', () => {
  const right = 'sk-client-0123456789abcdef'
  const compared: number[][] = []
  const isEqual = (a: Uint8Array, b: Uint8Array) => {
    compared.push([a.length, b.length])
    return Buffer.from(a).equals(b)
  }
  const keys = knownKeys(
    ['sk-another', right].map((key) => ({ name: key, key: new Secret(key) })),
    isEqual as never,
  )
  const tries = ['', 's', 'zzzz', right.slice(0, -1), `${right}x`, 'sk-another-one', 'x'.repeat(100_000), right]
  expect(tries.map((given) => keys.find(given, digestOf(given))?.id)).toEqual([...Array(7).fill(undefined), right])
  expect(compared).toEqual(Array(tries.length).fill([32, 32]))
})

describe('an admin key that is none', () => {
  test.each(['', '   ', 'changeme', 'sk-xxx', 'admin123', 'your-admin-key', '<key>', '$ADMIN_KEY'])(
    'fault 56: %j stops the start, with what to do',
    async (value) => {
      const problems = await folder.problems(undefined, { env: { ADMIN_KEY: value } }).catch(() => undefined)
      const outcome = await findAdminKey({ configured: new Secret(value), path: folder.path('admin.key') }).catch(
        (error: unknown) => error,
      )
      expect(outcome).toBeInstanceOf(ConfigError)
      for (const said of [outcome instanceof ConfigError ? outcome.message : '', ...(problems ?? [])]) {
        expect(said).toMatch(/is empty|is a placeholder/)
        expect(said).toContain('openssl rand -hex 32')
      }
    },
  )

  test('fault 56: with a placeholder the program ends with 1 and says what to do', async () => {
    const main = fileURLToPath(new URL('../main.ts', import.meta.url))
    const { PATH = '' } = process.env
    const node = ['-C', 'dragoman-source', '--disable-warning=ExperimentalWarning', main, 'start', '--port', '0']
    const child = spawn(process.execPath, node, { cwd: folder.path(), env: { PATH, ADMIN_KEY: 'changeme' } })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    const [code] = await once(child, 'close')
    expect(code).toBe(1)
    expect(said).toMatch(/ADMIN_KEY|admin key|admin\.key/i)
    expect(said).toContain('openssl rand -hex 32')
    expect(said).not.toContain('    at ')
  })
})

describe('a plain key on the way to more rights', () => {
  const fields: Readonly<Record<string, unknown>> = {
    name: 'mine',
    models: ['*'],
    requests_per_minute: 1_000_000,
    tokens_per_minute: 1_000_000,
    budget: { day: 1_000_000, month: 1_000_000, tokens_per_day: 1e12, tokens_per_month: 1e12, time_zone: 'UTC' },
    allow: { hosted_tools: true },
    expires_at: '2099-01-01',
    parent: null,
    disabled: false,
    role: 'admin',
    is_admin: true,
    scopes: ['*'],
    reason: 'because',
  }

  test.each(Object.entries({ ...fields, everything: fields }))(
    'fault 59: gets nothing by a body with %s on any admin route',
    async (name, value) => {
      await using server = await start()
      const { text, key } = await make({ models: ['m'], requestsPerMinute: 1_000 })
      const before = await (await made.store()).get(key.id)
      const body = JSON.stringify(name === 'everything' ? value : { [name]: value })
      for (const [method, path] of [
        ['POST', '/admin/keys'],
        ['PATCH', `/admin/keys/${key.id}`],
        ['DELETE', `/admin/keys/${key.id}`],
        ['PATCH', '/admin/keys/file'],
        ['POST', '/admin/tokens/x:1/disable'],
        ['POST', '/admin/tokens/reset-all'],
        ['POST', '/admin/reload'],
      ] as const) {
        for (const headers of [bearer(text), { 'x-admin-key': text }, { ...bearer(text), 'x-role': 'admin' }]) {
          const answer = await rawRequest(server.url, {
            method,
            path,
            body,
            headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
            localAddress: anotherAddress(),
          })
          expect([path, answer.status]).toEqual([path, 401])
        }
      }
      const store = await made.store()
      expect({ ...(await store.get(key.id)), lastUsedAt: undefined }).toEqual({ ...before, lastUsedAt: undefined })
      expect((await store.list({ limit: 10 })).keys).toHaveLength(1)
    },
  )

  test.each(['/v1/keys', '/v1/key', '/key/generate', '/v1/auth/keys'])(
    'fault 59: finds no other door: %s',
    async (path) => {
      await using server = await start()
      const { text } = await make()
      const answer = await rawRequest(server.url, { method: 'POST', path, body: '{}', headers: bearer(text) })
      expect(answer.status).toBe(404)
    },
  )

  test('fault 59: is measured against its own rights, whatever its requests say of them', async () => {
    const seen: ClientRights[] = []
    const admission: NonNullable<Parameters<typeof startTestServer>[1]>['gatewayOptions'] = {
      admission: {
        admit({ rights, plan }) {
          seen.push(rights)
          return { targets: plan.targets, settle() {} }
        },
      },
    }
    const { text, key } = await make({ models: ['m'], budget: { day: 1 } })
    await using server = await startTestServer(greeter, {
      keys: [],
      madeKeys: made,
      clock,
      gatewayOptions: admission,
    })
    const rights = { id: key.id, models: ['m'], budget: { day: 1 } }
    const body = JSON.stringify({
      ...JSON.parse(chatBody),
      ...fields,
      models: undefined,
      rights: fields,
      user: 'admin',
    })
    const headers = { ...bearer(text), 'x-client': 'admin', 'x-role': 'admin', 'x-gateway-client': 'file' }
    expect((await rawRequest(server.url, { ...chat, body, headers })).status).toBe(200)
    expect(seen).toEqual([rights])
  })
})

describe('a key that ends in mid-stream', () => {
  let goOn: () => void
  const slow: Provider = {
    ...greeter,
    async *chat(_request, { signal }) {
      const { promise, resolve } = Promise.withResolvers<void>()
      goOn = resolve
      signal.addEventListener('abort', () => resolve())
      const chunks = chatChunks({ text: ['Hel', 'lo'], usage: tokens(1, 2) })
      // With its first text the head of the answer leaves.
      const said = chunks.findIndex(({ choices }) => choices[0]?.delta.content === 'Hel') + 1
      yield* chunks.slice(0, said)
      await promise
      signal.throwIfAborted()
      yield* chunks.slice(said)
    },
  }
  const streamed = JSON.stringify({ ...JSON.parse(chatBody), stream: true })

  /** A stream that has begun; `rest` is what comes until it ends. */
  async function opened(server: TestServer, key: string): Promise<{ rest: () => Promise<string> }> {
    const response = await fetch(`${server.url}${chat.path}`, { method: 'POST', body: streamed, headers: bearer(key) })
    expect(response.status).toBe(200)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = (await reader?.read())?.value ?? ''
    return {
      async rest() {
        for (;;) {
          const read = await reader?.read()
          if (!read || read.done) return text
          text += read.value
        }
      },
    }
  }
  const revokeByAdmin = (server: TestServer, id: string) =>
    rawRequest(server.url, { method: 'DELETE', path: `/admin/keys/${id}`, headers: { 'x-admin-key': adminKey } })
  const revokeElsewhere = async (id: string) => {
    const other = await keyFile(folder.path('data')).open()
    await revokeKey(other, id, clock.now())
    await other.close()
  }
  const status = async (server: TestServer, key: string) =>
    (await rawRequest(server.url, { path: '/v1/models', headers: bearer(key) })).status

  const ends: readonly [string, (server: TestServer, id: string) => Promise<unknown>][] = [
    ['revoked by the admin', revokeByAdmin],
    ['revoked by another process', (_server, id) => revokeElsewhere(id)],
    ['expired', async () => {}],
  ]

  test.each(ends)('fault 62: %s: new requests are refused, the open stream goes on to its end', async (how, end) => {
    await using server = await start({ provider: slow })
    const { text, key } = await make(how === 'expired' ? { expiresAt: clock.now() + 500 } : {})
    const stream = await opened(server, text)
    await end(server, key.id)
    if (how !== 'revoked by the admin') await clock.advance(500)
    expect(await status(server, text)).toBe(401)
    goOn()
    const said = await stream.rest()
    expect(said).toContain('"content":"lo"')
    expect(said.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test.each(ends)('fault 62: %s, with onRevoke: cut the open stream ends with an error', async (how, end) => {
    await using server = await start({ provider: slow, onRevoke: 'cut' })
    const { text, key } = await make(how === 'expired' ? { expiresAt: clock.now() + 500 } : {})
    const other = await make()
    const stream = await opened(server, text)
    await end(server, key.id)
    if (how !== 'revoked by the admin') await clock.advance(1_000)
    const said = await stream.rest()
    expect(said).toContain('"code":"invalid_api_key"')
    expect(said).not.toContain('[DONE]')
    expect([await status(server, text), await status(server, other.text)]).toEqual([401, 200])
  })

  test('fault 62: only the streams of that key are cut', async () => {
    await using server = await start({ provider: slow, onRevoke: 'cut' })
    const [one, other] = [await make(), await make()]
    const kept = await opened(server, other.text)
    const proceed = goOn
    const stream = await opened(server, one.text)
    await revokeByAdmin(server, one.key.id)
    expect(await stream.rest()).toContain('"code":"invalid_api_key"')
    proceed()
    expect((await kept.rest()).endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('fault 62: nothing is looked at while no stream is open', async () => {
    await using server = await start({ provider: slow, onRevoke: 'cut' })
    const { text } = await make()
    const stream = await opened(server, text)
    goOn()
    await stream.rest()
    await clock.advance(1_000)
    // What is left is the one write of when the key was used.
    expect(clock.pending).toBe(1)
  })
})
