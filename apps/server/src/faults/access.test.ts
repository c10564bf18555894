import { Secret } from '@dragoman/core'
import { canary, type HandClock, handClock } from '@dragoman/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AppOptions } from '../app.ts'
import { greeter, type RawAnswer, rawRequest, startTestServer, type TestServer } from '../test-server.ts'
import { chatBody, type Front, rawConnection, startFront, statusOf } from './test-front-rig.ts'

const key = 'sk-client-0123456789abcdef'

/** Another client each time: wrong keys of one address are slowed (fault 60). */
let clients = 0
const anotherAddress = () => `127.1.${++clients >> 8}.${clients & 255}`

type Asked = { method?: string; path: string; body?: string }
const chat: Asked = { method: 'POST', path: '/v1/chat/completions', body: chatBody }
const routes: readonly Asked[] = [
  chat,
  { ...chat, path: '/chat/completions' },
  { ...chat, path: '//v1/v1/chat/completions/' },
  { ...chat, body: 'not JSON' },
  { path: '/v1/models' },
  { path: '/v1/models/m' },
  { method: 'HEAD', path: '/v1/models' },
  { method: 'DELETE', path: '/v1/chat/completions' },
  { path: '/v1/nothing' },
  { path: '/v1/models/%E0%A4%A' },
  { path: '/nothing' },
  { path: '/admin' },
]
const named = routes.map((asked) => [`${asked.method ?? 'GET'} ${asked.path}`, asked] as const)

const wrong: readonly [string, Record<string, string>, string][] = [
  ['no key', {}, ''],
  ['an empty one', { authorization: 'Bearer ' }, ''],
  ['a wrong one', { authorization: 'Bearer canary-wrong' }, ''],
  ['all but its last character', { authorization: `Bearer ${key.slice(0, -1)}` }, ''],
  ['one character too many', { authorization: `Bearer ${key}x` }, ''],
  ['a key under another scheme', { authorization: `Basic ${key}` }, ''],
  ['a wrong one in x-api-key', { 'x-api-key': 'canary-wrong' }, ''],
  ['a wrong one in api-key', { 'api-key': 'canary-wrong' }, ''],
  ['a wrong one in the query', {}, '?api_key=canary-wrong'],
  ['a wrong one before a right one in the query', { authorization: 'Bearer canary-wrong' }, `?api_key=${key}`],
  ['a key in another field of the query', {}, `?key=${key}&apikey=${key}&token=${key}&access_token=${key}`],
  ['a key in a cookie', { cookie: `api_key=${key}; authorization=${key}` }, ''],
]

describe('with keys', () => {
  let front: Front
  beforeAll(async () => {
    front = await startFront({ keys: ['sk-another-0123456789abcdef', key] })
  })
  afterAll(() => front[Symbol.asyncDispose]())

  test.each(named)(
    'fault 53: %s is 401 in the dialect of its client for every key but a right one',
    async (_name, asked) => {
      for (const [what, headers, query] of wrong) {
        const path = asked.path + query
        const answer = await rawRequest(front.url, { ...asked, path, headers, localAddress: anotherAddress() })
        expect([what, answer.status, answer.headers['www-authenticate']]).toEqual([what, 401, 'Bearer'])
        expect(answer.headers['x-request-id']).toMatch(/^req_\w{32}$/)
        if (asked.method === 'HEAD') continue
        const { error, ...rest } = JSON.parse(answer.text)
        expect(rest).toEqual({})
        expect(error).toEqual({
          message: expect.any(String),
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        })
        expect(answer.text).not.toContain('canary')
        expect(answer.text).not.toContain(key.slice(0, -1))
      }
      expect(front.upstream.requests).toHaveLength(0)
    },
  )

  test.each<[string, Record<string, string>, string]>([
    ['Authorization', { authorization: `Bearer ${key}` }, ''],
    ['Authorization, its scheme in other letters', { authorization: `bEARER   ${key} ` }, ''],
    ['x-api-key', { 'x-api-key': key }, ''],
    ['api-key', { 'api-key': key }, ''],
    ['the query, its last source', {}, `?api_key=${key}`],
  ])('fault 53: a right key in %s passes, each time', async (_where, headers, query) => {
    await using own = await startFront({ keys: [key] })
    // A second time: a key that was right is remembered.
    for (let time = 1; time <= 2; time++) {
      const answer = await rawRequest(own.url, { ...chat, path: chat.path + query, headers })
      expect(answer.status).toBe(200)
      const { path, headers: sent } = await own.upstream.received(time)
      expect(path).not.toContain('api_key')
      expect(JSON.stringify(sent)).not.toContain(key)
    }
    expect((await rawRequest(own.url, { ...chat, headers: { authorization: 'Bearer canary-wrong' } })).status).toBe(401)
    expect(own.logged()).not.toContain(key)
  })
})

const disguises: readonly Record<string, string>[] = [
  { host: 'localhost' },
  { host: '127.0.0.1' },
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-for': '::1, 127.0.0.1', 'x-forwarded-host': 'localhost', 'x-forwarded-proto': 'https' },
  { forwarded: 'for=127.0.0.1;host=localhost;by=127.0.0.1' },
  { 'x-real-ip': '127.0.0.1', 'x-client-ip': '127.0.0.1', 'true-client-ip': '127.0.0.1' },
  { 'x-original-host': 'localhost', 'x-host': 'localhost', 'x-http-host-override': 'localhost' },
  { origin: 'http://localhost', referer: 'http://localhost/' },
]

describe('from outside', () => {
  let keyed: Front
  let open: Front
  beforeAll(async () => {
    keyed = await startFront({ host: '127.0.0.2', keys: [key] })
    open = await startFront({ host: '127.0.0.2' })
  })
  afterAll(() => Promise.all([keyed[Symbol.asyncDispose](), open[Symbol.asyncDispose]()]))

  test.each(disguises)('fault 57: %j is no key', async (headers) => {
    for (const asked of routes) {
      expect([asked.path, (await rawRequest(keyed.url, { ...asked, headers })).status]).toEqual([asked.path, 401])
    }
    expect(keyed.upstream.requests).toHaveLength(0)
  })

  test.each(disguises)('fault 57: %j does not make up for a foreign Host', async (headers) => {
    const answer = await rawRequest(open.url, { ...chat, headers: { ...headers, host: 'gateway.example' } })
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([403, 'host_not_allowed'])
    expect(open.upstream.requests).toHaveLength(0)
  })
})

describe('without keys', () => {
  let front: Front
  beforeAll(async () => {
    front = await startFront({ corsOrigins: ['https://chat.example'] })
  })
  afterAll(async () => {
    await front[Symbol.asyncDispose]()
  })

  const foreign: readonly [string, (port: number) => Record<string, string>][] = [
    ['a page of another site', () => ({ origin: 'https://evil.example' })],
    ['a page whose name begins like this machine', () => ({ origin: 'http://localhost.evil.example' })],
    ['a page whose name ends like a listed one', () => ({ origin: 'https://evil-chat.example' })],
    ['a listed name under another scheme', () => ({ origin: 'http://chat.example' })],
    ['a sandboxed page or a file', () => ({ origin: 'null' })],
    ['an extension', () => ({ origin: 'chrome-extension://localhost' })],
    ['several origins', () => ({ origin: 'https://chat.example, https://evil.example' })],
    [
      'a name that was pointed here',
      (port) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` }),
    ],
    ['a name that was pointed here, without Origin', (port) => ({ host: `evil.example:${port}` })],
    ['a name that looks like an address', (port) => ({ host: `127.0.0.1.evil.example:${port}` })],
    ['another address', () => ({ host: '192.168.1.1' })],
    ['a name with a user in it', () => ({ host: 'localhost@evil.example' })],
  ]

  const ways: readonly [string, Asked & { headers?: Record<string, string> }][] = [
    ['a post of JSON', { ...chat, headers: { 'content-type': 'application/json' } }],
    ['a post of text, which no preflight precedes', { ...chat, headers: { 'content-type': 'text/plain' } }],
    ['a post of a form', { ...chat, headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['a post of nothing said', chat],
    ['a get', { path: '/v1/models' }],
    ['a get of the start page', { path: '/' }],
    [
      'a preflight',
      {
        method: 'OPTIONS',
        path: chat.path,
        headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
      },
    ],
    [
      'a preflight of a private network',
      {
        method: 'OPTIONS',
        path: chat.path,
        headers: { 'access-control-request-method': 'POST', 'access-control-request-private-network': 'true' },
      },
    ],
  ]

  test.each(foreign)('fault 58: %s is refused, however it asks', async (_who, headersAt) => {
    for (const [way, { headers, ...asked }] of ways) {
      // Twice: a decision is remembered.
      for (let time = 0; time < 2; time++) {
        const answer = await rawRequest(front.url, { ...asked, headers: { ...headers, ...headersAt(front.port) } })
        expect([way, answer.status]).toEqual([way, 403])
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
        expect(JSON.parse(answer.text).error.code).toMatch(/^(host|origin)_not_allowed$/)
      }
    }
    expect(front.upstream.requests).toHaveLength(0)
  })

  test.each(['', 'host:\r\n', 'host: /\r\n', 'host: [\r\n'])(
    'fault 58: a head with %j names no host and is refused',
    async (line) => {
      const { socket, closed } = rawConnection(front)
      socket.write(
        `POST ${chat.path} HTTP/1.1\r\n${line}connection: close\r\ncontent-length: ${chatBody.length}\r\n\r\n${chatBody}`,
      )
      expect(statusOf(await closed)).toBe(403)
      expect(front.upstream.requests).toHaveLength(0)
    },
  )

  test('fault 58: whoever sends hundreds of names changes nothing for the others', async () => {
    for (let name = 0; name < 500; name++) {
      const headers = { host: `n${name}.example`, origin: `https://n${name}.example` }
      expect((await rawRequest(front.url, { path: '/health', headers })).status).toBe(403)
    }
    expect((await rawRequest(front.url, { path: '/health', headers: { origin: 'https://chat.example' } })).status).toBe(
      200,
    )
    expect((await rawRequest(front.url, { path: '/health', headers: { origin: 'https://n1.example' } })).status).toBe(
      403,
    )
  })
})

const adminKey = canary('admin-key')
const clientKey = canary('client-key')
const clientKeys = [{ name: 'client', key: new Secret(clientKey) }]

function startAdmin(options: Partial<AppOptions> = {}): Promise<TestServer> {
  return startTestServer(greeter, { admin: { key: new Secret(adminKey) }, ...options })
}

const adminRoutes: readonly Asked[] = [
  { path: '/admin' },
  { path: '/admin/' },
  { path: '//admin//tokens/stats' },
  { path: '/Admin/Tokens/Stats' },
  { path: '/admin/tokens/stats' },
  { method: 'HEAD', path: '/admin/tokens/stats' },
  { method: 'OPTIONS', path: '/admin/tokens/stats' },
  { method: 'DELETE', path: '/admin/tokens/stats' },
  { path: '/admin/tokens/%E0%A4%A' },
  { path: '/admin/nothing' },
  { method: 'POST', path: '/admin/tokens/reload' },
  { method: 'POST', path: '/admin/tokens/x:1/disable', body: 'not JSON' },
]

const notAdmin: readonly [string, Record<string, string>, string][] = [
  ['no key', {}, ''],
  ['an empty one', { authorization: 'Bearer ', 'x-api-key': '', 'x-admin-key': '' }, ''],
  ['a wrong one', { authorization: 'Bearer canary-wrong' }, ''],
  ['a wrong one in x-admin-key before a right one', { 'x-admin-key': 'x', authorization: `Bearer ${adminKey}` }, ''],
  ['all but its last character', { 'x-admin-key': adminKey.slice(0, -1) }, ''],
  ['the key of a client', { authorization: `Bearer ${clientKey}` }, ''],
  ['the key of a client in x-admin-key', { 'x-admin-key': clientKey }, ''],
  ['the right one under another scheme', { authorization: `Basic ${adminKey}` }, ''],
  ['the right one in api-key', { 'api-key': adminKey }, ''],
  ['the right one in a cookie', { cookie: `x-admin-key=${adminKey}` }, ''],
  ['the right one in the query', {}, `?api_key=${adminKey}`],
  ['the right one in the query too', { 'x-admin-key': adminKey }, `?api_key=${adminKey}`],
  ['the right one in another field of the query', {}, `?key=${adminKey}&x-admin-key=${adminKey}`],
]

describe.each([
  ['with keys', clientKeys],
  ['without keys', undefined],
])('/admin %s', (_mode, keys) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startAdmin({ keys })
  })
  afterAll(() => server.stop())

  test.each(adminRoutes.map((asked) => [`${asked.method ?? 'GET'} ${asked.path}`, asked] as const))(
    'fault 53: %s is 401 for all but the admin key in a header',
    async (_name, asked) => {
      for (const [what, headers, query] of notAdmin) {
        const path = asked.path + query
        const answer = await rawRequest(server.url, { ...asked, path, headers, localAddress: anotherAddress() })
        expect([what, answer.status, answer.headers['www-authenticate']]).toEqual([what, 401, 'Bearer'])
        expect(answer.headers['cache-control']).toBe('no-store')
        if (asked.method !== 'HEAD') expect(JSON.parse(answer.text).error.code).toBe('invalid_api_key')
        for (const key of ['canary-wrong', adminKey, adminKey.slice(0, -1), clientKey]) {
          expect(answer.text).not.toContain(key)
          expect(server.logged.join('')).not.toContain(key)
        }
      }
    },
  )

  test.each(['authorization', 'x-api-key', 'x-admin-key'])('fault 53: the admin key in %s passes', async (name) => {
    const headers = { [name]: name === 'authorization' ? `Bearer ${adminKey}` : adminKey }
    for (const [path, status] of [
      ['/admin/tokens/stats', 200],
      ['/admin/nothing', 404],
    ] as const) {
      const answer = await rawRequest(server.url, { path, headers })
      expect([path, answer.status, answer.headers['cache-control']]).toEqual([path, status, 'no-store'])
    }
    expect(server.logged.join('')).not.toContain(adminKey)
  })

  test.each([
    'https://evil.example',
    'http://localhost:1',
    'http://localhost.evil.example',
    'https://chat.example',
    'null',
    'file://',
  ])('fault 58: a page of %s is refused, also with the key, and no preflight is answered', async (origin) => {
    const access = { mode: keys ? 'keys' : 'open', host: '127.0.0.1', hosts: [], corsOrigins: ['*'] } as const
    await using own = await startAdmin({ keys, access })
    for (const [headers, status] of [
      [{ origin, 'x-admin-key': adminKey }, 403],
      [{ origin }, 403],
    ] as const) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-admin-key' }
        const path = method === 'POST' ? '/admin/tokens/reset-all' : '/admin/tokens/stats'
        const answer = await rawRequest(own.url, { method, path, headers: { ...asked, ...headers } })
        expect([method, answer.status, JSON.parse(answer.text).error.code]).toEqual([
          method,
          status,
          'origin_not_allowed',
        ])
        expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
      }
    }
  })

  test.each(['http', 'https'])(
    'fault 58: a page of this server itself, over %s, needs the key and nothing else',
    async (scheme) => {
      const headers = { origin: `${scheme}://127.0.0.1:${server.port}`, host: `127.0.0.1:${server.port}` }
      const path = '/admin/tokens/stats'
      const allowed = await rawRequest(server.url, { path, headers: { ...headers, 'x-admin-key': adminKey } })
      expect(allowed.status).toBe(200)
      expect(Object.keys(allowed.headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
      expect((await rawRequest(server.url, { path, headers })).status).toBe(401)
    },
  )
})

test('fault 57: on /admin a foreign Host is refused without keys, whatever else is sent', async () => {
  await using server = await startAdmin()
  for (const headers of [...disguises, { 'x-admin-key': adminKey, origin: 'http://gateway.example' }]) {
    const answer = await rawRequest(server.url, {
      path: '/admin/tokens/stats',
      headers: { ...headers, host: 'gateway.example', 'x-admin-key': adminKey },
    })
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([403, 'host_not_allowed'])
  }
})

test('fault 53: the admin key opens nothing for clients', async () => {
  await using server = await startAdmin({ keys: clientKeys })
  for (const asked of [chat, { path: '/v1/models' }]) {
    const headers = { authorization: `Bearer ${adminKey}` }
    expect((await rawRequest(server.url, { ...asked, headers })).status).toBe(401)
  }
})

test('fault 53: without an admin key there is no /admin', async () => {
  await using open = await startTestServer(greeter)
  await using keyed = await startTestServer(greeter, { keys: clientKeys })
  const status = async ({ url }: TestServer, headers: Record<string, string>) =>
    (await rawRequest(url, { path: '/admin/tokens/stats', headers })).status
  expect(await status(open, { 'x-admin-key': 'undefined' })).toBe(404)
  expect(await status(keyed, { 'x-admin-key': 'undefined' })).toBe(401)
  expect(await status(keyed, { authorization: `Bearer ${clientKey}` })).toBe(404)
})

describe('guessing', () => {
  const targets = [
    ['the key of a client', '/v1/models', clientKey],
    ['the admin key', '/admin/tokens/stats', adminKey],
  ] as const
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

  async function startGuessed(clock: HandClock): Promise<TestServer> {
    return startAdmin({ keys: clientKeys, clock })
  }

  test.each(targets)(
    'fault 60: of 1,000 tries for %s, one after the other, all but five wait; the right one never',
    async (_whose, path, key) => {
      const clock = handClock()
      await using server = await startGuessed(clock)
      let expectedMs = 0
      for (let n = 0; n < 1_000; n++) {
        const guess = rawRequest(server.url, { path, headers: bearer(`canary-guess-${n}`) })
        if (n >= 5) {
          const waitMs = Math.min(100 * 2 ** (n - 5), 2_000)
          const first = await Promise.race([clock.armed(waitMs).then(() => 'waits'), guess.then(() => 'answered')])
          expect([n, first]).toEqual([n, 'waits'])
          if (n % 100 === 5) {
            for (const [, at, right] of targets) {
              expect((await rawRequest(server.url, { path: at, headers: bearer(right) })).status).toBe(200)
            }
          }
          expectedMs += waitMs
          await clock.advance(waitMs)
        }
        const { status, text } = await guess
        expect([n, status]).toEqual([n, 401])
        expect(text).not.toContain(key)
      }
      expect(clock.elapsed()).toBe(expectedMs)
      expect(expectedMs).toBeGreaterThan(1_900_000)
      expect(clock.pending).toBe(0)
    },
  )

  test.each(targets)(
    'fault 60: of 1,000 tries for %s at the same time 16 wait, the rest is refused as too many',
    async (_whose, path, key) => {
      const clock = handClock()
      await using server = await startGuessed(clock)
      const guess = (guessed: string, localAddress = '127.0.0.1') =>
        rawRequest(server.url, { path, headers: bearer(guessed), localAddress })
      for (let n = 0; n < 5; n++) expect((await guess(`canary-guess-${n}`)).status).toBe(401)
      // 100 ms, 200 ms, … 2 s
      const held: Promise<RawAnswer>[] = []
      for (let n = 0; n < 16; n++) {
        held.push(guess(`canary-guess-${n}`))
        while (clock.pending <= n) await clock.advance(0)
      }
      const messages = new Set<string>()
      for (let n = 0; n < 979; n++) {
        // The clock stands still, so these are answered without a wait.
        const { status, headers, text } = await guess(n % 2 ? `canary-guess-${n}` : key.slice(0, -1))
        expect([n, status, headers['retry-after']]).toEqual([n, 429, '2'])
        messages.add(text)
      }
      expect([...messages].map((text) => JSON.parse(text).error.code)).toEqual(['rate_limit_exceeded'])
      for (const [, at, right] of targets) {
        expect((await rawRequest(server.url, { path: at, headers: bearer(right) })).status).toBe(200)
      }
      expect((await guess('canary-guess', '127.0.0.9')).status).toBe(401)
      expect(clock.pending).toBe(16)
      await clock.advance(2_000)
      expect((await Promise.all(held)).map(({ status }) => status)).toEqual(Array(16).fill(401))
    },
  )

  test('fault 60: requests without a key guess nothing, and wait for nothing', async () => {
    const clock = handClock()
    await using server = await startGuessed(clock)
    for (let n = 0; n < 30; n++) {
      for (const [, path] of targets) expect((await rawRequest(server.url, { path })).status).toBe(401)
    }
    expect((await rawRequest(server.url, { path: '/v1/models', headers: bearer('canary-guess') })).status).toBe(401)
  })

  test('fault 60: a client that leaves waits no longer', async () => {
    const clock = handClock()
    const cancelled = Promise.withResolvers<void>()
    await using server = await startAdmin({
      clock: {
        ...clock,
        schedule(action, delayMs) {
          const cancel = clock.schedule(action, delayMs)
          return () => {
            cancel()
            cancelled.resolve()
          }
        },
      },
    })
    const head = `GET /admin/tokens/stats HTTP/1.1\r\nhost: localhost\r\nx-admin-key: canary-guess\r\n\r\n`
    const guess = () => {
      const exchange = rawConnection({ host: '127.0.0.1', port: server.port })
      exchange.socket.write(head)
      return exchange
    }
    for (let n = 0; n < 5; n++) {
      const { socket, head } = guess()
      expect(statusOf(await head)).toBe(401)
      socket.destroy()
    }
    const { socket } = guess()
    await clock.armed(100)
    socket.destroy()
    await cancelled.promise
    expect(clock.pending).toBe(0)
  })

  test('fault 60: /health finds no way around it, and answers everybody, soon', async () => {
    const clock = handClock()
    await using server = await startGuessed(clock)
    const health = (headers: Record<string, string>) => rawRequest(server.url, { path: '/health', headers })
    const plain = Object.keys(JSON.parse((await health({})).text))
    let longestMs = 0
    for (let n = 0; n < 20; n++) {
      const before = clock.elapsed()
      const guess = health({ 'x-admin-key': `canary-guess-${n}`, ...bearer(clientKey) })
      if (n >= 5) await clock.armed(Math.min(100 * 2 ** (n - 5), 500)).then(() => clock.advance(500))
      const { status, text } = await guess
      expect([status, Object.keys(JSON.parse(text))]).toEqual([200, plain])
      longestMs = Math.max(longestMs, clock.elapsed() - before)
    }
    expect(longestMs).toBe(500)
    // A client's own key is no guess, and no key is none either.
    for (const headers of [{}, bearer(clientKey)]) expect((await health(headers)).status).toBe(200)
    const { text } = await health(bearer(adminKey))
    expect(JSON.parse(text).tokens).toMatchObject({ total: 0, providers: [] })
  })
})
