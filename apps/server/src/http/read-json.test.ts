import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { isDragomanError } from '@dragoman/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BodyBudget } from './body-budget.ts'
import { openExchange } from './exchange.ts'
import { bodyReader, type JsonBody } from './read-json.ts'

// Equal, so that one byte that is still held would refuse the next full body.
const limits = { maxBodyBytes: 2_000, maxBodiesBytes: 2_000 }
const readJson = bodyReader(new BodyBudget(limits))

type Outcome = JsonBody | { readonly code: string }
let told: (outcome: Outcome) => void
const outcome = () =>
  new Promise<Outcome>((resolve) => {
    told = resolve
  })

/** Reads a body, says what became of it, and answers. */
const server = createServer((request, response) => {
  openExchange(request, response, 0)
  readJson(request, response).then(
    (body) => {
      told(body)
      response.end('read')
    },
    (cause: unknown) => {
      told({ code: isDragomanError(cause) ? cause.code : String(cause) })
      response.end('refused')
    },
  )
})
let port: number
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function send(body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}): Promise<Outcome> {
  const read = outcome()
  const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, headers })
  await answer.arrayBuffer()
  return read
}

const text = '{ "a" : [1e2, "é\\u00e9"] }'
const value = { a: [100, 'éé'] }

test.each<[string, Uint8Array, Record<string, string>]>([
  ['as it is', Buffer.from(text), { 'content-type': 'application/json' }],
  ['compressed', gzipSync(text), { 'content-encoding': 'gzip' }],
  ['after a byte order mark', Buffer.from(`\ufeff${text}`), {}],
])('a body that came %s is given as a value and as the text it was parsed from', async (_how, sent, headers) => {
  const body = await send(new Uint8Array(sent), headers)
  expect(body).toEqual({ value, text })
})

test('a body that came in pieces is whole', async () => {
  const read = outcome()
  const socket = connect(port, '127.0.0.1')
  const bytes = Buffer.from(text)
  const half = bytes.indexOf('é') + 1 // inside a character
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes.length}\r\nexpect: 100-continue\r\n\r\n`)
  await once(socket, 'data') // it has begun to read
  socket.write(bytes.subarray(0, half))
  await new Promise(setImmediate)
  socket.write(bytes.subarray(half))
  expect(await read).toMatchObject({ value })
  socket.destroy()
})

test('a client that leaves in the middle of its body has left, and made no mistake', async () => {
  const read = outcome()
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n')
  await once(socket, 'data')
  socket.write('{"a":')
  socket.destroy()
  expect(await read).toEqual({ code: 'aborted' })
})

test('what was held is let go to the last byte, whether it was read, refused or left', async () => {
  const padded = (size: number) => `"${'x'.repeat(size - 2)}"`
  for (let round = 0; round < 5; round++) {
    expect(await send(padded(limits.maxBodyBytes))).toMatchObject({ value: expect.any(String) })
    expect(await send(padded(limits.maxBodyBytes + 1))).toEqual({ code: 'request_too_large' })
    expect(await send(gzipSync(padded(100_000)), { 'content-encoding': 'gzip' })).toEqual({ code: 'request_too_large' })
    expect(await send(`${padded(1_000)}x`, { 'content-type': 'application/json' })).toEqual({ code: 'invalid_request' })
  }
})
