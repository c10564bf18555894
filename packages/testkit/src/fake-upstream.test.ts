import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { chatStream, errorReply, sse } from './chat-replies.ts'
import { gzipBomb } from './encoded.ts'
import { startFakeUpstream } from './fake-upstream.ts'
import {
  cut,
  gate,
  hangUp,
  htmlPage,
  jsonReply,
  noReply,
  raw,
  redirect,
  repeated,
  reset,
  stall,
  verbatim,
} from './reply.ts'

test('it records what it received: method, path with query, headers as sent, and the bytes of the body', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script(jsonReply({ ok: true }))
  const body = Buffer.from('{"grüße":[1]}')
  const response = await send(`${upstream.origin}/v1/chat?x=1`, {
    method: 'POST',
    headers: { 'X-Mixed-Case': 'a' },
    body,
  })
  expect(JSON.parse(await textOf(response))).toEqual({ ok: true })
  const seen = await upstream.received(1)
  expect([seen.method, seen.path]).toEqual(['POST', '/v1/chat?x=1'])
  expect(seen.rawHeaders).toContain('X-Mixed-Case')
  expect(Buffer.from(seen.body)).toEqual(body)
  expect(seen.json).toEqual({ grüße: [1] })
  await expect(seen.closed).resolves.toBe('finished')
})

test('replies are used in order, then the one for always; a path of its own beats both', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script(errorReply(500), errorReply(429)).always(errorReply(404)).on('/models', jsonReply([]))
  const statuses: (number | undefined)[] = []
  for (const path of ['/a', '/models?x', '/a', '/a', '/a']) {
    const response = await send(upstream.origin + path)
    await textOf(response)
    statuses.push(response.statusCode)
  }
  expect(statuses).toEqual([500, 200, 429, 404, 404])
})

test('a request without a reply gets a 501 that names it', async () => {
  await using upstream = await startFakeUpstream()
  const response = await send(`${upstream.origin}/nobody/expected`)
  expect(response.statusCode).toBe(501)
  expect(await textOf(response)).toContain('GET /nobody/expected')
})

test('a reply may be made from the request', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(async (exchange) => ({ body: `you said ${exchange.text}` }))
  const response = await send(upstream.origin, { method: 'POST', body: 'hello' })
  expect(await textOf(response)).toBe('you said hello')
})

test('each step reaches a client in this process as a read of its own', async () => {
  await using upstream = await startFakeUpstream()
  const steps = [...'grüße'].map((letter) => Buffer.from(letter))
  upstream.script({ body: steps })
  const reads: Buffer[] = []
  for await (const chunk of await send(upstream.origin)) reads.push(chunk)
  expect(reads).toEqual(steps)
})

test('a gate holds the rest until it is opened, and says when it was reached', async () => {
  await using upstream = await startFakeUpstream()
  const before = gate()
  const middle = gate()
  upstream.script({ before: [before], body: ['one', middle, 'two'] })
  const responding = send(upstream.origin)
  await before.reached
  before.open()
  const response = await responding
  await middle.reached
  expect(await next(response)).toBe('one')
  middle.open()
  expect(await next(response)).toBe('two')
})

test('the head leaves before the first byte of the body', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ status: 203, headers: { 'x-a': 'b' }, body: stall() })
  const response = await send(upstream.origin)
  expect(response.statusCode).toBe(203)
  expect(response.headers['x-a']).toBe('b')
  response.destroy()
  await expect(upstream.requests[0]?.closed).resolves.toBe('aborted')
})

test('a request that gets no reply stays open until its client leaves', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script(noReply())
  const client = request(upstream.origin)
  client.on('error', () => {})
  client.end()
  const exchange = await upstream.received(1)
  client.destroy()
  await expect(exchange.closed).resolves.toBe('aborted')
  await upstream.idle()
  expect(upstream.connections).toEqual({ accepted: 1, open: 0 })
})

test('a reset in the middle reaches the client as ECONNRESET, after the bytes before it', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ body: ['half', reset()] })
  const response = await send(upstream.origin)
  expect(await next(response)).toBe('half')
  await expect(textOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' })
  await expect(upstream.requests[0]?.closed).resolves.toBe('finished')
})

test('a reset before the head leaves the client without a response', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ before: [reset()] })
  await expect(send(upstream.origin)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('a cut ends the socket without the end of the chunked body', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ body: ['half', cut()] })
  const response = await send(upstream.origin)
  expect(await next(response)).toBe('half')
  await expect(textOf(response)).rejects.toThrow('aborted')
  expect(response.complete).toBe(false)
})

test('hanging up ends the response properly and closes the socket that was to be kept', async () => {
  await using upstream = await startFakeUpstream()
  const agent = new Agent({ keepAlive: true })
  upstream.always({ body: ['all', hangUp()] })
  for (const connection of [0, 1]) {
    const response = await send(upstream.origin, { agent })
    expect(response.headers.connection).toBe('keep-alive')
    expect(await textOf(response)).toBe('all')
    expect(response.complete).toBe(true)
    await upstream.idle()
    expect(upstream.requests.at(-1)?.connection).toEqual({ index: connection, reused: false })
  }
  agent.destroy()
})

test('it tells a reused connection from a new one', async () => {
  await using upstream = await startFakeUpstream()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  upstream.always({ body: 'ok' })
  await textOf(await send(upstream.origin, { agent }))
  await textOf(await send(upstream.origin, { agent }))
  await textOf(await send(upstream.origin))
  agent.destroy()
  expect(upstream.requests.map(({ connection }) => connection)).toEqual([
    { index: 0, reused: false },
    { index: 0, reused: true },
    { index: 1, reused: false },
  ])
})

test('an early reply comes before the body of the request, which is recorded all the same', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ ...errorReply(413), early: true })
  const client = request(upstream.origin, { method: 'POST', headers: { 'content-length': '10' } })
  client.write('first')
  const response = await new Promise<IncomingMessage>((resolve) => client.on('response', resolve))
  expect(response.statusCode).toBe(413)
  client.end('later')
  expect((await upstream.received(1)).text).toBe('firstlater')
  await textOf(response)
})

test('verbatim bytes are the whole response', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script(verbatim('HTTP/1.1 418 Odd\r\nX-Odd:  spaced  \r\n\r\n', 'until the end'))
  const response = await send(upstream.origin)
  expect([response.statusCode, response.headers['x-odd']]).toEqual([418, 'spaced'])
  expect(await textOf(response)).toBe('until the end')
})

test('raw bytes break the framing of a chunked body', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ body: ['fine', raw('no chunk size\r\n')] })
  const response = await send(upstream.origin)
  expect(await next(response)).toBe('fine')
  await expect(textOf(response)).rejects.toThrow('aborted')
  expect(response.complete).toBe(false)
})

test.each([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
  ['zstd', zstdDecompressSync],
] as const)('a body in %s is one valid stream, and each step of it leaves at once', async (encoding, inflate) => {
  await using upstream = await startFakeUpstream()
  const middle = gate()
  upstream.script({ encoding, body: ['one ', middle, 'two'] })
  const response = await send(upstream.origin)
  expect(response.headers['content-encoding']).toBe(encoding)
  const parts = [await nextBytes(response)]
  expect(parts[0]?.length).toBeGreaterThan(0)
  middle.open()
  for await (const chunk of response) parts.push(chunk)
  expect(inflate(Buffer.concat(parts)).toString()).toBe('one two')
})

test('a gzip bomb is valid gzip and a thousand times smaller than what is in it', () => {
  const [member] = gzipBomb(1)
  expect(gunzipSync(member ?? '').length).toBe(16 * 1024 * 1024)
  expect(member?.length).toBeLessThan(17_000)
  expect([...gzipBomb(1e9)].length).toBe(60)
})

test('a body without end goes only as far as the client reads, and stops when it leaves', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script({ body: repeated(Buffer.alloc(64 * 1024)) })
  const response = await send(upstream.origin)
  const exchange = await upstream.received(1)
  const read = async (bytes: number) => {
    for (let got = 0; got < bytes; ) got += (await nextBytes(response)).length
  }
  await read(20e6)
  // What lies between the two sides is buffers of the kernel and of the client, a few megabytes at most.
  expect(exchange.sent).toBeGreaterThan(19e6)
  expect(exchange.sent).toBeLessThan(35e6)
  response.destroy()
  await expect(exchange.closed).resolves.toBe('aborted')
})

test('streams, pages and redirects carry the headers that services send', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script(chatStream({ text: ['Hel', 'lo'] }), htmlPage(), redirect(307, 'http://127.0.0.1:1/'))
  const streamed = await send(upstream.origin)
  expect(streamed.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect((await textOf(streamed)).endsWith('data: [DONE]\n\n')).toBe(true)
  const page = await send(upstream.origin)
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  expect(await textOf(page)).toMatch(/^<!DOCTYPE html>/)
  const moved = await send(upstream.origin)
  expect([moved.statusCode, moved.headers.location]).toEqual([307, 'http://127.0.0.1:1/'])
})

test('an event whose data has several lines has as many data fields', () => {
  expect(sse('a\nb', { c: 1 })).toEqual(['data: a\ndata: b\n\n', 'data: {"c":1}\n\n'])
})

test('closing it tears down what stalls', async () => {
  const upstream = await startFakeUpstream()
  upstream.script({ body: ['x', stall()] })
  const response = await send(upstream.origin)
  const broken = expect(textOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' })
  await upstream.close()
  await broken
})

interface Sent extends RequestOptions {
  body?: string | Uint8Array
}

function send(url: string, { body, ...options }: Sent = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const client = request(url, { agent: false, ...options }, resolve)
    client.on('error', reject)
    client.end(body)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const chunk of response) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

/** The next read, whatever its size. Unlike `for await` it leaves the response open. */
async function nextBytes(response: IncomingMessage): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = response.read()
    if (bytes) return bytes
    await new Promise<void>((resolve) => response.once('readable', resolve))
  }
}

async function next(response: IncomingMessage): Promise<string> {
  return (await nextBytes(response)).toString()
}
