import { createServer, type Socket } from 'node:net'
import { DragomanError } from '@dragoman/core'
import { errorReply, gate, jsonReply } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { createHttpClient, readJson } from './index.ts'
import { failureOf, startRig, turns } from './test-rig.ts'

const form = { 'content-type': 'multipart/form-data; boundary=b' }

/** Pieces of a body, and what became of it. */
function bodyOf(pieces: () => AsyncIterable<string> | Iterable<string>) {
  const seen = { begun: 0, left: 0 }
  return {
    seen,
    async *bytes() {
      seen.begun++
      let isWhole = false
      try {
        for await (const piece of pieces()) yield Buffer.from(piece)
        isWhole = true
      } finally {
        if (!isWhole) seen.left++
      }
    },
  }
}

test('a streamed body goes out as it comes, under its own content type', async () => {
  await using rig = await startRig()
  const wait = gate()
  rig.upstream.script({
    early: true,
    before: [wait],
    body: '{"ok":true}',
    headers: { 'content-type': 'application/json' },
  })
  const more = gate()
  const streamedBody = bodyOf(async function* () {
    yield 'first '
    await more.opened
    yield 'second'
  })
  const asked = rig.whole(rig.call(), { body: undefined, headers: form, streamedBody })
  await wait.reached
  const [request] = rig.upstream.requests
  more.open()
  wait.open()
  expect(await readJson(await asked)).toEqual({ ok: true })
  const { headers, text } = await rig.upstream.received(1)
  expect(request?.headers['content-type']).toBe(form['content-type'])
  expect(headers['transfer-encoding']).toBe('chunked')
  expect(text).toBe('first second')
  expect(streamedBody.seen).toEqual({ begun: 1, left: 0 })
})

test('a length that is known is said', async () => {
  await using rig = await startRig()
  rig.upstream.script(jsonReply({}))
  const headers = { ...form, 'content-length': '4' }
  await readJson(await rig.whole(rig.call(), { body: undefined, headers, streamedBody: bodyOf(() => ['ab', 'cd']) }))
  const received = await rig.upstream.received(1)
  expect([received.text, received.headers['content-length']]).toEqual(['abcd', '4'])
})

test('a body that breaks off ends the request with its own error, and never looks whole', async () => {
  await using rig = await startRig()
  rig.upstream.always(jsonReply({}))
  const streamedBody = bodyOf(async function* () {
    yield 'half'
    throw new DragomanError('invalid_request', 'The form is cut off')
  })
  expect(await failureOf(rig.whole(rig.call(), { body: undefined, headers: form, streamedBody }))).toBe(
    'invalid_request: The form is cut off',
  )
  await rig.upstream.idle()
  expect(rig.upstream.requests.every(({ text }) => text === '' || text === 'half')).toBe(true)
  expect(rig.clock.pending).toBe(0)
})

test('a caller who leaves ends a body that waits for more', async () => {
  await using rig = await startRig()
  const caller = new AbortController()
  const wait = gate()
  rig.upstream.script({ early: true, before: [wait] })
  let isLeft = false
  const streamedBody = {
    bytes: () => ({
      [Symbol.asyncIterator]() {
        let at = 0
        return {
          next: () => (at++ === 0 ? Promise.resolve({ done: false as const, value: Buffer.from('x') }) : never),
          return: async () => {
            isLeft = true
            return { done: true as const, value: undefined }
          },
        }
      },
    }),
  }
  const asked = failureOf(
    rig.whole(rig.call({ signal: caller.signal }), { body: undefined, headers: form, streamedBody }),
  )
  await wait.reached
  caller.abort(new DragomanError('aborted', 'The caller left'))
  expect(await asked).toBe('aborted: The caller left')
  expect(isLeft).toBe(true)
  await rig.upstream.idle()
})

const never = new Promise<never>(() => {})

test('an answer that comes before the body has ended is read, and the rest of the body is not asked for', async () => {
  await using rig = await startRig()
  rig.upstream.script({ ...errorReply(400), early: true })
  const asked: number[] = []
  const streamedBody = bodyOf(async function* () {
    for (let i = 0; i < 3; i++) {
      asked.push(i)
      yield 'piece'
      if (i === 1) await never
    }
  })
  expect(await failureOf(rig.whole(rig.call(), { body: undefined, headers: form, streamedBody }))).toMatch(
    /^invalid_request: /,
  )
  expect(asked).toEqual([0, 1])
  await rig.upstream.idle()
})

test('the time for the head begins anew with each piece that is sent', async () => {
  await using rig = await startRig()
  const wait = gate()
  rig.upstream.script({ early: true, before: [wait], body: '{}', headers: { 'content-type': 'application/json' } })
  const pieces = [gate(), gate()]
  const streamedBody = bodyOf(async function* () {
    yield 'a'
    for (const piece of pieces) {
      await piece.opened
      piece.arrive()
      yield 'b'
    }
  })
  const call = rig.call({ limits: { wholeHeadersMs: 1000 } })
  const asked = failureOf(rig.whole(call, { body: undefined, headers: form, streamedBody }))
  await wait.reached
  for (const piece of pieces) {
    await rig.clock.advance(900)
    piece.open()
    await piece.reached
    await turns(3)
  }
  await rig.clock.advance(999)
  await turns(3)
  expect(await Promise.race([asked, 'still waiting'])).toBe('still waiting')
  await rig.clock.advance(1)
  expect(await asked).toMatch(/^upstream_timeout: .+: no response for 1 s/)
})

test('a connection that was closed already is tried anew, with the body from its beginning', async () => {
  const bodies: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket: Socket) => {
    sockets.add(socket)
    const isFirst = sockets.size === 1
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk
      const body = text.slice(text.indexOf('\r\n\r\n') + 4)
      if (body === '{}') {
        text = ''
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
      } else if (isFirst) {
        socket.destroy() // as if it had been closed while the request was on its way
      } else if (body.endsWith('0\r\n\r\n')) {
        bodies.push(body)
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const client = createHttpClient({ provider: 'acme', baseUrl: `http://127.0.0.1:${port}` })
  const streamedBody = bodyOf(() => ['wh', 'ole'])
  const call = { signal: new AbortController().signal }
  await readJson(await client.post('/', { call, body: {} }))
  await turns(5)
  await readJson(await client.post('/', { call, headers: form, streamedBody }))
  expect(bodies).toEqual(['2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n'])
  expect([sockets.size, streamedBody.seen.begun]).toEqual([2, 2])
  await client.close()
  for (const socket of sockets) socket.destroy()
  server.close()
})
