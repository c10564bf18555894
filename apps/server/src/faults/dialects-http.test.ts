import { gzipSync } from 'node:zlib'
import { Secret } from '@dragoman/core'
import { canary } from '@dragoman/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { greeter, type RawAnswer, rawRequest, startTestServer, type TestServer } from '../test-server.ts'
import { chatClient, clients, type DialectClient, messagesClient, responsesClient } from './test-dialect-clients.ts'

// What HTTP itself can be asked wrongly: each answer is JSON in the dialect of the route.

let server: TestServer
beforeAll(async () => {
  server = await startTestServer(greeter, { limits: { maxBodyBytes: 10_000, maxBodiesBytes: 100_000 } })
})
afterAll(() => server.stop())

const json = { 'content-type': 'application/json' }
const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = json) =>
  rawRequest(server.url, { method: 'POST', path, headers, body })

/** Demands an error of the dialect, and its ids in the headers. */
function expectError(client: DialectClient, { headers, text }: RawAnswer) {
  expect(headers['content-type']).toMatch(/^application\/json/)
  const id = headers['x-request-id']
  expect(id).toMatch(/^req_/)
  const error = client.readError(JSON.parse(text))
  if (client.dialect !== 'messages') expect(headers['request-id']).toBeUndefined()
  else {
    expect(headers['request-id']).toBe(id)
    expect(JSON.parse(text).request_id).toBe(id)
  }
  return error
}

/** In the words of the family. */
function typeOf(client: DialectClient, messages: string): string {
  return client.dialect === 'messages' ? messages : 'invalid_request_error'
}

describe.each(clients.map((client) => ({ client, dialect: client.dialect })))('$dialect', ({ client }) => {
  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['no JSON', '{"model":'],
    ['an array', '[1]'],
    ['a string', '"m"'],
    ['null', 'null'],
    ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])],
    ['__proto__ in place of a model', '{"__proto__":{"model":"m","messages":[],"input":"x"}}'],
  ])('a body of %s is a 400', async (_what, body) => {
    const answer = await post(client.path, body)
    expect(answer.status).toBe(400)
    expect(expectError(client, answer).type).toBe('invalid_request_error')
  })

  test.each<[string, Record<string, string>, string | Uint8Array, number]>([
    ['of a form', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--', 415],
    ['of text that is no JSON', { 'content-type': 'text/plain' }, 'hello', 415],
    ['in Latin-1', { 'content-type': 'application/json; charset=iso-8859-1' }, '{}', 415],
    ['in an unknown coding', { ...json, 'content-encoding': 'snappy' }, '{}', 415],
    ['in a broken gzip', { ...json, 'content-encoding': 'gzip' }, 'no gzip', 400],
  ])('a body %s is refused in the dialect', async (_what, headers, body, status) => {
    const answer = await post(client.path, body, headers)
    expect(answer.status).toBe(status)
    const { type } = expectError(client, answer)
    expect(type).toBe('invalid_request_error')
  })

  test.each<[string, Record<string, string>, string | Uint8Array]>([
    ['as it is', json, 'x'.repeat(10_001)],
    ['behind its gzip', { ...json, 'content-encoding': 'gzip' }, gzipSync('x'.repeat(1_000_000))],
  ])('fault 44: a body that is too large %s is a 413', async (_how, headers, body) => {
    const answer = await post(client.path, body, headers)
    expect(answer.status).toBe(413)
    expect(expectError(client, answer).type).toBe(typeOf(client, 'request_too_large'))
  })

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is a 405 that names what is possible', async (method) => {
    const answer = await rawRequest(server.url, { method, path: client.path })
    expect(answer.status).toBe(405)
    expect(answer.headers.allow?.split(', ')).toContain('POST')
    expect(expectError(client, answer).type).toBe('invalid_request_error')
  })

  test.each([
    `${client.path}/`,
    `/${client.path}`,
    client.path.replace('/v1', ''),
    client.path.replace('/v1', '/v1/v1'),
    `${client.path}?beta=true`,
  ])('%s is the same route', async (path) => {
    const answer = await post(path, JSON.stringify(client.ask({ stream: false })))
    expect(answer.status).toBe(200)
    expect(client.readWhole(JSON.parse(answer.text)).content).toBe('Hello')
  })

  test('a preflight is answered without a key, and errors can be read by pages', async () => {
    await using keyed = await startTestServer(greeter, {
      keys: [{ name: 'team', key: new Secret(canary('a key')) }],
    })
    const origin = 'https://app.example'
    const preflight = await rawRequest(keyed.url, {
      method: 'OPTIONS',
      path: client.path,
      headers: { origin, 'access-control-request-headers': 'authorization, x-stainless-lang, anthropic-version' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-headers']).toContain('anthropic-version')
    const refused = await rawRequest(keyed.url, { method: 'POST', path: client.path, headers: { ...json, origin } })
    expect(refused.status).toBe(401)
    expect(refused.headers['access-control-allow-origin']).toBe('*')
    expect(refused.headers['access-control-expose-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['x-request-id', 'request-id', 'retry-after', 'x-should-retry']),
    )
  })
})

test.each<[string, string, DialectClient, string]>([
  ['GET', '/v1/messages/batches', messagesClient, 'not_found_error'],
  ['POST', '/v1/messages/msg_1/cancel', messagesClient, 'not_found_error'],
  ['GET', '/messages/nothing', messagesClient, 'not_found_error'],
  ['POST', '/v1/responses/compact', responsesClient, 'invalid_request_error'],
  ['POST', '/v1/responses/input_tokens', responsesClient, 'invalid_request_error'],
  ['GET', '/v1/responses/resp_1/nothing', responsesClient, 'invalid_request_error'],
  ['GET', '/v1/nothing', chatClient, 'invalid_request_error'],
  ['GET', '/v1/chat', chatClient, 'invalid_request_error'],
])('%s %s is a 404 in the dialect of its family', async (method, path, client, type) => {
  const answer = await rawRequest(server.url, { method, path })
  expect(answer.status).toBe(404)
  const error = expectError(client, answer)
  expect(error.type).toBe(type)
  if (client.dialect !== 'messages') expect(error.code).toBe('unknown_url')
})

test('an unknown path under /v1/messages says nothing without a key', async () => {
  await using keyed = await startTestServer(greeter, { keys: [{ name: 'team', key: new Secret(canary('a key')) }] })
  const answer = await rawRequest(keyed.url, { path: '/v1/messages/nothing' })
  expect(answer.status).toBe(401)
  expect(expectError(messagesClient, answer).type).toBe('authentication_error')
})

test.each(['/v1/messages/count_tokens', '/v1/messages'])('GET %s is a 405 of Messages', async (path) => {
  const answer = await rawRequest(server.url, { path })
  expect(answer.status).toBe(405)
  expect(answer.headers.allow).toBe('POST, OPTIONS')
  expectError(messagesClient, answer)
})

test('a WebSocket is refused with 426 at once, and the connection is closed', async () => {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'x',
  }
  const answer = await rawRequest(server.url, { path: '/v1/responses', headers })
  expect(answer.status).toBe(426)
  expect(answer.headers.connection).toBe('close')
  expectError(responsesClient, answer)
})

test('who asks for models as a client of Messages gets its errors so too', async () => {
  const asAnthropic = { 'anthropic-version': '2023-06-01' }
  const unknown = await rawRequest(server.url, { path: '/v1/models/nothing', headers: asAnthropic })
  expect(unknown.status).toBe(404)
  expect(expectError(messagesClient, unknown).type).toBe('not_found_error')
  const badPage = await rawRequest(server.url, { path: '/v1/models?limit=none', headers: asAnthropic })
  expect(badPage.status).toBe(400)
  expect(expectError(messagesClient, badPage).message).toContain('limit')
  const asOpenAI = await rawRequest(server.url, { path: '/v1/models/nothing' })
  expect(expectError(chatClient, asOpenAI)).toMatchObject({ code: 'model_not_found', param: 'model' })
})
