import { expect, test } from 'vitest'
import { filled, streamEvents, wholeBody } from './contents.ts'
import { MessageReader } from './http-message.ts'
import { closedLoop, openStreams } from './load.ts'
import { streamCheck } from './stream-check.ts'
import { CLOSE, chunked, upstreamThatSends } from './test-upstream.ts'

const STREAM = { chunks: 4, chars: 8 }
const WHOLE = { kib: 1 }
const events = streamEvents(filled(STREAM), 'test:', true).map((event) => `data: ${event}\n\n`)
const whole = wholeBody(filled(WHOLE), 'test:kib=1')

function counted(body: string, status = '200 OK'): string {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  return head + body
}

async function streamed(answer: string) {
  const { wrong } = await openStreams(await upstreamThatSends('chat', answer), { streams: 1, rampMs: 0, asked: STREAM })
  return wrong
}

/** The first answer is looked at in full, the second is held to it. */
async function looped(second: string) {
  const endpoint = await upstreamThatSends('chat', counted(whole), second)
  const { wrong } = await closedLoop(endpoint, { connections: 1, ms: 0, asked: WHOLE })
  return wrong
}

const without = (part: string) => events.filter((event) => !event.includes(part)).join('')
const role = 0
const first = 1
const second = 2
const finish = STREAM.chunks + 1

function swapped(a: number, b: number): string {
  return events
    .with(a, events[b] ?? '')
    .with(b, events[a] ?? '')
    .join('')
}

test('a right stream has no fault', async () => {
  expect(await streamed(chunked(`: a comment\n\n${events.join('')}`))).toEqual({ count: 0, first: undefined })
})

test.each([
  ['a wrong byte', chunked(events.join('').replace('~the', '~thx')), 'the text of chunk 0 differs'],
  ['a lost chunk', chunked(without('#000002')), 'chunk 3 in the place of 2'],
  ['a lost last chunk', chunked(without('#000003')), '3 of 4 chunks'],
  ['reordered chunks', chunked(swapped(first, second)), 'chunk 1 in the place of 0'],
  [
    'a doubled chunk',
    chunked(events.with(first, (events[first] ?? '').repeat(2)).join('')),
    'chunk 0 in the place of 1',
  ],
  ['text after the end', chunked(swapped(finish - 1, finish)), 'text after the finish reason'],
  ['no [DONE]', chunked(without('[DONE]')), 'no [DONE]'],
  ['[DONE] before the end', chunked(swapped(events.length - 1, role)), 'after [DONE]'],
  ['[DONE] twice', chunked(`${events.join('')}data: [DONE]\n\n`), 'after [DONE]'],
  ['no usage', chunked(without('"usage"')), 'no usage'],
  ['other usage', chunked(events.join('').replace('"total_tokens":23', '"total_tokens":24')), 'the usage differs'],
  ['a finish reason twice', chunked(events.with(finish, (events[finish] ?? '').repeat(2)).join('')), 'reason twice'],
  ['usage twice', chunked(events.with(finish + 1, (events[finish + 1] ?? '').repeat(2)).join('')), 'usage twice'],
  ['no finish reason', chunked(without('"stop"')), 'finish reason undefined'],
  ['half an event at the end', chunked(events.join('').slice(0, -1)), 'half an event'],
  ['an unknown event', chunked(`event: ping\ndata: {}\n\n${events.join('')}`), 'unknown event'],
  ['another status', chunked(events.join(''), '503 Service Unavailable'), 'HTTP/1.1 503 Service Unavailable'],
  ['another type', chunked(events.join(''), '200 OK', 'text/plain'), 'content type text/plain'],
  ['bytes after the answer', `${chunked(events.join(''))}data`, 'bytes after the answer'],
  ['an answer after the answer', chunked(events.join('')).repeat(2), 'an answer after the answer'],
  ['a connection cut short', chunked(events.join('')).slice(0, -5) + CLOSE, 'closed before the end'],
  [
    'a chunk longer than it says',
    chunked(events.join('')).replace('\r\n0\r\n\r\n', 'x\r\n0\r\n\r\n'),
    'longer than it says',
  ],
])('in a stream %s is found', async (_, answer, fault) => {
  const wrong = await streamed(answer)
  expect(wrong.count).toBeGreaterThan(0)
  expect(wrong.first).toContain(fault)
})

test('usage that was not asked for is found', () => {
  const check = streamCheck({ dialect: 'chat', asked: filled(STREAM), withUsage: false })
  new MessageReader(check).push(Buffer.from(chunked(events.join(''))))
  expect(check.fault).toBe('usage that was not asked for')
})

test('wherever a stream is cut into reads, it is read the same', () => {
  const bytes = Buffer.from(chunked(events.join('')))
  for (let at = 1; at < bytes.length; at++) {
    const check = streamCheck({ dialect: 'chat', asked: filled(STREAM), withUsage: true })
    const reader = new MessageReader(check)
    reader.push(bytes.subarray(0, at))
    reader.push(bytes.subarray(at))
    expect([check.fault, check.isOpen, reader.isAtEnd]).toEqual([undefined, false, true])
  }
})

test('a right whole answer has no fault', async () => {
  expect(await looped(counted(whole))).toEqual({ count: 0, first: undefined })
})

test.each([
  ['a wrong byte', counted(whole.replace('quick', 'quirk')), 'a byte differs'],
  ['a short body', counted(whole.slice(0, -1)), `${whole.length - 1} bytes instead of ${whole.length}`],
  ['a long body', counted(`${whole} `), `${whole.length + 1} bytes instead of ${whole.length}`],
  ['another status', counted(whole, '500 Internal Server Error'), 'HTTP/1.1 500 Internal Server Error'],
  ['a connection cut short', counted(whole).slice(0, -1) + CLOSE, 'closed before the end'],
])('in a whole answer %s is found', async (_, answer, fault) => {
  const wrong = await looped(answer)
  expect(wrong.count).toBe(1)
  expect(wrong.first).toContain(fault)
})

test.each([
  ['another text', whole.replace('quick', 'quirk'), 'the text differs'],
  ['no end mark', whole.replace('|END|', ''), 'the text differs'],
  ['other usage', whole.replace('"total_tokens":29', '"total_tokens":30'), 'the usage differs'],
  ['an error', '{"error":{}}', 'the text differs'],
])('the whole answer that others are held to must not have %s', async (_, body, fault) => {
  const endpoint = await upstreamThatSends('chat', counted(body))
  await expect(closedLoop(endpoint, { connections: 1, ms: 0, asked: WHOLE })).rejects.toThrow(fault)
})
