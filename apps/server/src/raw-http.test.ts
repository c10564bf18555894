import { connect } from 'node:net'
import { brotliCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { greeter, startTestServer, type TestServer } from './test-server.ts'

// Requests that no client library would send, byte for byte.

const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
const chat = (headers: string, sent = body) =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n${headers}\r\n\r\n${sent}`

/** Everything that comes back until the server closes; `close: true` asks it to. */
function exchange(server: TestServer, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (part) => {
      text += part
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
    socket.write(bytes)
  })
}

const status = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

test.each([
  ['two lengths', chat(`content-length: ${body.length}\r\ncontent-length: 5`)],
  ['a length and chunks', chat(`content-length: ${body.length}\r\ntransfer-encoding: chunked`)],
  ['a NUL in a header', chat(`content-length: ${body.length}\r\nx-a: a\0b`)],
  ['a bare line feed in a header', chat(`content-length: ${body.length}\r\nx-a: a\nx-b`)],
  ['no HTTP at all', 'hello\r\n\r\n'],
])('%s is 400 in JSON, and the connection ends', async (_what, bytes) => {
  await using server = await startTestServer()
  const answer = await exchange(server, bytes)
  expect(status(answer)).toBe(400)
  expect(answer).toMatch(/x-request-id: req_\w{32}/)
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { type: 'invalid_request_error' } })
  expect(answer.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1)
})

test('headers that are too long are 431 in JSON', async () => {
  await using server = await startTestServer()
  const answer = await exchange(server, `GET /health HTTP/1.1\r\nhost: localhost\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`)
  expect(status(answer)).toBe(431)
  expect(answer).toContain('"type":"invalid_request_error"')
})

test('a request without a host is refused in open mode, in JSON', async () => {
  await using server = await startTestServer()
  const answer = await exchange(server, 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n')
  expect(status(answer)).toBe(403)
  expect(answer).toContain('host_not_allowed')
})

test('a stream ends the connection for a client that asked for that', async () => {
  await using server = await startTestServer()
  const sent = JSON.stringify({ ...JSON.parse(body), stream: true })
  const answer = await exchange(server, chat(`connection: close\r\ncontent-length: ${sent.length}`, sent))
  expect(answer).toContain('data: [DONE]')
  expect(answer.toLowerCase()).toContain('connection: close')
})

test('a whole URL as the target is the same path', async () => {
  await using server = await startTestServer()
  const target = `GET http://127.0.0.1:${server.port}/v1/models?x=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`
  expect(status(await exchange(server, target))).toBe(200)
})

test('an expectation is answered, known or not', async () => {
  await using server = await startTestServer()
  const known = await exchange(
    server,
    chat(`expect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}`),
  )
  expect(known).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  const unknown = await exchange(
    server,
    chat(`expect: miracles\r\nconnection: close\r\ncontent-length: ${body.length}`),
  )
  expect(status(unknown)).toBe(200)
})

test('a body that is too large gets its answer, though the client goes on sending', async () => {
  await using server = await startTestServer(greeter, { limits: { maxBodyBytes: 1_000, maxBodiesBytes: 10_000 } })
  const size = 8_000_000
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1')
    socket.setEncoding('utf8')
    // The answer is only looked at when everything has been sent, as simple clients do.
    socket.pause()
    socket.once('error', reject)
    socket.write(chat(`content-length: ${size}`, ''))
    const piece = Buffer.alloc(1_000_000, 'x')
    let left = size
    const send = () => {
      for (; left > 0; left -= piece.length) {
        if (!socket.write(piece)) {
          left -= piece.length
          socket.once('drain', send)
          return
        }
      }
      socket.once('data', (text) => {
        resolve(String(text))
        socket.destroy()
      })
      socket.resume()
    }
    send()
  })
  expect(status(answer)).toBe(413)
})

test('a list of encodings is refused, however long', async () => {
  await using server = await startTestServer()
  const coded = brotliCompressSync(brotliCompressSync(Buffer.from(body)))
  const head = chat(
    `content-encoding: ${'br,'.repeat(1_000)}br\r\nconnection: close\r\ncontent-length: ${coded.length}`,
    '',
  )
  expect(status(await exchange(server, Buffer.concat([Buffer.from(head), coded])))).toBe(415)
})

test('the root of /v1 is not exempt', async () => {
  await using server = await startTestServer()
  const answer = await exchange(server, 'GET /v1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  expect(status(answer)).toBe(404)
})

test('a name can neither forge a line of the log nor break the head of an answer', async () => {
  await using server = await startTestServer()
  const sent = JSON.stringify({ ...JSON.parse(body), model: `a\n[12:00] INFO forged\u202e${'x'.repeat(50_000)}` })
  const bytes = Buffer.from(sent)
  const answer = await exchange(
    server,
    Buffer.concat([Buffer.from(chat(`connection: close\r\ncontent-length: ${bytes.length}`, '')), bytes]),
  )
  expect(status(answer)).toBe(200)
  expect((answer.split('\r\n\r\n')[0] ?? '').length).toBeLessThan(2_000)
  for (const line of server.logged) expect(JSON.parse(line).msg).not.toMatch(/[\n\u202e]/)
  expect(server.logged.join('').length).toBeLessThan(2_000)
})

const streamed = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true })
const head = `content-type: application/json\r\ncontent-length: ${streamed.length}`

test('a stream to HTTP/1.0 has no chunks and ends with its connection', async () => {
  await using server = await startTestServer()
  const answer = await exchange(
    server,
    `POST /v1/chat/completions HTTP/1.0\r\nhost: localhost\r\n${head}\r\n\r\n${streamed}`,
  )
  expect(answer).not.toMatch(/transfer-encoding/i)
  expect(answer.split('\r\n\r\n')[1]).toMatch(/^data: \{.*\n\ndata: \[DONE\]\n\n$/s)
})

test('streams that were asked for one behind the other come one behind the other', async () => {
  await using server = await startTestServer()
  const answers = await exchange(server, chat(head, streamed) + chat(`${head}\r\nconnection: close`, streamed))
  const [first, second, ...others] = answers.split(/(?=HTTP\/1\.1 200)/)
  expect(others).toEqual([])
  for (const answer of [first, second]) {
    const chunks = answer?.split('\r\n\r\n').slice(1).join('\r\n\r\n') ?? ''
    expect(chunks.split('\r\n').at(-3)).toBe('0')
    expect(chunks).toContain('data: [DONE]\n\n')
  }
})
