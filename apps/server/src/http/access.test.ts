import { Secret } from '@dragoman/core'
import { expect, test } from 'vitest'
import { greeter, rawRequest, startTestServer } from '../test-server.ts'

const keys = [
  { name: 'one', key: new Secret('sk-one') },
  { name: 'two', key: new Secret('sk-two') },
]
const path = '/v1/models'

test.each<[string, Record<string, string>, string]>([
  ['Authorization: Bearer', { authorization: 'Bearer sk-one' }, ''],
  ['a lower-case scheme', { authorization: 'bearer sk-two' }, ''],
  ['x-api-key', { 'x-api-key': 'sk-one' }, ''],
  ['api-key', { 'api-key': 'sk-one' }, ''],
  ['the query', {}, '?api_key=sk-one'],
  [
    'another header, where Authorization has another scheme',
    { authorization: 'Basic eDp5', 'x-api-key': 'sk-one' },
    '',
  ],
  ['another header, where Authorization is empty', { authorization: 'Bearer ', 'api-key': 'sk-one' }, ''],
])('a key is taken from %s', async (_where, headers, query) => {
  await using server = await startTestServer(greeter, { keys })
  expect((await rawRequest(server.url, { path: path + query, headers })).status).toBe(200)
})

test.each<[string, Record<string, string>]>([
  ['no key', {}],
  ['a wrong key', { authorization: 'Bearer sk-three' }],
  ['the start of a key', { authorization: 'Bearer sk-on' }],
  ['a wrong first source before a right second one', { authorization: 'Bearer no', 'x-api-key': 'sk-one' }],
  ['a forged address', { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' }],
  ['something long', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ['something odd', { authorization: `Bearer ' OR 1=1; -- %00 "` }],
])('%s is 401', async (_what, headers) => {
  await using server = await startTestServer(greeter, { keys })
  const answer = await rawRequest(server.url, { path, headers })
  expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  expect(JSON.parse(answer.text).error).toMatchObject({ code: 'invalid_api_key', type: 'invalid_request_error' })
})

test('nothing under /v1 is exempt, also what does not exist; / and /health are', async () => {
  await using server = await startTestServer(greeter, { keys })
  const status = async (asked: string) => (await rawRequest(server.url, { path: asked })).status
  expect(await status('/v1/nothing')).toBe(401)
  expect(await status('/chat/completions')).toBe(401)
  expect(await status('/v1/health')).toBe(401)
  expect(await status('/health')).toBe(200)
  expect(await status('/')).toBe(200)
})

test('with keys, / tells nothing of what is behind them', async () => {
  const facts = {
    version: '1',
    mode: 'keys',
    providers: [{ id: 'hidden', source: 'x' }],
    defaultModel: 'hidden',
  } as const
  await using server = await startTestServer(greeter, { keys, facts })
  for (const accept of ['text/html', 'application/json']) {
    expect((await rawRequest(server.url, { headers: { accept } })).text).not.toContain('hidden')
  }
})

test.each<[string, number]>([
  ['localhost', 200],
  ['localhost:1234', 200],
  ['app.localhost', 200],
  ['127.0.0.1:80', 200],
  ['[::1]:80', 200],
  ['gateway.internal:8787', 200],
  ['evil.example', 403],
  ['127.0.0.1.evil.example', 403],
  ['localhost.evil.example', 403],
  ['10.0.0.1', 403],
])('in open mode the host %j is %i', async (host, status) => {
  const access = { mode: 'open', host: '127.0.0.1', hosts: ['gateway.internal'], corsOrigins: undefined } as const
  await using server = await startTestServer(greeter, { access })
  expect((await rawRequest(server.url, { path, headers: { host } })).status).toBe(status)
})

test.each<[string, number]>([
  ['http://localhost:3000', 200],
  ['https://127.0.0.1', 200],
  ['http://[::1]:5173', 200],
  ['https://chat.example', 200],
  ['https://evil.example', 403],
  ['http://localhost.evil.example', 403],
  ['null', 403],
  ['file://', 403],
])('in open mode the origin %s is %i, preflights too', async (origin, status) => {
  const access = { mode: 'open', host: '127.0.0.1', hosts: [], corsOrigins: ['HTTPS://Chat.Example:443'] } as const
  await using server = await startTestServer(greeter, { access })
  const answer = await rawRequest(server.url, { path, headers: { origin } })
  expect(answer.status).toBe(status)
  expect(answer.headers['access-control-allow-origin']).toBe(status === 200 ? origin : undefined)
  const preflight = await rawRequest(server.url, { method: 'OPTIONS', path, headers: { origin } })
  expect(preflight.status).toBe(status === 200 ? 204 : 403)
})

test('a second address of this machine answers under its own name, and grants nothing else', async () => {
  await using server = await startTestServer(greeter, { host: '127.0.0.2' })
  const status = async (host: string) => (await rawRequest(server.url, { path, headers: { host } })).status
  expect(await status('127.0.0.2')).toBe(200)
  expect(await status('evil.example')).toBe(403)
})

test('with keys any origin may ask, without credentials, and a preflight needs no key', async () => {
  await using server = await startTestServer(greeter, { keys })
  const headers = { origin: 'https://any.example', 'access-control-request-headers': 'authorization,x-stainless-os' }
  const preflight = await rawRequest(server.url, { method: 'OPTIONS', path, headers })
  expect(preflight.status).toBe(204)
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'authorization,x-stainless-os',
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
  })
  expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
  const refused = await rawRequest(server.url, { path, headers })
  expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, '*'])
  expect(refused.headers['access-control-expose-headers']).toContain('x-request-id')
})

test('with keys and listed origins only those get CORS headers', async () => {
  const access = { mode: 'keys', host: '127.0.0.1', hosts: [], corsOrigins: ['https://chat.example'] } as const
  await using server = await startTestServer(greeter, { keys, access })
  const allowed = async (origin: string) =>
    (await rawRequest(server.url, { path, headers: { origin, authorization: 'Bearer sk-one' } })).headers
  expect(await allowed('https://chat.example')).toMatchObject({
    'access-control-allow-origin': 'https://chat.example',
    vary: 'origin',
  })
  expect(await allowed('https://other.example')).not.toHaveProperty('access-control-allow-origin')
})
