import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawRequest } from '../test-server.ts'
import { chatBody, type Front, rawConnection, startFront, statusOf } from './test-front-rig.ts'

const key = 'sk-client-0123456789abcdef'

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
        const answer = await rawRequest(front.url, { ...asked, path: asked.path + query, headers })
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
