import { collect } from '@dragoman/core'
import type { ChatCompletion } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { messagesReader } from './upstream.ts'

const start = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [],
    usage: { input_tokens: 40, output_tokens: 1 },
  },
}
const stop = { type: 'message_stop' }
const ended = (stop_reason: string, usage: object = { output_tokens: 55 }) => ({
  type: 'message_delta',
  delta: { stop_reason, stop_sequence: null },
  usage,
})
const open = (index: number, content_block: object) => ({ type: 'content_block_start', index, content_block })
const piece = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta })
const close = (index: number) => ({ type: 'content_block_stop', index })
const text = (index: number, said: string) => [
  open(index, { type: 'text', text: '' }),
  piece(index, { type: 'text_delta', text: said }),
  close(index),
]

/** The stream of Anthropic's documentation: thinking, text and a call. */
const documented = [
  start,
  open(0, { type: 'thinking', thinking: '', signature: '' }),
  { type: 'ping' },
  piece(0, { type: 'thinking_delta', thinking: 'Need ' }),
  piece(0, { type: 'thinking_delta', thinking: 'weather.' }),
  piece(0, { type: 'signature_delta', signature: 'EqQB' }),
  close(0),
  ...text(1, 'Checking.'),
  open(2, { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: {} }),
  piece(2, { type: 'input_json_delta', partial_json: '' }),
  piece(2, { type: 'input_json_delta', partial_json: '{"city": "Os' }),
  piece(2, { type: 'input_json_delta', partial_json: 'lo"}' }),
  close(2),
  open(3, { type: 'tool_use', id: 'toolu_02', name: 'get_time', input: {} }),
  close(3),
  ended('tool_use', { output_tokens: 55, cache_read_input_tokens: 10, output_tokens_details: { thinking_tokens: 20 } }),
  stop,
]

async function read(events: readonly unknown[]): Promise<ChatCompletion> {
  const reader = messagesReader()
  const chunks = [...events.flatMap((event) => [...reader.push(event)]), ...reader.end()]
  return collect(Array.from(chunks) as never, { model: 'm', messages: [] })
}

async function message(events: readonly unknown[]) {
  const { choices } = await read(events)
  return choices[0]?.message
}

const detail = {
  type: 'reasoning.text',
  text: 'Need weather.',
  signature: 'EqQB',
  format: 'anthropic-claude-v1',
  index: 0,
}
const expected = {
  role: 'assistant',
  content: 'Checking.',
  refusal: null,
  reasoning_content: 'Need weather.',
  reasoning_details: [detail],
  tool_calls: [
    { id: 'toolu_01', type: 'function', function: { name: 'get_weather', arguments: '{"city": "Oslo"}' } },
    { id: 'toolu_02', type: 'function', function: { name: 'get_time', arguments: '{}' } },
  ],
}
const usage = {
  prompt_tokens: 50,
  completion_tokens: 55,
  total_tokens: 105,
  prompt_tokens_details: { cached_tokens: 10 },
  completion_tokens_details: { reasoning_tokens: 20 },
}

test('the documented stream', async () => {
  const completion = await read(documented)
  expect(completion).toMatchObject({ id: 'msg_1', model: 'claude-x', usage })
  expect(completion.choices).toEqual([{ index: 0, message: expected, logprobs: null, finish_reason: 'tool_calls' }])
})

test('the documented whole answer is the same', async () => {
  const chunks = messagesReader().whole({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [
      { type: 'thinking', thinking: 'Need weather.', signature: 'EqQB' },
      { type: 'text', text: 'Checking.', citations: null },
      { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: { city: 'Oslo' } },
      { type: 'tool_use', id: 'toolu_02', name: 'get_time', input: {} },
    ],
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: {
      input_tokens: 40,
      cache_read_input_tokens: 10,
      output_tokens: 55,
      output_tokens_details: { thinking_tokens: 20 },
    },
  })
  const completion = await collect(chunks as never, { model: 'm', messages: [] })
  expect(completion.usage).toEqual(usage)
  const [look, ...more] = expected.tool_calls
  const whole = { ...look, function: { ...look?.function, arguments: '{"city":"Oslo"}' } }
  expect(completion.choices[0]?.message).toEqual({ ...expected, tool_calls: [whole, ...more] })
})

test('text comes as it comes', () => {
  const reader = messagesReader()
  const contents = [start, ...text(0, 'a'), piece(0, { type: 'text_delta', text: 'b' })].map((event) =>
    reader.push(event).map(({ choices }) => choices[0]?.delta.content),
  )
  expect(contents).toEqual([[''], [], ['a'], [], ['b']])
})

test.each([
  ['end_turn', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
  ['something_new', 'stop'],
])('%s is the finish reason %s', async (reason, finish) => {
  const { choices } = await read([start, ...text(0, 'a'), ended(reason), stop])
  expect(choices[0]?.finish_reason).toBe(finish)
})

test('the text that ended the answer is told', () => {
  const reader = messagesReader()
  reader.push(start)
  reader.push({ type: 'message_delta', delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' } })
  expect(reader.end()[0]?.choices).toEqual([{ index: 0, delta: {}, finish_reason: 'stop', stop_reason: 'END' }])
})

test('writes to the cache are part of the prompt', async () => {
  const reported = {
    input_tokens: 1,
    output_tokens: 2,
    cache_creation_input_tokens: 30,
    cache_read_input_tokens: 400,
    cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
  }
  expect((await read([start, ...text(0, 'a'), ended('end_turn', reported), stop])).usage).toEqual({
    prompt_tokens: 431,
    completion_tokens: 2,
    total_tokens: 433,
    prompt_tokens_details: { cached_tokens: 400, cache_write_tokens: 30, cache_write_1h_tokens: 20 },
  })
})

test('sealed thinking and sources of a search are kept', async () => {
  const answer = await message([
    start,
    open(0, { type: 'redacted_thinking', data: 'r' }),
    close(0),
    open(1, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
    piece(1, { type: 'input_json_delta', partial_json: '{"query":"x"}' }),
    close(1),
    open(2, { type: 'web_search_tool_result', tool_use_id: 's', content: [] }),
    close(2),
    open(3, { type: 'text', text: '' }),
    piece(3, {
      type: 'citations_delta',
      citation: { type: 'web_search_result_location', url: 'https://x.example', title: 'X' },
    }),
    piece(3, { type: 'text_delta', text: 'a' }),
    piece(3, { type: 'future_delta', future: 1 }),
    close(3),
    { type: 'future_event' },
    ended('end_turn'),
    stop,
  ])
  expect(answer).toMatchObject({
    content: 'a',
    reasoning_details: [{ type: 'reasoning.encrypted', data: 'r', format: 'anthropic-claude-v1', index: 0 }],
    annotations: [{ type: 'url_citation', url_citation: { url: 'https://x.example', title: 'X' } }],
  })
  expect(answer).not.toHaveProperty('tool_calls')
})

describe('what other gateways get wrong', () => {
  test('a second message_start tells of nothing', async () => {
    const reader = messagesReader()
    expect([start, start].map((event) => reader.push(event).length)).toEqual([1, 0])
    expect(await message([start, start, ...text(0, 'a'), start, ended('end_turn'), stop])).toMatchObject({
      content: 'a',
    })
  })

  test('blocks that all have the index 0, without an end', async () => {
    const calls = [1, 2].flatMap((n) => [
      open(0, { type: 'tool_use', id: `t${n}`, name: `f${n}`, input: {} }),
      piece(0, { type: 'input_json_delta', partial_json: `{"n":${n}}` }),
    ])
    const events = [
      start,
      open(0, { type: 'text', text: '' }),
      piece(0, { type: 'text_delta', text: 'a' }),
      ...calls,
      ended('tool_use'),
      stop,
    ]
    expect(await message(events)).toMatchObject({
      content: 'a',
      tool_calls: [
        { id: 't1', function: { name: 'f1', arguments: '{"n":1}' } },
        { id: 't2', function: { name: 'f2', arguments: '{"n":2}' } },
      ],
    })
  })

  test('a second block of the same index ends the first', async () => {
    const calls = ['t1', 't2'].map((id) => open(0, { type: 'tool_use', id, name: 'f', input: {} }))
    expect(await message([start, ...calls, ended('tool_use'), stop])).toMatchObject({
      tool_calls: [
        { id: 't1', function: { arguments: '{}' } },
        { id: 't2', function: { arguments: '{}' } },
      ],
    })
  })

  test('pieces with the index of another block', async () => {
    const events = [
      start,
      ...text(0, 'a'),
      open(1, { type: 'tool_use', id: 't', name: 'f', input: {} }),
      piece(0, { type: 'input_json_delta', partial_json: '{"n":1}' }),
      close(1),
      ended('tool_use'),
      stop,
    ]
    expect(await message(events)).toMatchObject({ tool_calls: [{ function: { arguments: '{"n":1}' } }] })
  })

  test('text outside of any block', async () => {
    expect(await message([start, piece(0, { type: 'text_delta', text: 'a' }), ended('end_turn'), stop])).toMatchObject({
      content: 'a',
    })
  })

  test('the whole input in the start of the block', async () => {
    const events = [
      start,
      open(0, { type: 'tool_use', id: 't', name: 'f', input: { n: 1 } }),
      close(0),
      ended('tool_use'),
      stop,
    ]
    expect(await message(events)).toMatchObject({ tool_calls: [{ function: { arguments: '{"n":1}' } }] })
  })

  test('no message_stop behind a complete answer', async () => {
    expect(await message([start, ...text(0, 'a'), ended('end_turn')])).toMatchObject({ content: 'a' })
  })

  test('arguments without a call are an error', () => {
    const reader = messagesReader()
    expect(() => reader.push(piece(0, { type: 'input_json_delta', partial_json: '{' }))).toThrow(
      expect.objectContaining({ code: 'upstream_protocol' }),
    )
  })

  test.each([[null], [[]], ['text'], [{}], [{ type: 'message', content: 'text' }]])(
    '%j is no whole answer',
    (answer) => {
      expect(() => messagesReader().whole(answer)).toThrow(expect.objectContaining({ code: 'upstream_protocol' }))
    },
  )
})
