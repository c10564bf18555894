import { DragomanError } from '@dragoman/core'
import { everyByte, everyCut, gate, repeated, reset, type Step, seededCuts, stall } from '@dragoman/testkit'
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EventPiecesOptions, eventPieces, type HttpResponse, type StreamEvent } from './index.ts'
import { defaultLimits } from './limits.ts'
import { failureOf, inMemory, outcomeOf, startRig, textOf, turns } from './test-rig.ts'

const eventStream = { 'content-type': 'text/event-stream' }
const isEnd = (data: string) => data === '[DONE]'

const piecesOf = (response: HttpResponse, options: EventPiecesOptions = { isEnd }) => eventPieces(response, options)

/** All pieces as one text, or the error. */
async function passed(
  pieces: readonly Uint8Array[],
  limits = defaultLimits,
  options: EventPiecesOptions = { isEnd },
): Promise<string> {
  const { items, error } = await outcomeOf(piecesOf(inMemory(pieces, limits), options))
  const text = Buffer.concat(items).toString()
  return error === undefined ? text : `${text}|${textOf(error)}`
}

const bytes = (text: string) => new TextEncoder().encode(text)

test.each([
  ['events in the plain form', 'data: {"a":"ä中🙂"}\n\ndata: b\n\n', 'data: {"a":"ä中🙂"}\n\ndata: b\n\n'],
  [
    'comments between them',
    ': hi\n\ndata: a\n\n: ping\n\n:\n\ndata: b\n\n',
    ': hi\n\ndata: a\n\n: ping\n\n:\n\ndata: b\n\n',
  ],
  ['an event without data', 'data: \n\ndata: a\n\n', 'data: \n\ndata: a\n\n'],
  ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', 'data: a\n\ndata: b\n\n'],
  ['CRLF from the second event on', 'data: a\n\ndata: b\r\n\r\ndata: c\n\n', 'data: a\n\ndata: b\n\ndata: c\n\n'],
  ['carriage returns', 'data: a\r\rdata: b\r\r', 'data: a\n\ndata: b\n\n'],
  ['a carriage return in the middle of a line', 'data: a\rdata: b\n\n', 'data: a\ndata: b\n\n'],
  ['a byte order mark', '\uFEFFdata: a\n\ndata: b\n\n', 'data: a\n\ndata: b\n\n'],
  ['no space after the colon', 'data: a\n\ndata:b\n\ndata:  c\n\n', 'data: a\n\ndata: b\n\ndata:  c\n\n'],
  ['several data lines', 'data: a\n\ndata: b\ndata: c\n\ndata: d\n\n', 'data: a\n\ndata: b\ndata: c\n\ndata: d\n\n'],
  ['names, ids and times to wait', 'event: delta\nid: 7\nretry: 10\ndata: a\n\ndata: b\n\n', 'data: a\n\ndata: b\n\n'],
  ['fields after the data', 'data: a\n\ndata: b\nid: 7\n\n: gone\n\ndata: c\n\n', 'data: a\n\ndata: b\n\ndata: c\n\n'],
  ['a comment in an event', 'data: a\n\n: ping\ndata: b\n\n', 'data: a\n\ndata: b\n\n'],
  ['too many blank lines', 'data: a\n\n\n\n\ndata: b\n\n', 'data: a\n\ndata: b\n\n'],
  ['no blank line after the last event', 'data: a\n\ndata: b', 'data: a\n\ndata: b\n\n'],
  ['one line feed after the last event', 'data: a\n\ndata: b\n', 'data: a\n\ndata: b\n\n'],
  ['a comment that breaks off', 'data: a\n\n: pi', 'data: a\n\n'],
  ['a field that breaks off', 'data: a\n\ndat', 'data: a\n\n'],
  ['more after the end', 'data: a\n\ndata: [DONE]\n\ndata: b\n\n', 'data: a\n\ndata: [DONE]\n\n'],
  ['more after the end, framed anew', 'data:a\n\ndata:[DONE]\n\ndata: b\n\n', 'data: a\n\ndata: [DONE]\n\n'],
  ['an end without its blank line', 'data: a\n\ndata: [DONE]', 'data: a\n\ndata: [DONE]\n\n'],
  ['nothing at all', '', ''],
])('%s: the same bytes, wherever they are cut', async (_name, text, expected) => {
  expect(await passed([bytes(text)])).toBe(expected)
  expect(await passed(everyByte(text))).toBe(expected)
  for (const pieces of everyCut(text)) expect(await passed(pieces)).toBe(expected)
  for (const pieces of seededCuts(text, 3, 20)) expect(await passed(pieces)).toBe(expected)
})

const named: EventPiecesOptions = {
  isEnd,
  keepsNames: true,
  errorFrom: ({ event, data }) => (event === 'error' ? new DragomanError('rate_limited', data) : undefined),
}

test.each([
  [
    'names and data',
    'event: delta\ndata: {"a":"ä中🙂"}\n\nevent: zurück\ndata: b\n\n',
    'event: delta\ndata: {"a":"ä中🙂"}\n\nevent: zurück\ndata: b\n\n',
  ],
  [
    'names, comments, and events without a name',
    ': hi\n\nevent: x\ndata: a\n\n: ping\n\ndata: b\n\nevent: y\ndata: \n\n',
    ': hi\n\nevent: x\ndata: a\n\n: ping\n\ndata: b\n\nevent: y\ndata: \n\n',
  ],
  ['CRLF', 'event: x\r\ndata: a\r\n\r\nevent: y\ndata: b\n\n', 'event: x\ndata: a\n\nevent: y\ndata: b\n\n'],
  ['no space after the colon', 'event:x\ndata: a\n\ndata: b\n\n', 'event: x\ndata: a\n\ndata: b\n\n'],
  ['a name after the data', 'data: a\nevent: x\n\ndata: b\n\n', 'event: x\ndata: a\n\ndata: b\n\n'],
  ['two names', 'event: x\nevent: y\ndata: a\n\n', 'event: y\ndata: a\n\n'],
  ['an empty name', 'event: \ndata: a\n\nevent: x\ndata: b\n\n', 'data: a\n\nevent: x\ndata: b\n\n'],
  ['a name without data', 'event: x\n\ndata: a\n\n', 'data: a\n\n'],
  ['several data lines', 'event: x\ndata: a\ndata: b\n\ndata: c\n\n', 'event: x\ndata: a\ndata: b\n\ndata: c\n\n'],
  ['ids', 'id: 7\nevent: x\ndata: a\n\nevent: y\ndata: b\n\n', 'event: x\ndata: a\n\nevent: y\ndata: b\n\n'],
  ['a comment in an event', 'event: x\n: ping\ndata: a\n\n', 'event: x\ndata: a\n\n'],
  ['a comment behind a name', 'event: x\n: ping\n\ndata: a\n\n', 'data: a\n\n'],
  ['a carriage return in a name', 'event: x\rdata: a\n\ndata: b\n\n', 'event: x\ndata: a\n\ndata: b\n\n'],
  ['no blank line after the last event', 'event: x\ndata: a', 'event: x\ndata: a\n\n'],
  ['a name that breaks off', 'event: x\ndata: a\n\nevent: y', 'event: x\ndata: a\n\n'],
  ['more after the end', 'event: x\ndata: [DONE]\n\nevent: y\ndata: b\n\n', 'event: x\ndata: [DONE]\n\n'],
  ['an error', 'event: x\ndata: a\n\nevent: error\ndata: slowly\n\n', 'event: x\ndata: a\n\n|rate_limited: slowly'],
])('where names are kept, %s: the same bytes, wherever they are cut', async (_name, text, expected) => {
  expect(await passed([bytes(text)], defaultLimits, named)).toBe(expected)
  expect(await passed(everyByte(text), defaultLimits, named)).toBe(expected)
  for (const pieces of everyCut(text)) expect(await passed(pieces, defaultLimits, named)).toBe(expected)
  for (const pieces of seededCuts(text, 3, 20)) expect(await passed(pieces, defaultLimits, named)).toBe(expected)
})

const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `data: ${text.replaceAll(/[\r\n]/g, ' ')}`),
  fc.constantFrom('data: [DONE]', ': comment', 'event: delta', 'data:{"a":"中文 🙂"}', 'id: 1', 'data', '', '', '', ''),
)
const ends = fc.oneof({ weight: 9, arbitrary: fc.constant('\n') }, fc.constantFrom('\r\n', '\r'))

test.each<[string, EventPiecesOptions, RegExp]>([
  ['', { isEnd }, /^(data: [^\r]*|:[^\r]*)\n\n$/s],
  [', names and all', { isEnd, keepsNames: true }, /^((event: [^\r\n]+\n)?data: [^\r]*|:[^\r]*)\n\n$/s],
])('of any stream the pieces hold the events that a parser finds%s, wherever it is cut', async (_, options, form) => {
  const stream = fc.array(fc.tuple(line, ends), { maxLength: 30 })
  const places = fc.array(fc.nat(2000), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(stream, places, async (lines, cuts) => {
      const whole = bytes(lines.map(([text, end]) => text + end).join(''))
      const sorted = [...new Set([0, ...cuts.filter((at) => at < whole.length), whole.length])].sort((a, b) => a - b)
      const cut = sorted.slice(1).map((end, i) => whole.subarray(sorted[i], end))
      const { items } = await outcomeOf(piecesOf(inMemory(cut), options))
      expect(Buffer.concat(items).toString()).toBe(await passed([whole], defaultLimits, options))
      for (const piece of items) expect(Buffer.from(piece).toString()).toMatch(form)
      const { keepsNames } = options
      expect(eventsIn(items, keepsNames)).toEqual(upToEnd(eventsIn([whole], keepsNames)))
    }),
    { numRuns: 500 },
  )
})

/** The data of each event, with its name where that is to be kept. */
function eventsIn(pieces: readonly Uint8Array[], keepsNames = false): readonly StreamEvent[] {
  const found: StreamEvent[] = []
  const parser = createParser({
    onEvent: ({ event, data }) => found.push(keepsNames && event !== undefined ? { event, data } : { data }),
  })
  parser.feed(`${new TextDecoder().decode(Buffer.concat(pieces))}\n\n`)
  return found
}

function upToEnd(found: readonly StreamEvent[]): readonly StreamEvent[] {
  const end = found.findIndex(({ data }) => data === '[DONE]')
  return end < 0 ? found : found.slice(0, end + 1)
}

test('bytes that are no UTF-8 go on as they came', async () => {
  const odd = Buffer.concat([bytes('data: '), Buffer.from([0xff, 0xc3, 0x80, 0xe4]), bytes('\n\ndata: [DONE]\n\n')])
  for (const pieces of [[odd], everyByte(odd)]) {
    expect(Buffer.concat((await outcomeOf(piecesOf(inMemory(pieces)))).items)).toEqual(odd)
  }
})

test('the end is recognized by its text, not by its bytes', async () => {
  const last = (data: string) => data === 'schön 🙂'
  for (const text of ['data: schön 🙂\n\ndata: b\n\n', 'data:schön 🙂\n\ndata: b\n\n']) {
    const { items } = await outcomeOf(piecesOf(inMemory([bytes(text)]), { isEnd: last }))
    expect(Buffer.concat(items).toString()).toBe('data: schön 🙂\n\n')
  }
})

test.each([
  ['', ['data: a\n\n: ping\n\ndata: b\n\n', 'data: c\n\n']],
  [', names too where they are kept', ['event: x\ndata: a\n\n: ping\n\ndata: b\n\n', 'event: y\ndata: c\n\n']],
])('what came in one read goes on in one piece, uncopied%s', async (_name, expected) => {
  const read = bytes(expected.join('').slice(0, -2))
  const { items } = await outcomeOf(piecesOf(inMemory([read, bytes('\n\n')]), named))
  expect(items.map((piece) => Buffer.from(piece).toString())).toEqual(expected)
  expect(items[0]?.buffer).toBe(read.buffer)
})

test('an event that has a name may be an error', async () => {
  const errorFrom = ({ event, data }: { event?: string; data: string }) =>
    event === 'error' ? new DragomanError('rate_limited', data) : undefined
  const text = 'data: a\n\nevent: delta\ndata: b\n\nevent: error\ndata: slowly\n\ndata: c\n\n'
  const { items, error } = await outcomeOf(piecesOf(inMemory([bytes(text)]), { isEnd, errorFrom }))
  expect(Buffer.concat(items).toString()).toBe('data: a\n\ndata: b\n\n')
  expect(textOf(error)).toBe('rate_limited: slowly')
})

test('one event above the limit is upstream_protocol, in one piece or in many; a comment may be long', async () => {
  const limits = { ...defaultLimits, maxEventBytes: 1000 }
  const error = '|upstream_protocol: acme sent an event of more than 1000 bytes (limits.maxEventBytes)'
  const long = 'x'.repeat(1000)
  for (const cut of [(text: string) => [bytes(text)], everyByte]) {
    expect(await passed(cut(`data: ${long}\n\n`), limits)).toBe(`data: ${long}\n\n`)
    expect(await passed(cut(`data: a\n\ndata: ${long}x\n\n`), limits)).toBe(`data: a\n\n${error}`)
    expect(await passed(cut(`data: a\n\ndata: ${'中'.repeat(334)}\n\n`), limits)).toBe(`data: a\n\n${error}`)
    expect(await passed(cut(`${'data: xxxxxxxxx\n'.repeat(101)}\n`), limits)).toBe(error)
    expect(await passed(cut(`${'data: x\n'.repeat(400)}\n`), limits)).toBe(`${'data: x\n'.repeat(400)}\n`)
    expect(await passed(cut(`: ${long}${long}\n\ndata: a\n\n`), limits)).toBe('data: a\n\n')
  }
})

test('a line of 200 MB is stopped at the limit', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: line200MB() })
  const { items, error } = await outcomeOf(piecesOf(await rig.stream()))
  expect(items).toEqual([])
  expect(textOf(error)).toBe('upstream_protocol: acme sent an event of more than 8 MiB (limits.maxEventBytes)')
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(rig.upstream.requests[0]?.sent).toBeLessThan(32 * 1024 * 1024)
})

function* line200MB(): Generator<Step> {
  yield 'data: '
  yield* repeated('x'.repeat(65_536), 3_200)
}

test('pieces come as their bytes do, not when the response ends', async () => {
  await using rig = await startRig()
  const more = gate()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\nda', more, 'ta: b\n\n'] })
  const pieces = piecesOf(await rig.stream())
  expect(String((await pieces.next()).value)).toBe('data: a\n\n')
  more.open()
  expect(String((await pieces.next()).value)).toBe('data: b\n\n')
  expect(await pieces.next()).toEqual({ value: undefined, done: true })
})

test('nothing after the end is read, and the connection serves the next call', async () => {
  await using rig = await startRig()
  for (const body of ['data: [DONE]\n\ndata: b\n\n', 'data:[DONE]\n\ndata: b\n\n']) {
    rig.upstream.script({ headers: eventStream, body })
    const { items } = await outcomeOf(piecesOf(await rig.stream()))
    expect(Buffer.concat(items).toString()).toBe('data: [DONE]\n\n')
    await turns(5)
  }
  expect(rig.upstream.connections.accepted).toBe(1)
})

test('leaving the pieces closes the socket', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', stall()] })
  for await (const _ of piecesOf(await rig.stream())) break
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
  expect(rig.clock.pending).toBe(0)
})

test('a reset gives the whole events before it and then upstream_unavailable', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\ndata: b', reset()] })
  const { items, error } = await outcomeOf(piecesOf(await rig.stream()))
  expect(Buffer.concat(items).toString()).toBe('data: a\n\n')
  expect(textOf(error)).toMatch(/^upstream_unavailable: acme \(127\.0\.0\.1:\d+\): the connection was reset/)
})

test('a reader that stalls stops the upstream', async () => {
  await using rig = await startRig()
  const block = `data: ${'x'.repeat(1000)}\n\n`.repeat(64)
  rig.upstream.script({ headers: eventStream, body: repeated(block) })
  const pieces = piecesOf(await rig.stream())
  await pieces.next()
  const [request] = rig.upstream.requests
  let before = -1
  for (let sent = 0; sent > before; sent = request?.sent ?? 0) {
    before = sent
    await turns(200)
  }
  // What the kernel's buffers hold, and a little more.
  expect(request?.sent).toBeLessThan(16 * 1024 * 1024)
  await pieces.return?.()
  expect(await request?.closed).toBe('aborted')
})

test('comments keep pieces coming, but a stream alive for five times the idle limit only', async () => {
  await using rig = await startRig()
  const steps = Array.from({ length: 12 }, () => [gate(), ': ping\n\n'] as const)
  rig.upstream.script({ headers: eventStream, body: ['data: a\n\n', ...steps.flat(), stall()] })
  const pieces = piecesOf(await rig.stream(rig.call({ limits: { idleMs: 1_000 } })))
  await pieces.next()
  let passedMs = 0
  while (passedMs < 5_000) {
    const [ping] = steps[passedMs / 500] ?? []
    await ping?.reached
    await rig.clock.advance(500)
    passedMs += 500
    ping?.open()
    expect(String((await pieces.next()).value)).toBe(': ping\n\n')
  }
  expect(await failureOf(pieces.next())).toBe('upstream_timeout: acme sent no event for 5 s (5 times limits.idleMs)')
})

test.each([
  ['an HTML page', '<html><head><title>Login</title></head></html>', 'an HTML page titled "Login"'],
  ['a JSON error', '{"error":{"message":"Slow down","code":"rate_limit_exceeded"}}', 'Slow down'],
  ['a completion', '{"choices":[]}', 'answered with JSON where a stream of events was asked for'],
  ['half of a JSON', ' {"choices":[', 'no JSON, but'],
])('%s under the name of an event stream is an error and passes nothing', async (_name, body, expected) => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body })
  const { items, error } = await outcomeOf(piecesOf(await rig.stream()))
  expect(items).toEqual([])
  expect(textOf(error)).toContain(expected)
})

test('a JSON error in an event stream counts although the connection stays open', async () => {
  await using rig = await startRig()
  rig.upstream.script({ headers: eventStream, body: ['{"error":{"message":"Slow', ' down"}}\n', stall()] })
  expect(await failureOf(piecesOf(await rig.stream()).next())).toBe(
    'upstream_unavailable: acme answered 200: Slow down',
  )
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})
