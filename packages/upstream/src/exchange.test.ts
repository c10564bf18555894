import { getEventListeners } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { DragomanError } from '@dragoman/core'
import {
  blackHole,
  closedPort,
  cut,
  errorReply,
  gate,
  gzipBomb,
  hangUp,
  jsonReply,
  noReply,
  raw,
  repeated,
  reset,
  type Step,
  stall,
} from '@dragoman/testkit'
import { Pool } from 'undici'
import { expect, test } from 'vitest'
import { createHttpClient, type HttpResponse, readJson, readText } from './index.ts'
import { credential, dataOf, failureOf, outcomeOf, startRig, textOf, turns } from './test-rig.ts'

const eventStream = { 'content-type': 'text/event-stream' }

test('a refused connection is upstream_unavailable and names the host', async () => {
  const host = `127.0.0.1:${await closedPort()}`
  await using rig = await startRig({ baseUrl: `http://${host}/v1` })
  expect(await failureOf(rig.stream())).toBe(
    `upstream_unavailable: acme (${host}): the connection was refused (ECONNREFUSED)`,
  )
  expect(rig.clock.pending).toBe(0)
})

test.each([
  ['a reset before the head', { before: [reset()] }],
  ['a close before the head', { before: [cut()] }],
  ['a reset in the body', { body: ['{"a":', reset()] }],
  ['a chunked body without its end', { body: ['{"a":1}', cut()] }],
  ['a sized body without its rest', { headers: { 'content-length': '100' }, body: ['{"a":1}', cut()] }],
])('%s is upstream_unavailable', async (_name, reply) => {
  await using rig = await startRig()
  rig.upstream.script(reply)
  expect(await failureOf(rig.whole().then(readJson))).toMatch(/^upstream_unavailable: acme \(127\.0\.0\.1:\d+\): the /)
  expect(rig.upstream.requests).toHaveLength(1)
  expect(rig.clock.pending).toBe(0)
})

test('what is no HTTP is upstream_protocol, and its bytes stay out of the error', async () => {
  await using rig = await startRig()
  rig.upstream.script({ before: [raw('SSH-2.0-canary\r\n')] }, { body: ['{', raw('canary, not a chunk\r\n')] })
  for (let i = 0; i < 2; i++) {
    const error = await rig
      .whole()
      .then(readJson, (reason) => reason)
      .catch((reason) => reason)
    expect(textOf(error)).toMatch(/^upstream_protocol: acme \(.+\): the response is not HTTP/)
    expect(inspect(error, { depth: 10 })).not.toContain('canary')
  }
})

test('early hints are not the response', async () => {
  await using rig = await startRig()
  rig.upstream.script({ before: [raw('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')], body: '{"a":1}' })
  expect(await readJson(await rig.whole())).toEqual({ a: 1 })
})

test('a connect that hangs ends with limits.connectMs', async () => {
  await using hole = await blackHole()
  await using rig = await startRig({ baseUrl: `${hole.origin}/v1` })
  const failure = failureOf(rig.stream())
  await rig.clock.advance(9_999)
  expect(rig.clock.pending).toBe(1)
  await rig.clock.advance(1)
  expect(await failure).toBe(
    `upstream_timeout: acme (127.0.0.1:${hole.port}): no connection for 10 s (limits.connectMs)`,
  )
})

test('neither a limit nor an abort leaves a socket connecting', async () => {
  await using hole = await blackHole()
  await using rig = await startRig({ baseUrl: `${hole.origin}/v1` })
  const connecting = () => process.getActiveResourcesInfo().filter((name) => name.endsWith('ConnectWrap')).length
  const timedOut = failureOf(rig.stream(rig.call({ limits: { connectMs: 50 } })))
  const controller = new AbortController()
  const aborted = failureOf(rig.stream(rig.call({ signal: controller.signal })))
  await turns(2)
  expect(connecting()).toBe(2)
  controller.abort()
  await rig.clock.advance(50)
  expect(await aborted).toBe('aborted: The caller left')
  expect(await timedOut).toContain('no connection for 50 ms (limits.connectMs)')
  await turns(2)
  expect(connecting()).toBe(0)
})

test.each([
  ['stream', 'headersMs', 60_000],
  ['whole', 'wholeHeadersMs', 300_000],
] as const)('a %s call without a head ends with limits.%s', async (kind, limit, defaultMs) => {
  await using rig = await startRig()
  rig.upstream.always(noReply())
  for (const ms of [defaultMs, 7_000]) {
    const failure = failureOf(rig[kind](rig.call(ms === defaultMs ? {} : { limits: { [limit]: ms } })))
    const request = await rig.upstream.received(rig.upstream.requests.length + 1)
    await rig.clock.advance(ms - 1)
    expect(rig.clock.pending).toBe(1)
    await rig.clock.advance(1)
    expect(await failure).toContain(`upstream_timeout: acme (127.0.0.1:${rig.upstream.port}): no response for`)
    expect(await failure).toContain(`for ${ms / 1000} s (limits.${limit})`)
    expect(await request.closed).toBe('aborted')
  }
})

test('any byte puts the idle limit off', async () => {
  await using rig = await startRig()
  const first = gate()
  const second = gate()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', first, 'da', second, stall()] })
  const items = dataOf(await rig.stream())
  await items.next()
  await first.reached
  await rig.clock.advance(119_000)
  first.open()
  await second.reached
  const failure = failureOf(items.next())
  await rig.clock.advance(119_000)
  expect(rig.clock.pending).toBe(1)
  await rig.clock.advance(1_000)
  expect(await failure).toContain('no byte for 120 s (limits.idleMs)')
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(rig.clock.pending).toBe(0)
})

test('the wall clock decides no limit', async () => {
  await using rig = await startRig()
  const more = gate()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', more, 'data: b\n\n', stall()] })
  const items = dataOf(await rig.stream())
  await items.next()
  rig.clock.jump(3_600_000)
  await rig.clock.advance(100_000)
  rig.clock.jump(-7_200_000)
  more.open()
  expect(await items.next()).toEqual({ value: 'b', done: false })
  const failure = failureOf(items.next())
  await rig.clock.advance(120_000)
  expect(await failure).toContain('no byte for 120 s')
})

test('one timer serves a stream, however many chunks it has', async () => {
  await using rig = await startRig()
  let scheduled = 0
  const clock = {
    now: () => rig.clock.now(),
    elapsed: () => rig.clock.elapsed(),
    schedule: (action: () => void, delayMs: number) => {
      scheduled++
      return rig.clock.schedule(action, delayMs)
    },
  }
  const client = createHttpClient({ provider: 'acme', baseUrl: rig.upstream.origin, clock })
  rig.upstream.script({ headers: eventStream, body: Array.from({ length: 100 }, () => 'data: a\n\n') })
  const response = await client.post('/', { call: rig.call(), accept: 'text/event-stream' })
  expect((await outcomeOf(dataOf(response))).items).toHaveLength(100)
  expect(scheduled).toBe(1) // for the connection, the head and the body
  await client.close()
})

test('an answer above limits.maxAnswerBytes is stopped', async () => {
  await using rig = await startRig()
  rig.upstream.always({ body: repeated('x'.repeat(1000)) })
  const limits = { maxAnswerBytes: 1_000_000 }
  expect(await failureOf(rig.whole(rig.call({ limits })).then(readText))).toBe(
    'upstream_protocol: acme sent a response of more than 976.6 KiB (limits.maxAnswerBytes)',
  )
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('a gzip bomb is stopped at the limit after decompression', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: { 'content-encoding': 'gzip' }, body: gzipBomb(10 * 1024 ** 3) })
  const limits = { maxAnswerBytes: 32 * 1024 * 1024 }
  expect(await failureOf(rig.whole(rig.call({ limits })).then(readText))).toBe(
    'upstream_protocol: acme sent a response of more than 32 MiB (limits.maxAnswerBytes)',
  )
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('compressed bytes that never become any are stopped too', async () => {
  await using rig = await startRig()
  // Empty stored blocks: five bytes in, none out.
  const body = (function* (): Generator<Step> {
    yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
    yield* repeated(Buffer.alloc(5_000, Buffer.from([0, 0, 0, 0xff, 0xff])))
  })()
  rig.upstream.script({ headers: { 'content-encoding': 'gzip' }, body })
  expect(await failureOf(rig.whole(rig.call({ limits: { maxAnswerBytes: 1024 ** 2 } })).then(readText))).toBe(
    'upstream_protocol: acme sent a response of more than 1 MiB (limits.maxAnswerBytes)',
  )
})

test.each(['gzip', 'br', 'deflate', 'zstd'] as const)('a whole answer that comes as %s is read', async (encoding) => {
  await using rig = await startRig()
  const text = JSON.stringify({ text: 'Ä中🙂'.repeat(50_000) })
  rig.upstream.script({ encoding, body: text })
  expect(await readText(await rig.whole())).toBe(text)
})

test.each([
  ['an unknown coding', { headers: { 'content-encoding': 'compress' }, body: 'x' }, /compressed its response in a way/],
  ['two codings', { headers: { 'content-encoding': 'gzip, gzip' }, body: 'x' }, /compressed its response in a way/],
  ['a damaged archive', { headers: { 'content-encoding': 'gzip' }, body: 'no gzip' }, /gzip compression is damaged/],
])('%s is upstream_protocol', async (_name, reply, message) => {
  await using rig = await startRig()
  rig.upstream.script(reply)
  const failure = await failureOf(rig.whole().then(readText))
  expect(failure).toMatch(/^upstream_protocol: acme /)
  expect(failure).toMatch(message)
})

test('an empty body is no damaged archive', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: { 'content-encoding': 'gzip' } })
  expect(await readText(await rig.whole())).toBe('')
})

test('a call that was aborted before it began sends nothing', async () => {
  await using rig = await startRig()
  const reason = new DragomanError('upstream_timeout', 'The whole request took too long')
  expect(await failureOf(rig.stream(rig.call({ signal: AbortSignal.abort() })))).toBe('aborted: The caller left')
  expect(await failureOf(rig.stream(rig.call({ signal: AbortSignal.abort(reason) })))).toBe(
    'upstream_timeout: The whole request took too long',
  )
  expect(rig.upstream.connections.accepted).toBe(0)
})

test('an abort before the head closes the socket', async () => {
  await using rig = await startRig()
  rig.upstream.script(noReply())
  const controller = new AbortController()
  const failure = failureOf(rig.stream(rig.call({ signal: controller.signal })))
  const request = await rig.upstream.received(1)
  controller.abort()
  expect(await failure).toBe('aborted: The caller left')
  expect(await request.closed).toBe('aborted')
  expect(rig.clock.pending).toBe(0)
})

test('an abort in the body closes the socket, and what waited is not read any more', async () => {
  await using rig = await startRig()
  rig.upstream.always({ headers: eventStream, body: ['data: a\n\ndata: b\n\ndata: c\n\n', stall()] })
  const waiting = new AbortController()
  const items = dataOf(await rig.stream(rig.call({ signal: waiting.signal })))
  expect(await items.next()).toEqual({ value: 'a', done: false })
  waiting.abort()
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(await failureOf(items.next())).toBe('aborted: The caller left')
  expect(await items.next()).toEqual({ value: undefined, done: true })

  const reading = new AbortController()
  const others = dataOf(await rig.stream(rig.call({ signal: reading.signal })))
  for (let i = 0; i < 3; i++) await others.next()
  const failure = failureOf(others.next())
  reading.abort()
  expect(await failure).toBe('aborted: The caller left')
  expect(await rig.upstream.requests[1]?.closed).toBe('aborted')
})

test('an abort counts while items wait, although the response has ended', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: 'data: a\n\ndata: b\n\n' })
  const controller = new AbortController()
  const items = dataOf(await rig.stream(rig.call({ signal: controller.signal })))
  await items.next()
  await turns(10)
  controller.abort()
  expect(await failureOf(items.next())).toBe('aborted: The caller left')
})

test('an abort after the last item changes nothing', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: 'data: a\n\ndata: [DONE]\n\n' })
  const controller = new AbortController()
  expect(await outcomeOf(dataOf(await rig.stream(rig.call({ signal: controller.signal }))))).toEqual({ items: ['a'] })
  controller.abort()
  await turns(5)
  expect(rig.upstream.connections.open).toBe(1)
})

test('signals that live on hold nothing of a call that is over', async () => {
  await using rig = await startRig()
  rig.upstream.script({ body: '{}' }, { headers: eventStream, body: ['data: a\n\n', stall()] }, errorReply(500))
  const [signal, left] = [new AbortController().signal, new AbortController().signal]
  const held = () => getEventListeners(signal, 'abort').length + getEventListeners(left, 'abort').length
  await readJson(await rig.whole(rig.call({ signal }), { left }))
  expect(held()).toBe(0)
  const items = dataOf(await rig.stream(rig.call({ signal }), { left }))
  await items.next()
  expect(held()).toBe(2)
  await items.return?.()
  expect(held()).toBe(0)
  await failureOf(rig.whole(rig.call({ signal }), { left }))
  expect(held()).toBe(0)
})

test('an abort while an error body is read is the abort', async () => {
  await using rig = await startRig()
  const sent = gate()
  rig.upstream.script({ status: 500, body: ['{"error":', sent] })
  const controller = new AbortController()
  const failure = failureOf(rig.stream(rig.call({ signal: controller.signal })))
  await sent.reached
  await turns(5)
  controller.abort()
  expect(await failure).toBe('aborted: The caller left')
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('a queued request whose caller left is never sent, and blocks nobody', async () => {
  await using rig = await startRig()
  const pool = new Pool(rig.upstream.origin, { connections: 1 })
  const client = createHttpClient({ provider: 'acme', baseUrl: rig.upstream.origin, dispatcher: pool })
  const post = (path: string, signal: AbortSignal) =>
    client.post(path, { call: { signal, credential }, accept: 'text/event-stream' })
  const more = gate()
  rig.upstream.on('/first', { headers: eventStream, body: ['data: a\n\n', more] }).always(jsonReply({ a: 1 }))
  const first = await post('/first', new AbortController().signal)
  const controller = new AbortController()
  const queued = failureOf(post('/queued', controller.signal))
  const last = post('/last', new AbortController().signal)
  await turns(5)
  controller.abort()
  expect(await queued).toBe('aborted: The caller left')
  more.open()
  expect((await outcomeOf(dataOf(first))).items).toEqual(['a'])
  expect(await readJson(await last)).toEqual({ a: 1 })
  expect(rig.upstream.requests.map(({ path }) => path)).toEqual(['/first', '/last'])
  await client.close()
  expect(pool.closed).toBe(false)
  await pool.close()
})

/** Answers the first request of each connection, and closes it in `how` when it sees the next. */
async function startForgetful(
  how: (socket: Socket) => void,
): Promise<{ server: Server; origin: string; seen: string[] }> {
  const seen: string[] = []
  const server = createServer((socket) => {
    let requests = 0
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      if (!bytes.includes('POST')) return
      seen.push(`${++requests}`)
      if (requests > 1) how(socket)
      else socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('a server without a port')
  return { server, origin: `http://127.0.0.1:${address.port}`, seen }
}

test.each([
  ['closes', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
])('a kept-alive connection that the upstream %s is replaced once, unseen by the caller', async (_name, how) => {
  const { server, origin, seen } = await startForgetful(how)
  const client = createHttpClient({ provider: 'acme', baseUrl: origin })
  const events: string[] = []
  const observe = (event: { type: string }) => events.push(event.type)
  const signal = new AbortController().signal
  for (let i = 0; i < 5; i++) {
    expect(await readJson(await client.post('/', { call: { signal, observe }, body: {} }))).toEqual({})
    await turns(5)
  }
  // The second request fails on the first connection and succeeds on its own, which is closed after it; and so on.
  expect(seen.join(' ')).toBe('1 2 1 1 2 1 1')
  expect(events).toEqual(Array.from({ length: 5 }, () => ['request', 'response']).flat())
  await client.close()
  await new Promise((resolve) => server.close(resolve))
})

test('an upstream that closes its connections after each reply is seen to fail by nobody', async () => {
  await using rig = await startRig()
  rig.upstream.always({ ...jsonReply({ ok: true }), body: ['{"ok":true}', hangUp()] })
  let done = 0
  const worker = async () => {
    for (let i = 0; i < 125; i++) {
      expect(await readJson(await rig.whole())).toEqual({ ok: true })
      done++
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  expect(done).toBe(1_000)
})

test('a request is not repeated on a connection that was fresh, nor after a byte of its response', async () => {
  await using rig = await startRig()
  rig.upstream.script({ before: [reset()] })
  expect(await failureOf(rig.whole())).toContain('upstream_unavailable')
  rig.upstream.script(jsonReply({})).script({ before: [raw('HTTP/1.1 2'), reset()] })
  await readJson(await rig.whole())
  await turns(5)
  expect(await failureOf(rig.whole())).toContain('upstream_unavailable')
  expect(rig.upstream.requests).toHaveLength(3)
  expect(rig.upstream.requests[2]?.connection.reused).toBe(true)
})

test('a request is repeated once, not twice', async () => {
  await using rig = await startRig()
  rig.upstream.script(jsonReply({})).always({ before: [reset()] })
  await readJson(await rig.whole())
  await turns(5)
  expect(await failureOf(rig.whole())).toContain('upstream_unavailable')
  expect(rig.upstream.requests.map(({ connection }) => connection.reused)).toEqual([false, true, false])
})

test('a body that nobody reads is let go when it idles', async () => {
  await using rig = await startRig()
  rig.upstream.script({ body: repeated('x'.repeat(65_536)) })
  const response: HttpResponse = await rig.whole()
  await turns(50)
  await rig.clock.advance(120_000)
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(await failureOf(readText(response))).toContain('upstream_timeout')
})

test('a body is bytes for who wants bytes, and once', async () => {
  await using rig = await startRig()
  rig.upstream.script({ body: ['ab', 'cd'] })
  const { body } = await rig.whole()
  const { items } = await outcomeOf(body)
  expect(Buffer.concat(items).toString()).toBe('abcd')
  expect(() => body[Symbol.asyncIterator]()).toThrow('A response body was read twice')
})

test('leaving a body of bytes closes the socket', async () => {
  await using rig = await startRig()
  rig.upstream.script({ body: ['ab', stall()] })
  for await (const _ of (await rig.whole()).body) break
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('a closed client refuses calls and lets those under way finish', async () => {
  await using rig = await startRig()
  const more = gate()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', more, 'data: b\n\n'] })
  const items = dataOf(await rig.stream())
  await items.next()
  const closing = rig.client.close()
  expect(await failureOf(rig.stream())).toMatch(/^upstream_unavailable: .+ its connections have been closed by us/)
  more.open()
  expect((await outcomeOf(items)).items).toEqual(['b'])
  await closing
  await rig.upstream.idle()
})
