import { isDragomanError } from '@dragoman/core'
import {
  type Exchange,
  everyByte,
  everyCut,
  gate,
  htmlPage,
  jsonReply,
  repeated,
  reset,
  type Step,
  stall,
} from '@dragoman/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { events, isEventStream, readJson } from './index.ts'
import { defaultLimits } from './limits.ts'
import { dataOf, failureOf, inMemory, outcomeOf, startRig, textOf, turns } from './test-rig.ts'

const eventStream = { 'content-type': 'text/event-stream' }

/** What `events` makes of a body in these pieces, without a socket. */
async function parsed(pieces: readonly Uint8Array[], limits = defaultLimits): Promise<unknown> {
  const { items, error } = await outcomeOf(events(inMemory(pieces, limits), (event) => [event]))
  return error === undefined ? items : textOf(error)
}

const bytes = (text: string) => [new TextEncoder().encode(text)]

test.each([
  ['line feeds', 'data: a\n\ndata: b\n\n', [{ data: 'a' }, { data: 'b' }]],
  ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [{ data: 'a' }, { data: 'b' }]],
  ['carriage returns', 'data: a\r\rdata: b\r\r', [{ data: 'a' }, { data: 'b' }]],
  ['no space after the colon', 'data:a\n\ndata:  b\n\n', [{ data: 'a' }, { data: ' b' }]],
  ['several data lines', 'data: a\ndata: b\n\n', [{ data: 'a\nb' }]],
  ['comments', ': ping\n\n:\n\ndata: a\n: ping\n\n', [{ data: 'a' }]],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ data: 'a' }]],
  ['event names', 'event: delta\nid: 7\nretry: 10\ndata: a\n\n', [{ event: 'delta', data: 'a' }]],
  ['unknown fields', 'foo: bar\nnonsense\ndata: a\n\n', [{ data: 'a' }]],
  ['no blank line after the last event', 'data: a\n\ndata: [DONE]', [{ data: 'a' }, { data: '[DONE]' }]],
  ['a lone carriage return after the last event', 'data: a\r', [{ data: 'a' }]],
  ['blank lines before the first event', '\n\r\n\ndata: {"a":1}\n\n', [{ data: '{"a":1}' }]],
  ['nothing at all', '', []],
])('framing with %s is read, wherever it is cut', async (_name, text, expected) => {
  expect(await parsed(bytes(text))).toEqual(expected)
  expect(await parsed(everyByte(text))).toEqual(expected)
  for (const pieces of everyCut(text)) expect(await parsed(pieces)).toEqual(expected)
})

test('cuts never matter, inside of characters and line ends neither', async () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, ' ')}`),
    fc.constantFrom(': comment', 'event: delta', 'data:{"a":"中文 🙂"}', 'id: 1', '', ''),
  )
  const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 30 })
  const places = fc.array(fc.nat(2000), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(stream, places, async (lines, cuts) => {
      const whole = new TextEncoder().encode(lines.map(([text, end]) => text + end).join(''))
      const sorted = [...new Set([0, ...cuts.filter((at) => at < whole.length), whole.length])].sort((a, b) => a - b)
      const pieces = sorted.slice(1).map((end, i) => whole.subarray(sorted[i], end))
      expect(await parsed(pieces)).toEqual(await parsed([whole]))
    }),
    { numRuns: 300 },
  )
})

test('events are handed over as they come, not when the response ends', async () => {
  await using rig = await startRig()
  const more = gate()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', more, 'data: b\n\n'] })
  const items = dataOf(await rig.stream())
  expect(await items.next()).toEqual({ value: 'a', done: false })
  more.open()
  expect(await items.next()).toEqual({ value: 'b', done: false })
  expect(await items.next()).toEqual({ value: undefined, done: true })
})

test('nothing after END is read, and the connection serves the next call', async () => {
  await using rig = await startRig()
  rig.upstream.always({ headers: eventStream, body: 'data: a\n\ndata: [DONE]\n\ndata: b\n\n' })
  expect(await outcomeOf(dataOf(await rig.stream()))).toEqual({ items: ['a'] })
  await turns(5)
  expect(await outcomeOf(dataOf(await rig.stream()))).toEqual({ items: ['a'] })
  expect(rig.upstream.connections.accepted).toBe(1)
})

test('an upstream that goes on after END is cut off', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\ndata: [DONE]\n\n', stall()] })
  expect(await outcomeOf(dataOf(await rig.stream()))).toEqual({ items: ['a'] })
  await rig.clock.advance(1_000)
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')

  rig.upstream.script({ headers: eventStream, body: chatter('data: a\n\ndata: [DONE]\n\n') })
  expect(await outcomeOf(dataOf(await rig.stream()))).toEqual({ items: ['a'] })
  expect(await rig.upstream.requests[1]?.closed).toBe('aborted')
})

function* chatter(first: string): Generator<Step> {
  yield first
  yield* repeated(`data: ${'x'.repeat(1000)}\n\n`)
}

test('leaving the iterator closes the socket', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', stall()] })
  for await (const item of dataOf(await rig.stream())) {
    expect(item).toBe('a')
    break
  }
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(rig.clock.pending).toBe(0)
})

test('what decode throws ends the stream after the items before it, and closes the socket', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['data: 1\n\ndata: oops\n\ndata: 3\n\n', stall()] })
  const items = events(await rig.stream(), ({ data }) => [JSON.parse(data)])
  const outcome = await outcomeOf(items)
  expect(outcome.items).toEqual([1])
  expect(isDragomanError(outcome.error)).toBe(true)
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('a reset gives the items before it and then upstream_unavailable', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', reset()] })
  const { items, error } = await outcomeOf(dataOf(await rig.stream()))
  expect(items).toEqual(['a'])
  expect(textOf(error)).toMatch(/^upstream_unavailable: acme \(127\.0\.0\.1:\d+\): the connection was reset/)
})

test('a reader that stalls stops the upstream', { timeout: 60_000 }, async () => {
  await using rig = await startRig()
  const offered = 64 * 1024 * 1024
  const block = `data: ${'x'.repeat(1000)}\n\n`.repeat(64)
  rig.upstream.script({ headers: eventStream, body: repeated(block, Math.ceil(offered / block.length)) })
  const items = dataOf(await rig.stream())
  await items.next()
  const [request] = rig.upstream.requests
  await standstill(request)
  // What the kernel's buffers hold, and a little more.
  expect(request?.sent).toBeLessThan(offered / 4)
  let events = 1
  for await (const item of items) events += item.length === 1000 ? 1 : 0
  expect(events).toBe(Math.ceil(offered / block.length) * 64)
  expect(request?.sent).toBeGreaterThanOrEqual(offered)
})

/** Resolves when the upstream can send no more. */
async function standstill(request: Exchange | undefined): Promise<void> {
  let before = -1
  for (let sent = 0; sent > before; sent = request?.sent ?? 0) {
    before = sent
    await turns(200)
  }
}

test('a reader that comes late and stalls stops the upstream too', async () => {
  await using rig = await startRig()
  const block = `data: ${'x'.repeat(100)}\n\n`.repeat(600)
  rig.upstream.script({ headers: eventStream, body: repeated(block) })
  const response = await rig.stream()
  const [request] = rig.upstream.requests
  await standstill(request)
  const items = dataOf(response)
  await items.next()
  await standstill(request)
  expect(request?.sent).toBeLessThan(16 * 1024 * 1024)
  await items.return?.()
  expect(await request?.closed).toBe('aborted')
})

test('a stalled reader is not an idle upstream', async () => {
  await using rig = await startRig()
  const block = `data: ${'x'.repeat(1000)}\n\n`.repeat(64)
  rig.upstream.script({ headers: eventStream, body: repeated(block, 500) })
  const items = dataOf(await rig.stream())
  await items.next()
  await standstill(rig.upstream.requests[0])
  await rig.clock.advance(600_000)
  let count = 1
  for await (const _ of items) count++
  expect(count).toBe(32_000)
})

test('one event above the limit is upstream_protocol, in one piece or in many', async () => {
  const limits = { ...defaultLimits, maxEventBytes: 1000 }
  const error = 'upstream_protocol: acme sent an event of more than 1000 bytes (limits.maxEventBytes)'
  const fits = `data: ${'x'.repeat(1000)}\n\n`
  const exceeds = `data: ${'x'.repeat(1001)}\n\n`
  const wide = `data: ${'中'.repeat(334)}\n\n`
  const lines = `${'data: xxxxxxxxx\n'.repeat(101)}\n`
  for (const cut of [(text: string) => bytes(text), everyByte]) {
    expect(await parsed(cut(fits), limits)).toEqual([{ data: 'x'.repeat(1000) }])
    expect(await parsed(cut(exceeds), limits)).toBe(error)
    expect(await parsed(cut(wide), limits)).toBe(error)
    expect(await parsed(cut(lines), limits)).toBe(error)
  }
})

test('a line without an end is stopped at the limit', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: endless('data: ', 'x'.repeat(65_536)) })
  const { error } = await outcomeOf(dataOf(await rig.stream()))
  expect(textOf(error)).toBe('upstream_protocol: acme sent an event of more than 8 MiB (limits.maxEventBytes)')
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(rig.upstream.requests[0]?.sent).toBeLessThan(32 * 1024 * 1024)
})

function* endless(first: string, more: string): Generator<Step> {
  yield first
  yield* repeated(more)
}

test('comments keep a stream alive for five times the idle limit', async () => {
  await using rig = await startRig()
  const steps = Array.from({ length: 12 }, () => [gate(), ': ping\n\n'] as const)
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', ...steps.flat(), stall()] })
  const items = dataOf(await rig.stream(rig.call({ limits: { idleMs: 1_000 } })))
  await items.next()
  const next = failureOf(items.next())
  let passedMs = 0
  for (const [ping] of steps) {
    await ping.reached
    await rig.clock.advance(500)
    passedMs += 500
    ping.open()
    if (passedMs < 5_000) expect(rig.clock.pending, `after ${passedMs} ms`).toBe(1)
    else break
  }
  expect(await next).toBe('upstream_timeout: acme sent no event for 5 s (5 times limits.idleMs)')
  expect(passedMs).toBe(5_000)
})

test.each([
  [
    'an HTML page',
    '<html><head><title>Login</title></head></html>',
    'upstream_protocol: acme answered 200: an HTML page titled "Login"',
  ],
  [
    'a JSON error',
    '{"error":{"message":"Slow down","code":"rate_limit_exceeded"}}',
    'rate_limited: acme answered 200: Slow down',
  ],
  ['a bare status', '\n{"code":429,"message":"Later"}\n', 'rate_limited: acme answered 200: Later'],
  [
    'a completion',
    '{"choices":[]}',
    'upstream_protocol: acme answered with JSON where a stream of events was asked for',
  ],
  ['half of a JSON', '{"choices":[', 'upstream_protocol: acme answered 200: no JSON, but "{"choices":["'],
])('%s under the name of an event stream is an error', async (_name, body, expected) => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body })
  const { items, error } = await outcomeOf(dataOf(await rig.stream()))
  expect(items).toEqual([])
  expect(textOf(error)).toBe(expected)
})

test('a JSON error in an event stream counts although the connection stays open', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['{"error":{"message":"Slow', ' down"}}\n', stall()] })
  const { error } = await outcomeOf(dataOf(await rig.stream()))
  expect(textOf(error)).toBe('upstream_unavailable: acme answered 200: Slow down')
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('a whole answer where events were asked for can be read as JSON', async () => {
  await using rig = await startRig()
  rig.upstream
    .script(jsonReply({ choices: [] }))
    .script({ headers: eventStream, body: '' })
    .script({ body: '' })
  const whole = await rig.stream()
  expect(isEventStream(whole)).toBe(false)
  expect(await readJson(whole)).toEqual({ choices: [] })
  expect(isEventStream(await rig.stream())).toBe(true)
  expect(isEventStream(await rig.stream())).toBe(true)
})

test('an HTML page where events were asked for is upstream_protocol', async () => {
  await using rig = await startRig()
  rig.upstream.script(htmlPage(200, 'Sign in'))
  expect(await failureOf(rig.stream())).toBe('upstream_protocol: acme answered 200: an HTML page titled "Sign in"')
})

test.each(['gzip', 'br', 'deflate', 'zstd'] as const)(
  'a stream that comes as %s is read event by event',
  async (encoding) => {
    await using rig = await startRig()
    const more = gate()
    rig.upstream.script({ headers: eventStream, encoding, body: ['data: a\n\n', more, 'data: b\n\n', 'data: c\n\n'] })
    const response = await rig.stream()
    const items = dataOf(response)
    expect(await items.next()).toEqual({ value: 'a', done: false })
    more.open()
    expect(await outcomeOf(items)).toEqual({ items: ['b', 'c'] })
    expect(response.headers.has('content-encoding')).toBe(false)
  },
)
