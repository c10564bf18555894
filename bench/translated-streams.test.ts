import { expect, test } from 'vitest'
import { chunkText, filled, stamp } from './contents.ts'
import type { Dialect } from './dialect.ts'
import { openStreams } from './load.ts'
import { chunked, upstreamThatSends } from './test-upstream.ts'

const STREAM = { chunks: 4, chars: 8 }
const texts = Array.from({ length: STREAM.chunks }, (_, i) => stamp(i, 0) + chunkText(i, filled(STREAM)))
const all = texts.join('')

type Event = { readonly type: string } & Readonly<Record<string, unknown>>

const framed = (event: Event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

// The frames of an answer, with what Anthropic's reference has in them as far as it is looked at.
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  content: [],
  stop_reason: null,
  usage: { input_tokens: 0, output_tokens: 0 },
}
const messages = [
  { type: 'message_start', message },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...texts.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 19, output_tokens: 4 } },
  { type: 'message_stop' },
].map(framed)

// The same with OpenAI's.
const place = { item_id: 'msg_1', output_index: 0, content_index: 0 }
const part = { type: 'output_text', text: all, annotations: [] }
const item = { id: 'msg_1', type: 'message', role: 'assistant' }
const begun = { id: 'resp_1', status: 'in_progress', output: [] }
const whole = { ...item, status: 'completed', content: [part] }
const usage = { input_tokens: 19, output_tokens: 4, total_tokens: 23 }
const responses = numbered([
  { type: 'response.created', response: begun },
  { type: 'response.in_progress', response: begun },
  { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } },
  { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
  ...texts.map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
  { type: 'response.output_text.done', ...place, text: all },
  { type: 'response.content_part.done', ...place, part },
  { type: 'response.output_item.done', output_index: 0, item: whole },
  { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [whole], usage } },
])

function numbered(events: readonly Event[]): string[] {
  return events.map((event, sequence_number) => framed({ ...event, sequence_number }))
}

const right = { messages, responses }
const first = { messages: 2, responses: 4 }
const idle = { messages: 'event: ping\ndata: {"type":"ping"}\n\n', responses: ': keepalive\n\n' }

async function streamed(dialect: Dialect, frames: readonly string[]) {
  const endpoint = await upstreamThatSends(dialect, chunked(frames.join('')))
  const { wrong } = await openStreams(endpoint, { streams: 1, rampMs: 0, asked: STREAM })
  return wrong
}

async function fault(dialect: Dialect, frames: readonly string[]) {
  const wrong = await streamed(dialect, frames)
  expect(wrong.count).toBeGreaterThan(0)
  return wrong.first
}

function mended(frames: readonly string[], type: string, change: (frame: string) => string): string[] {
  return frames.map((frame) => (frame.startsWith(`event: ${type}\n`) ? change(frame) : frame))
}

function swapped(frames: readonly string[], at: number): string[] {
  return frames.with(at, frames[at + 1] ?? '').with(at + 1, frames[at] ?? '')
}

const types = (frames: readonly string[]) => [...new Set(frames.map((frame) => /^event: (\S+)/.exec(frame)?.[1] ?? ''))]

const dialects = ['messages', 'responses'] as const

test.each(dialects)(
  'a right stream of %s has no fault, whatever says in between that nothing has come',
  async (dialect) => {
    const frames = right[dialect].toSpliced(first[dialect] + 1, 0, idle[dialect], ': a comment\n\n')
    expect(await streamed(dialect, frames)).toEqual({ count: 0, first: undefined })
  },
)

test('keepalive events of Responses are counted as the others are', async () => {
  const parsed = responses.map((frame): Event => JSON.parse(frame.slice(frame.indexOf('{'))))
  const frames = numbered(parsed.toSpliced(2, 0, { type: 'keepalive' }))
  expect(await streamed('responses', frames)).toEqual({ count: 0, first: undefined })
})

const eachType = dialects.flatMap((dialect) => types(right[dialect]).map((type) => [dialect, type] as const))

test.each(eachType)('in a stream of %s a lost %s is found', async (dialect, type) => {
  const frames = right[dialect].filter((frame) => !frame.startsWith(`event: ${type}\n`))
  expect(await fault(dialect, frames)).toBeDefined()
})

test.each(eachType)('in a stream of %s a doubled %s is found', async (dialect, type) => {
  const at = right[dialect].findIndex((frame) => frame.startsWith(`event: ${type}\n`))
  expect(await fault(dialect, right[dialect].toSpliced(at, 0, right[dialect][at] ?? ''))).toBeDefined()
})

test.each(dialects.flatMap((dialect) => right[dialect].slice(1).map((_, at) => [dialect, at] as const)))(
  'in a stream of %s the events %d and the next do not change places unseen',
  async (dialect, at) => {
    expect(await fault(dialect, swapped(right[dialect], at))).toBeDefined()
  },
)

test.each(dialects)('in a stream of %s a wrong byte of text is found', async (dialect) => {
  const frames = right[dialect].with(first[dialect], (right[dialect][first[dialect]] ?? '').replace('~the', '~thx'))
  expect(await fault(dialect, frames)).toBe('the text of chunk 0 differs')
})

test.each(dialects)('in a stream of %s what follows the end is found', async (dialect) => {
  expect(await fault(dialect, [...right[dialect], idle.messages])).toMatch(
    /^after (message_stop|response\.completed): /,
  )
  expect(await fault(dialect, [...right[dialect], 'data: [DONE]\n\n'])).toMatch(/^after /)
})

test.each(dialects)('in a stream of %s an event without its name, or under another, is found', async (dialect) => {
  const [frame = '', ...others] = right[dialect]
  expect(await fault(dialect, [frame.slice(frame.indexOf('data:')), ...others])).toContain('unknown event: data:')
  expect(await fault(dialect, [frame.replace('event: ', 'event: other_'), ...others])).toContain('an event other_')
})

test.each([
  [
    'an error in the stream',
    mended(messages, 'message_delta', () => 'event: error\ndata: {"type":"error"}\n\n'),
    'error',
  ],
  [
    'other usage',
    mended(messages, 'message_delta', (frame) => frame.replace('tokens":4', 'tokens":5')),
    'the usage differs',
  ],
  [
    'other usage of the prompt',
    mended(messages, 'message_delta', (frame) => frame.replace('19', '18')),
    'the usage differs',
  ],
  [
    'another end',
    mended(messages, 'message_delta', (frame) => frame.replace('end_turn', 'max_tokens')),
    'stop reason max_tokens',
  ],
  [
    'thinking for text',
    mended(messages, 'content_block_delta', (frame) => frame.replace('text_delta', 'thinking_delta')),
    'of the type thinking_delta',
  ],
  [
    'another block',
    mended(messages, 'content_block_stop', (frame) => frame.replace('"index":0', '"index":1')),
    'the index 1',
  ],
  [
    'a message that is not empty',
    mended(messages, 'message_start', (frame) => frame.replace('[]', '[{}]')),
    'than an empty one',
  ],
])('in a stream of Messages %s is found', async (_, frames, expected) => {
  expect(await fault('messages', frames)).toContain(expected)
})

test.each([
  [
    'a failed response',
    mended(responses, 'response.completed', (frame) => frame.replaceAll('response.completed', 'response.failed')),
    'response.failed in the place',
  ],
  ['other usage', mended(responses, 'response.completed', (frame) => frame.replace(':23', ':24')), 'the usage differs'],
  [
    'another id of the response',
    mended(responses, 'response.completed', (frame) => frame.replace('resp_1', 'resp_2')),
    'does not hold',
  ],
  [
    'another id of the item',
    mended(responses, 'response.output_text.done', (frame) => frame.replace('msg_1', 'msg_2')),
    'of another place',
  ],
  [
    'another text at the end of the part',
    mended(responses, 'response.content_part.done', (frame) => frame.replace('~the', '~thx')),
    'does not hold',
  ],
  [
    'another text at the end of the item',
    mended(responses, 'response.output_item.done', (frame) => frame.replace('~the', '~thx')),
    'does not hold',
  ],
  [
    'another text at the end',
    mended(responses, 'response.completed', (frame) => frame.replace('~the', '~thx')),
    'does not hold',
  ],
  [
    'a gap in the numbers',
    mended(responses, 'response.completed', (frame) => frame.replace('_number":11', '_number":13')),
    'has the number 13',
  ],
])('in a stream of Responses %s is found', async (_, frames, expected) => {
  expect(await fault('responses', frames)).toContain(expected)
})
