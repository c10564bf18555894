import type { ChatCompletion } from '@dragoman/openai-schema'
import { chatChunks, wholeAnswer } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { framesOf, openSeal } from '../test-front.ts'
import { messagesClient } from './client.ts'
import { eventsOf } from './test-frames.ts'

const usage = { prompt_tokens: 50, completion_tokens: 9, total_tokens: 59 }
const asked = {
  model: 'm',
  max_tokens: 1000,
  thinking: { type: 'adaptive' },
  messages: [{ role: 'user', content: 'Weather in Oslo?' }],
}
const weather = {
  reasoning: ['Need ', 'weather.'],
  text: ['Check', 'ing.'],
  toolCalls: [
    { id: 'call_1', name: 'get_weather', arguments: ['{"city"', ':"Oslo"}'] },
    { id: 'call_2', name: 'get_time', arguments: [] },
  ],
  usage,
}

describe('events', () => {
  const encoder = (fields: object = {}) =>
    messagesClient.readRequest({ ...asked, ...fields }, { seal: openSeal }).encoder()

  test('name each message anew: some upstreams repeat their ids, and Claude Code joins messages of one id', () => {
    const started = () => eventsOf(framesOf(encoder(), chatChunks({ id: 'chatcmpl-1', text: 'Hi' })))[0]
    const ids = [started(), started()].map((event) => (event as unknown as { message: { id: string } }).message.id)
    expect(ids).toEqual([expect.stringMatching(/^msg_/), expect.stringMatching(/^msg_/)])
    expect(new Set(ids).size).toBe(2)
  })

  test('follow the grammar, block by block', () => {
    const kinds = eventsOf(framesOf(encoder(), chatChunks(weather))).map((event) => {
      const { type, index, delta, content_block } = event as Record<string, { type: string }>
      return [type, index, delta?.type ?? content_block?.type].filter((part) => part !== undefined).join(' ')
    })
    expect(kinds).toEqual([
      'message_start',
      'content_block_start 0 thinking',
      'content_block_delta 0 thinking_delta',
      'content_block_delta 0 thinking_delta',
      'content_block_delta 0 signature_delta',
      'content_block_stop 0',
      'content_block_start 1 text',
      'content_block_delta 1 text_delta',
      'content_block_delta 1 text_delta',
      'content_block_stop 1',
      'content_block_start 2 tool_use',
      'content_block_delta 2 input_json_delta',
      'content_block_delta 2 input_json_delta',
      'content_block_stop 2',
      'content_block_start 3 tool_use',
      'content_block_delta 3 input_json_delta',
      'content_block_stop 3',
      'message_delta',
      'message_stop',
    ])
  })

  test('the message_delta waits for the usage, and nothing else waits', () => {
    const { chunk, end } = encoder()
    const frames = chatChunks({ text: 'a', usage }).map(chunk)
    expect(frames.map((frame) => eventsOf(frame).map(({ type }) => type))).toEqual([
      ['message_start'],
      ['content_block_start', 'content_block_delta'],
      ['content_block_stop'],
      ['message_delta'],
    ])
    expect(eventsOf(end())).toEqual([{ type: 'message_stop' }])
  })

  test('a second call whose first is complete goes out as it comes', () => {
    const { chunk } = encoder()
    const frames = chatChunks({
      toolCalls: [
        { name: 'a', arguments: { x: 1 } },
        { name: 'b', arguments: ['{"y":', '2}'] },
      ],
    }).map(chunk)
    expect(frames.slice(3, 6).map((frame) => eventsOf(frame).at(-1))).toMatchObject([
      { type: 'content_block_start', index: 1 },
      { type: 'content_block_delta', index: 1, delta: { partial_json: '{"y":' } },
      { type: 'content_block_delta', index: 1, delta: { partial_json: '2}' } },
    ])
  })

  describe('a second call while the first misses arguments', () => {
    const open = (index: number) => ({
      tool_calls: [
        { index, id: `t${index}`, type: 'function' as const, function: { name: `f${index}`, arguments: '' } },
      ],
    })
    const piece = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] })
    const chunk = (delta: object, finish_reason: string | null = null) =>
      ({
        id: '1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'm',
        choices: [{ index: 0, delta, finish_reason }],
      }) as never

    test('waits, and goes on as soon as the first has them', () => {
      const { chunk: write } = encoder()
      const frames = [open(0), piece(0, '{"a":'), open(1), piece(1, '{"b"'), piece(0, '1}'), piece(1, ':2}')].map(
        (delta) =>
          eventsOf(write(chunk(delta))).map(
            ({ type, index }) => `${String(type).replace('content_block_', '')} ${index}`,
          ),
      )
      expect(frames).toEqual([
        ['message_start undefined', 'start 0'],
        ['delta 0'],
        [],
        [],
        ['delta 0', 'stop 0', 'start 1', 'delta 1'],
        ['delta 1'],
      ])
    })

    test('is not told at all where the token limit cut it', () => {
      const chunks = [open(0), piece(0, '{"a":'), open(1), piece(1, '{"b"')].map((delta) => chunk(delta))
      const frames = framesOf(encoder(), [...chunks, chunk({}, 'length')])
      expect(frames).toContain('"stop_reason":"max_tokens"')
      expect(frames).not.toContain('"f1"')
    })

    test('ends it: what comes for it later is an error', () => {
      const chunks = [open(0), piece(0, '{}'), open(1), piece(0, ' '), piece(0, '{"late":1}')].map((delta) =>
        chunk(delta),
      )
      const events = eventsOf(framesOf(encoder(), chunks))
      expect(events.at(-1)).toMatchObject({ error: { message: expect.stringContaining('"f0" are no JSON object') } })
      expect(events.filter(({ type }) => type === 'error')).toHaveLength(1)
    })
  })

  test('half of a character waits for its other half', () => {
    const frames = framesOf(encoder(), chatChunks({ text: ['a\ud83d', '\udc09', 'b\ud83d'] }))
    const texts = eventsOf(frames).flatMap(({ delta }) => (delta as { text?: string })?.text ?? [])
    expect(texts).toEqual(['a', '🐉', 'b', '\ufffd'])
  })

  test('thinking without its text is a signature alone', () => {
    const events = eventsOf(
      framesOf(
        encoder({ thinking: { type: 'adaptive', display: 'omitted' } }),
        chatChunks({ reasoning: 'hm', text: 'a' }),
      ),
    )
    expect(events.slice(1, 4)).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sealed.{"text":"hm"}' } },
      { type: 'content_block_stop', index: 0 },
    ])
  })

  test.each([[undefined], [{ type: 'disabled' }]])('with thinking %j reasoning is not shown', (thinking) => {
    const frames = framesOf(encoder({ thinking }), chatChunks({ reasoning: 'hm', text: 'a' }))
    expect(frames).not.toContain('thinking')
    expect(frames).toContain('"index":0,"delta":{"type":"text_delta","text":"a"}')
  })

  test('without a seal no signature goes out, and thinking that may not be shown is left out', () => {
    const unsealed = (display: string) => {
      const read = messagesClient.readRequest({ ...asked, thinking: { type: 'adaptive', display } })
      return framesOf(read.encoder(), chatChunks({ reasoning: 'hm', text: 'a' }))
    }
    expect(unsealed('summarized')).not.toContain('signature_delta')
    expect(unsealed('summarized')).toContain('thinking_delta')
    expect(unsealed('omitted')).not.toContain('thinking_delta')
  })

  test.each([
    ['stop', undefined, 'end_turn', null],
    ['stop', 'END', 'stop_sequence', 'END'],
    ['stop', 'other', 'end_turn', null],
    ['length', undefined, 'max_tokens', null],
    ['content_filter', undefined, 'refusal', null],
  ] as const)('finish %s by %j is %s', (finish, stop_reason, expected, stop_sequence) => {
    const [first, second, last] = chatChunks({ text: 'a', finish })
    const chunks = [first, second, { ...last, choices: [{ ...last?.choices[0], stop_reason }] }] as never
    const events = eventsOf(framesOf(encoder({ stop_sequences: ['END'] }), chunks))
    expect(events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason: expected, stop_sequence } })
  })

  test('the stop sequence of a whole answer is told too', () => {
    const whole = wholeAnswer({ text: 'a' })
    const choices = whole.choices.map((choice) => ({ ...choice, stop_reason: 'END' }))
    const read = messagesClient.readRequest({ ...asked, stop_sequences: ['END'] })
    expect(read.whole({ ...whole, choices })).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: 'END' })
  })

  test('a call that the token limit cut is closed as it is, and a whole message leaves it out', () => {
    const cut = { text: 'a', toolCalls: [{ name: 'f', arguments: ['{"x":'] }], finish: 'length' as const }
    const read = messagesClient.readRequest(asked)
    expect(eventsOf(framesOf(read.encoder(), chatChunks(cut))).at(-2)).toMatchObject({
      delta: { stop_reason: 'max_tokens' },
    })
    expect(read.whole(wholeAnswer(cut))).toMatchObject({
      content: [{ type: 'text', text: 'a' }],
      stop_reason: 'max_tokens',
    })
  })

  test.each([['{"x":'], ['null'], ['[1]'], ['{"a":1}x'], ['{a:1}']])(
    'arguments %j are an error, never an input',
    (text) => {
      const answer = { toolCalls: [{ name: 'f', arguments: [text] }] }
      const read = messagesClient.readRequest(asked)
      const events = eventsOf(framesOf(read.encoder(), chatChunks(answer)))
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
      expect(events.map(({ type }) => type)).not.toContain('message_stop')
      expect(() => read.whole(wholeAnswer(answer))).toThrow(expect.objectContaining({ code: 'upstream_protocol' }))
    },
  )

  test('a refusal is told as text, and as one', () => {
    const whole = wholeAnswer({ text: '' }) as ChatCompletion
    const [choice] = whole.choices
    if (choice) choice.message = { role: 'assistant', content: null, refusal: 'I will not.' }
    expect(messagesClient.readRequest(asked).whole(whole)).toMatchObject({
      content: [{ type: 'text', text: 'I will not.' }],
      stop_reason: 'refusal',
    })
  })
})
