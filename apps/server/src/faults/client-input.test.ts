import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import { brotliCompressSync, constants, deflateSync, zstdCompressSync } from 'node:zlib'
import { gzipBomb } from '@dragoman/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawRequest } from '../test-server.ts'
import { answersIn, chatBody, type Front, rawConnection, startFront, statusOf } from './test-front-rig.ts'

const MiB = 1024 * 1024
const GiB = 1024 * MiB
/**
 * What a server may need more while it refuses something: the 32 MiB that a body may have, as much that it lets pass
 * afterwards, and what of that waits to be collected. Far below what it was sent, and below what all bodies may have.
 */
const bounded = 160 * MiB

const post = (headers: string) => `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n`
const healthy = async ({ url }: Front) => (await rawRequest(url, { path: '/health' })).status === 200

/** Memory of a server that has answered: the first request costs some megabytes that no later one does. */
async function warmBytes(front: Front): Promise<number> {
  await rawRequest(front.url, { method: 'POST', path: '/v1/chat/completions', body: chatBody })
  return front.peakBytes()
}

test.each([
  ['announced', `content-length: ${GiB}`, (piece: Buffer) => [piece]],
  [
    'in chunks',
    'transfer-encoding: chunked',
    (piece: Buffer) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')],
  ],
])('fault 44: a body of 1 GB, %s, is 413 before it is in memory', async (_how, header, framed) => {
  await using front = await startFront()
  const before = await warmBytes(front)
  const { socket, head, closed } = rawConnection(front)
  socket.write(post(`content-type: application/json\r\n${header}`))
  // It goes on sending whatever it is told, until it is cut off or has sent everything.
  const piece = Buffer.alloc(MiB, 'x')
  let taken = 0
  for (; taken < GiB && !socket.destroyed; taken += piece.length) {
    for (const part of framed(piece)) socket.write(part)
    if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain').catch(() => {}), closed])
  }
  await closed
  expect(statusOf(await head)).toBe(413)
  expect(await closed).toContain('request_too_large')
  expect(taken).toBeLessThan(GiB / 4)
  expect((await front.peakBytes()) - before).toBeLessThan(bounded)
  expect(front.upstream.requests).toHaveLength(1)
  expect(await healthy(front)).toBe(true)
})

test('fault 44: a length of 1 GB is 413 before any of it is sent', async () => {
  await using front = await startFront()
  const { socket, head } = rawConnection(front)
  socket.write(post(`content-type: application/json\r\ncontent-length: ${GiB}`))
  expect(statusOf(await head)).toBe(413)
  socket.destroy()
})

const zeros = (bytes: number) => new Uint8Array(bytes)
const fastBrotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }

test.each<[string, string, () => Iterable<Uint8Array>]>([
  ['10 GB of zeros', 'gzip', () => gzipBomb(10 * GiB)],
  ['512 MB of zeros', 'deflate', () => [deflateSync(zeros(512 * MiB), { level: 1 })]],
  ['512 MB of zeros', 'br', () => [brotliCompressSync(zeros(512 * MiB), fastBrotli)]],
  ['512 MB of zeros', 'zstd', () => [zstdCompressSync(zeros(512 * MiB))]],
])('fault 45: %s in %s are 413, counted as they are decompressed', async (_size, coding, bomb) => {
  const pieces = [...bomb()]
  await using front = await startFront()
  const before = await warmBytes(front)
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding }
    const sent = httpRequest(front.url, { method: 'POST', path: '/v1/chat/completions', headers }, async (response) => {
      resolve({ status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() })
      sent.destroy()
    })
    sent.on('error', reject)
    Readable.from(pieces).pipe(sent)
  })
  expect(answer.status).toBe(413)
  expect(JSON.parse(answer.text).error.code).toBe('request_too_large')
  expect((await front.peakBytes()) - before).toBeLessThan(bounded)
  expect(front.upstream.requests).toHaveLength(1)
  expect(await healthy(front)).toBe(true)
})

const inMessage = (extra: string) => `${chatBody.slice(0, -1)},${extra}}`
const keys = (count: number) => Array.from({ length: count }, (_, index) => `"k${index}":1`).join()

test.each([
  ['100,000 arrays in one another', inMessage(`"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
  ['100,000 objects in one another', inMessage(`"x":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)],
  ['30 million brackets that nothing closes', '['.repeat(30_000_000)],
  ['1 million keys', inMessage(keys(1_000_000))],
  ['1 million keys, one in each of as many objects', inMessage(`"x":[${Array(1_000_000).fill('{"a":1}').join()}]`)],
])('fault 46: %s are 400, and nothing overflows', async (_what, body) => {
  await using front = await startFront()
  const before = await warmBytes(front)
  const answer = await rawRequest(front.url, { method: 'POST', path: '/v1/chat/completions', body })
  expect(answer.status).toBe(400)
  expect(JSON.parse(answer.text).error).toMatchObject({ type: 'invalid_request_error', param: null })
  expect(answer.text).toMatch(/nested more than 256 deep|more than 100000 keys/)
  // Parsing them would take a gigabyte.
  expect((await front.peakBytes()) - before).toBeLessThan(bounded + 4 * body.length)
  expect(front.upstream.requests).toHaveLength(1)
  expect(await healthy(front)).toBe(true)
})

test('fault 46: what is just within the limits passes', async () => {
  await using front = await startFront()
  const deep = inMessage(`"x":${'['.repeat(255)}${']'.repeat(255)},"y":"${'['.repeat(10_000)}\\"[{"`)
  const wide = inMessage(`"x":{${keys(99_990)}}`)
  for (const body of [deep, wide]) {
    expect((await rawRequest(front.url, { method: 'POST', path: '/v1/chat/completions', body })).status).toBe(200)
  }
})

test('fault 46: __proto__ and constructor are keys like any other, and change no prototype', async () => {
  await using front = await startFront()
  const hostile = '"__proto__":{"stream":true,"x":1},"constructor":{"prototype":{"x":1}}'
  const body = `{${hostile},"messages":[{"role":"user","content":"x",${hostile}}],"model":"m"}`
  const answer = await rawRequest(front.url, { method: 'POST', path: '/v1/chat/completions', body })
  // Had it been taken for the prototype, the answer would be a stream.
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
  const after = await rawRequest(front.url, { method: 'POST', path: '/v1/chat/completions', body: chatBody })
  expect(after.status).toBe(200)
  expect((await front.upstream.received(2)).json).not.toHaveProperty('x')
})

test.each([
  ['on a new connection', ''],
  ['on one that has been answered', 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n'],
])('fault 47: headers that come one byte at a time are cut off by the header limit, %s', async (_which, first) => {
  await using front = await startFront({ headersMs: 400 })
  const { socket, head, closed } = rawConnection(front)
  socket.setNoDelay(true)
  if (first) {
    socket.write(first)
    await head
  }
  const slow = `${post('content-type: application/json').slice(0, -4)}\r\nx-filler: ${'a'.repeat(10_000)}`
  let sent = 0
  const drip = setInterval(() => socket.write(slow[sent++] ?? ''), 5)
  const answer = await closed
  clearInterval(drip)
  expect(sent).toBeLessThan(slow.length) // it never came to the end of them
  expect(answer).toContain('HTTP/1.1 408 Request Timeout')
  expect(answersIn(answer)).toBe(first ? 2 : 1)
  expect(front.upstream.requests).toHaveLength(0)
  expect(await healthy(front)).toBe(true)
})

/** As many connections as this process may have, with some files left for all else. */
function floodSize(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } }
  const files = report.userLimits?.open_files?.soft ?? 1_000
  return files === 'unlimited' ? 10_000 : Math.min(10_000, Math.floor(files * 0.8))
}

test.each([
  ['that say nothing', ''],
  ['that have begun a request', 'GET /health HTTP/1.1\r\nhost: local'],
])('fault 48: 10,000 idle connections %s are bounded, and health answers through all of them', async (_which, said) => {
  const flood = floodSize()
  const maxConnections = Math.min(8_192, Math.floor(flood * 0.8))
  await using front = await startFront({ maxConnections })
  const before = await warmBytes(front)
  const connections = new Set<ReturnType<typeof rawConnection>>()
  let open = 0
  for (let count = 0; count < flood; count += 250) {
    const batch = Array.from({ length: Math.min(250, flood - count) }, () => rawConnection(front))
    for (const connection of batch) {
      connections.add(connection)
      open++
      void connection.closed.then(() => open--)
      if (said) connection.socket.write(said)
    }
    await Promise.all(
      batch.map(({ socket, closed }) => Promise.race([once(socket, 'connect').catch(() => {}), closed])),
    )
    expect(await healthy(front)).toBe(true)
  }
  expect(open).toBeGreaterThan(maxConnections / 2) // they were idle, not refused
  expect(open).toBeLessThanOrEqual(maxConnections)
  expect((await front.peakBytes()) - before).toBeLessThan(2 * bounded)
  for (const { socket } of connections) socket.destroy()
})

const smuggled = `${post(`content-type: application/json\r\ncontent-length: ${chatBody.length}`)}${chatBody}`
const length = `content-length: ${chatBody.length}`

describe('requests that two servers could read in two ways', () => {
  let front: Front
  beforeAll(async () => {
    front = await startFront()
  })
  afterAll(() => front[Symbol.asyncDispose]())

  test.each([
    ['a NUL in a value', post(`${length}\r\nx-a: a\0b`) + chatBody],
    ['a NUL in a name', post(`${length}\r\nx-\0a: b`) + chatBody],
    ['a bare carriage return in a value', post(`${length}\r\nx-a: a\rx-b: c`) + chatBody],
    ['a bare line feed in a value', post(`${length}\r\nx-a: a\nx-b: c`) + chatBody],
    ['a value folded over two lines', post(`${length}\r\nx-a: a\r\n b`) + chatBody],
    ['a space before the colon', post(`${length}\r\ntransfer-encoding : chunked`) + chatBody],
    ['a line without a colon', post(`${length}\r\nnothing`) + chatBody],
    ['two different lengths', post(`${length}\r\ncontent-length: 0`) + chatBody],
    ['the same length twice', post(`${length}\r\n${length}`) + chatBody],
    ['two lengths in one line', post(`content-length: ${chatBody.length}, 0`) + chatBody],
    ['a negative length', post('content-length: -1')],
    ['a length with a sign', post(`content-length: +${chatBody.length}`) + chatBody],
    ['a length in hex', post('content-length: 0x10') + chatBody],
    ['a length beyond all numbers', post('content-length: 99999999999999999999999')],
    ['a length and chunks', `${post(`${length}\r\ntransfer-encoding: chunked`)}0\r\n\r\n`],
    ['chunks and a length', `${post(`transfer-encoding: chunked\r\n${length}`)}0\r\n\r\n`],
    ['chunks that are not the last coding', post('transfer-encoding: chunked, identity')],
    ['a coding that only looks like chunks', post('transfer-encoding: xchunked')],
    ['chunks said twice', post('transfer-encoding: chunked\r\ntransfer-encoding: identity')],
    ['a size of a chunk that is no number', `${post('transfer-encoding: chunked')}zz\r\n`],
    ['a size of a chunk that overflows', `${post('transfer-encoding: chunked')}ffffffffffffffffff\r\n`],
    ['a chunk longer than its size', `${post('transfer-encoding: chunked')}2\r\n{"x"\r\n0\r\n\r\n`],
    ['a chunk that ends with a bare line feed', `${post('transfer-encoding: chunked')}2\n{}\n0\n\n`],
  ])('fault 49: %s is 400, the connection is closed, and no second request gets through', async (_what, bytes) => {
    const { socket, closed } = rawConnection(front)
    socket.write(bytes + smuggled, 'latin1')
    const answer = await closed
    expect(statusOf(answer)).toBe(400)
    expect(answersIn(answer)).toBe(1)
    expect(answer.split('\r\n\r\n')[1]).toContain('"type":"invalid_request_error"')
    expect(await healthy(front)).toBe(true)
    expect(front.upstream.requests).toHaveLength(0)
  })
})
