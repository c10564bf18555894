import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { DragomanError, type Provider, Secret } from '@dragoman/core'
import type { Model } from '@dragoman/openai-schema'
import { chatChunks } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { greeter, rawRequest, startTestServer } from './test-server.ts'

const chatPath = '/v1/chat/completions'
const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
const json = { 'content-type': 'application/json' }

test.each([
  '/v1/chat/completions',
  '/chat/completions',
  '/v1/v1/chat/completions',
  '//v1//chat/completions/',
  '/v1/chat/completions?beta=true',
])('%s is the chat route', async (path) => {
  await using server = await startTestServer()
  const answer = await rawRequest(server.url, { method: 'POST', path, headers: json, body })
  expect(answer.status).toBe(200)
  expect(JSON.parse(answer.text).choices[0].message.content).toBe('Hello')
})

test('an answer says which request, model and provider it was', async () => {
  await using server = await startTestServer()
  const answer = await rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body })
  expect(answer.headers).toMatchObject({
    'x-request-id': expect.stringMatching(/^req_\w{32}$/),
    'x-gateway-model': 'greeter/default',
    'x-gateway-provider': 'greeter',
    'content-type': 'application/json; charset=utf-8',
  })
  expect(answer.headers).not.toHaveProperty('x-powered-by')
})

test('a stream has the headers that proxies need to leave it alone, and ends with [DONE]', async () => {
  await using server = await startTestServer()
  const streamed = JSON.stringify({ ...JSON.parse(body), stream: true })
  const answer = await rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body: streamed })
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  expect(answer.headers).not.toHaveProperty('content-length')
  expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true)
  const frames = answer.text.split('\n\n').filter((frame) => frame.startsWith('data: {'))
  for (const frame of frames) expect(JSON.parse(frame.slice(6)).choices).toHaveLength(1)
})

test.each([
  ['not JSON', '{"model":', 400, null],
  ['nothing', '', 400, null],
  ['an array', '[]', 400, null],
  ['a string', '"x"', 400, null],
  ['no model', '{"messages":[{"role":"user","content":"x"}]}', 400, 'model'],
  ['no messages', '{"model":"m"}', 400, 'messages'],
  ['an empty conversation', '{"model":"m","messages":[]}', 400, 'messages'],
  ['an unknown role', '{"model":"m","messages":[{"role":"robot","content":"x"}]}', 400, 'messages[0].role'],
  ['a wrong type', '{"model":"m","messages":[{"role":"user","content":"x"}],"stream":"yes"}', 400, 'stream'],
  [
    'a wrong type deep inside',
    '{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":1}]}]}',
    400,
    'messages[0].content[0].text',
  ],
  ['a tower of brackets', `{"model":"m","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, null],
  ['a million keys', `{${Array.from({ length: 100_001 }, (_, i) => `"k${i}":1`).join()}}`, 400, null],
])('%s is refused with the field at fault, as JSON', async (_what, text, status, param) => {
  await using server = await startTestServer(greeter, { limits: { maxBodyBytes: 8e6, maxBodiesBytes: 8e6 } })
  const answer = await rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body: text })
  expect(answer.status).toBe(status)
  const { error } = JSON.parse(answer.text)
  expect(error).toMatchObject({ type: 'invalid_request_error', param })
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect((await rawRequest(server.url, { path: '/health' })).status).toBe(200)
})

test('a body with __proto__ and constructor keys is data', async () => {
  await using server = await startTestServer()
  const hostile = `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},${body.slice(1)}`
  expect((await rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body: hostile })).status).toBe(
    200,
  )
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync],
])('a body in %s is read', async (encoding, compress) => {
  await using server = await startTestServer()
  const headers = { ...json, 'content-encoding': encoding }
  const answer = await rawRequest(server.url, {
    method: 'POST',
    path: chatPath,
    headers,
    body: compress(Buffer.from(body)),
  })
  expect(answer.status).toBe(200)
})

test.each([
  ['an unknown encoding', { 'content-encoding': 'lzw' }, body, 415],
  ['a broken encoding', { 'content-encoding': 'gzip' }, body, 400],
  ['another charset', { 'content-type': 'application/json; charset=utf-16' }, body, 415],
  ['a form', { 'content-type': 'multipart/form-data; boundary=x' }, body, 415],
  ['something that is neither said to be JSON nor is', { 'content-type': 'text/plain' }, 'hello', 415],
  ['bytes that are no UTF-8', json, new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 400],
])('%s is refused', async (_what, headers, sent, status) => {
  await using server = await startTestServer()
  const answer = await rawRequest(server.url, {
    method: 'POST',
    path: chatPath,
    headers: headers as Record<string, string>,
    body: sent,
  })
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.text).error.type).toBe('invalid_request_error')
})

test.each([{}, { 'content-type': 'application/x-www-form-urlencoded' }, { 'content-type': 'text/plain' }])(
  'JSON is read also when %j says otherwise, as curl does',
  async (headers) => {
    await using server = await startTestServer()
    expect((await rawRequest(server.url, { method: 'POST', path: chatPath, headers, body })).status).toBe(200)
  },
)

test('a body over the limit is 413, announced, streamed or compressed', async () => {
  await using server = await startTestServer(greeter, { limits: { maxBodyBytes: 1_000, maxBodiesBytes: 10_000 } })
  const large = JSON.stringify({ x: 'x'.repeat(5_000) })
  const send = (headers: Record<string, string>, sent: string | Uint8Array) =>
    rawRequest(server.url, { method: 'POST', path: chatPath, headers, body: sent })
  for (const answer of [
    await send(json, large),
    await send({ ...json, 'transfer-encoding': 'chunked' }, large),
    await send({ ...json, 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(10_000_000))),
  ]) {
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.text).error.code).toBe('request_too_large')
  }
})

test('bodies that are too large together are refused until some are answered', async () => {
  const gate = Promise.withResolvers<void>()
  const slow: Provider = {
    ...greeter,
    async *chat() {
      await gate.promise
      yield* chatChunks({ text: 'x' })
    },
  }
  const large = JSON.stringify({ ...JSON.parse(body), user: 'x'.repeat(600) })
  await using server = await startTestServer(slow, { limits: { maxBodyBytes: 1_000, maxBodiesBytes: 1_000 } })
  const send = () => rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body: large })
  const [first, second] = [send(), send()]
  const refused = await Promise.race([first, second])
  expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([503, 'overloaded'])
  gate.resolve()
  expect([(await first).status, (await second).status].sort()).toEqual([200, 503])
  expect((await send()).status).toBe(200)
})

test('unknown paths are 404, known ones with other methods 405 with Allow', async () => {
  await using server = await startTestServer()
  const unknown = await rawRequest(server.url, { path: '/v1/nothing?api_key=sk-canary' })
  expect([unknown.status, JSON.parse(unknown.text).error.code]).toEqual([404, 'unknown_url'])
  expect(unknown.text).not.toContain('canary')
  const wrong = await rawRequest(server.url, { method: 'DELETE', path: chatPath })
  expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST, OPTIONS'])
  expect((await rawRequest(server.url, { method: 'POST', path: '/v1/models' })).headers.allow).toBe(
    'GET, HEAD, OPTIONS',
  )
})

test('models are listed and read by ids with slashes, plain or encoded', async () => {
  await using server = await startTestServer()
  const list = JSON.parse((await rawRequest(server.url, { path: '/models/' })).text)
  expect(list.data.map(({ id }: { id: string }) => id)).toEqual(['org/greeter:free', 'greeter/org/greeter:free'])
  for (const path of ['/v1/models/org/greeter:free', '/v1/models/org%2Fgreeter%3Afree']) {
    expect(JSON.parse((await rawRequest(server.url, { path })).text)).toMatchObject({
      id: 'org/greeter:free',
      owned_by: 'org',
    })
  }
  const missing = await rawRequest(server.url, { path: '/v1/models/none' })
  expect([missing.status, JSON.parse(missing.text).error]).toMatchObject([
    404,
    { code: 'model_not_found', param: 'model' },
  ])
  expect((await rawRequest(server.url, { path: '/v1/models/%E0%A4%A' })).status).toBe(400)
})

test('a model with a time that cannot be is listed, and so are the others', async () => {
  const times = [1.7e15, Number.NaN, -1e20, undefined, 'x', 1_700_000_000]
  await using server = await startTestServer({
    ...greeter,
    models: async () => times.map((created, i) => ({ id: `m${i}`, object: 'model', created, owned_by: 'o' }) as Model),
  })
  const { data } = JSON.parse((await rawRequest(server.url, { path: '/v1/models' })).text)
  const bare = data.filter(({ id }: Model) => !id.includes('/')).map(({ created }: Model) => created)
  expect(bare).toEqual([0, 0, 0, 0, 0, 1_700_000_000])
})

test('HEAD answers like GET, without a body', async () => {
  await using server = await startTestServer()
  for (const path of ['/', '/health', '/v1/models']) {
    const answer = await rawRequest(server.url, { method: 'HEAD', path })
    expect([answer.status, answer.text]).toEqual([200, ''])
  }
})

test('/health says what is running since when; / says how to call it', async () => {
  await using server = await startTestServer()
  const health = JSON.parse((await rawRequest(server.url, { path: '/health' })).text)
  expect(health).toEqual({
    status: 'healthy',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    version: '0.0.0',
    uptime: 0,
  })
  const asJson = await rawRequest(server.url, { headers: { accept: '*/*' } })
  expect(JSON.parse(asJson.text)).toMatchObject({
    name: 'dragoman',
    endpoints: expect.arrayContaining(['GET /v1/models', 'POST /v1/embeddings', 'GET /v1/files/{id}/content']),
  })
  const page = await rawRequest(server.url, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(page.headers['content-security-policy']).toContain("default-src 'none'")
  expect(page.text).toContain(`${server.url}/v1`)
})

test('a browser that asks for an icon is told that there is none, and asks no more', async () => {
  await using server = await startTestServer()
  const { status, headers, text } = await rawRequest(server.url, { path: '/favicon.ico' })
  expect([status, headers['cache-control'], text]).toEqual([204, 'public, max-age=86400', ''])
})

const failing = (code: ConstructorParameters<typeof DragomanError>[0]): Provider => ({
  ...greeter,
  // biome-ignore lint/correctness/useYield: it fails before it has anything to yield
  async *chat() {
    throw new DragomanError(code, 'no', { retryAfterMs: 7_000, origin: 'upstream' })
  },
})

test('errors of an upstream keep their status and say when to come back', async () => {
  await using server = await startTestServer(failing('rate_limited'))
  const answer = await rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body })
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '7'])
  expect(JSON.parse(answer.text).error).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' })
})

test('a provider that breaks fails its request: JSON, no stack, and the process lives', async () => {
  const broken: Provider = {
    ...greeter,
    chat() {
      throw new TypeError('secret detail')
    },
  }
  await using server = await startTestServer(broken)
  const answer = await rawRequest(server.url, { method: 'POST', path: chatPath, headers: json, body })
  expect(answer.status).toBe(500)
  expect(JSON.parse(answer.text).error).toMatchObject({ type: 'server_error', code: null })
  expect(answer.text).not.toContain('secret detail')
  expect((await rawRequest(server.url, { path: '/health' })).status).toBe(200)
})

test('a client that leaves closes the upstream call', async () => {
  const started = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<string>()
  const waiting: Provider = {
    ...greeter,
    async *chat(_request, { signal }) {
      signal.addEventListener('abort', () => closed.resolve('closed'))
      yield* chatChunks({ text: 'x', finish: null })
      started.resolve()
      await new Promise(() => {})
    },
  }
  await using server = await startTestServer(waiting)
  const controller = new AbortController()
  const response = await fetch(`${server.url}${chatPath}`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ ...JSON.parse(body), stream: true }),
    signal: controller.signal,
  })
  expect(response.status).toBe(200)
  await started.promise
  controller.abort()
  expect(await closed.promise).toBe('closed')
})

test('one line is logged for each request, and no query, header or body is in it', async () => {
  const key = { name: 'team', key: new Secret('sk-canary-key') }
  await using server = await startTestServer(greeter, { keys: [key] })
  await rawRequest(server.url, { path: '/v1/models?api_key=sk-canary-key&x=canary-query' })
  await rawRequest(server.url, { path: '/v1/models', headers: { authorization: 'Bearer canary-wrong' } })
  const lines = server.logged.map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { method: 'GET', path: '/v1/models', status: 200, client: 'team' },
    { path: '/v1/models', status: 401, error: 'invalid_api_key' },
  ])
  expect(server.logged.join()).not.toContain('canary')
})
