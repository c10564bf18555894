import { DragomanError } from '@dragoman/core'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { framesOf } from '../test-front.ts'
import { answered, clock, read, sealedToo } from './test-answered.ts'
import { argumentsDelta, callDelta, deltas } from './test-deltas.ts'
import { parsedFrames, withStableIds } from './test-frames.ts'

const types = (events: readonly { event: string }[]) => events.map(({ event }) => event.replace('response.', ''))

describe('a stream', () => {
  test('is the sequence of events that the SDKs know', async () => {
    const tools = [
      { type: 'namespace', name: 'ns', tools: [{ type: 'function', name: 'look' }] },
      { type: 'custom', name: 'write' },
    ]
    const citation = { url: 'http://a', title: 'A', start_index: 0, end_index: 2 }
    const chunks = [
      ...deltas(
        { role: 'assistant', content: '' },
        { reasoning_content: 'Hm' },
        { reasoning_content: '.' },
        { content: 'He' },
        { content: 'y' },
        { annotations: [{ type: 'url_citation', url_citation: citation }] },
        { refusal: 'No' },
        callDelta(0, 'ns__look', '{"a"'),
        argumentsDelta(0, ':1}'),
        callDelta(1, 'write', '{"input":"x'),
        argumentsDelta(1, '\\n"}'),
        'tool_calls',
      ),
      ...chatChunks({ usage: tokens(3, 4) }).slice(-1),
    ]
    const frames = framesOf(read({ tools, ...sealedToo }).encoder(), chunks)
    await expect(withStableIds(frames)).toMatchFileSnapshot('./test-snapshots/stream.txt')
  })

  test('numbers its events without gaps and names each as its data does', () => {
    const { events } = answered(chatChunks({ reasoning: 'a', text: ['b', 'c'], toolCalls: [{ name: 'f' }] }))
    expect(events.map(({ data }) => data.sequence_number)).toEqual(events.map((_, i) => i))
    for (const { event, data } of events) expect(data.type).toBe(event)
  })

  test('ends with the items that its events told of, whole', () => {
    const { events, response } = answered(
      chatChunks({ reasoning: 'a', text: ['b', 'c'], toolCalls: [{ name: 'f' }, { name: 'g' }] }),
    )
    const done = events.flatMap(({ event, data }) => (event === 'response.output_item.done' ? [data.item] : []))
    expect(events.at(-1)?.data.response).toEqual(response)
    expect(response.output).toEqual(done)
    expect(response.output).toHaveLength(4)
  })

  test('ends with the same response however the text is cut', () => {
    const text = { text: 'Straße 💡 "x"\n', reasoning: 'ünd 🌦️', args: '{"input":"a\\n\\ud83d\\udca1💡"}' }
    const tools = [{ type: 'custom', name: 'write' }]
    const whole = answered(
      deltas({ reasoning_content: text.reasoning }, { content: text.text }, callDelta(0, 'write', text.args), 'stop'),
      { tools },
    )
    const pieces = (value: string, size: number) => value.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (a, b) => {
        const cut = answered(
          deltas(
            ...pieces(text.reasoning, a).map((reasoning_content) => ({ reasoning_content })),
            ...pieces(text.text, b).map((content) => ({ content })),
            callDelta(0, 'write'),
            ...pieces(text.args, a).map((args) => argumentsDelta(0, args)),
            'stop',
          ),
          { tools },
        )
        const stable = (value: unknown) => withStableIds(JSON.stringify(value))
        expect(stable(cut.response)).toBe(stable(whole.response))
        for (const { data } of cut.events) {
          if (typeof data.delta === 'string') expect(data.delta.isWellFormed()).toBe(true)
        }
      }),
    )
  })

  test('says how long the answer may have been', () => {
    const { events, response } = answered(deltas({ content: 'a' }, 'content_filter'))
    expect(events.at(-1)?.event).toBe('response.incomplete')
    expect(response).toMatchObject({
      status: 'incomplete',
      completed_at: null,
      incomplete_details: { reason: 'content_filter' },
      output: [{ status: 'incomplete' }],
    })
  })

  test('shows log probabilities to a client that asked for them', () => {
    const token = { token: 'a', logprob: -1, bytes: null }
    const [chunk] = deltas({ content: 'a' })
    const chunks = [chunk, ...deltas('stop')].map((given) => given as ChatCompletionChunk)
    const [choice] = chunks[0]?.choices ?? []
    if (choice) choice.logprobs = { content: [{ ...token, top_logprobs: [token] }], refusal: null }
    const shown = [{ ...token, bytes: [], top_logprobs: [{ ...token, bytes: [] }] }]
    const asked = answered(chunks, { top_logprobs: 1 })
    expect(asked.response.output).toMatchObject([{ content: [{ logprobs: shown }] }])
    expect(answered(chunks).response.output).toMatchObject([{ content: [{ logprobs: [] }] }])
  })

  test('tells of a request what it asked for', () => {
    const body = {
      instructions: 'Be brief.',
      metadata: { a: 'b' },
      store: false,
      reasoning: { effort: 'low' },
      tools: [{ type: 'function', name: 'f', parameters: {} }],
    }
    const { response } = answered(chatChunks({ text: 'a', model: 'real', created: 5, usage: tokens(1, 2) }), body)
    expect(response).toMatchObject({
      ...body,
      reasoning: { effort: 'low', summary: null },
      object: 'response',
      created_at: 5,
      completed_at: Math.floor(clock.now() / 1000),
      model: 'real',
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      truncation: 'disabled',
      error: null,
    })
  })
})

test('of calls that were cut off while they came in turns, none is said to be done', () => {
  const { events, response } = answered(
    deltas(callDelta(0, 'f', '{"a'), callDelta(1, 'g', '{"b'), callDelta(2, 'h', '{}'), 'length'),
  )
  const done = events.filter(({ event }) => event === 'response.output_item.done')
  expect(done.map(({ data }) => data.output_index)).toEqual([2])
  expect(response.output).toMatchObject([
    { status: 'incomplete', arguments: '{"a' },
    { status: 'incomplete', arguments: '{"b' },
    { status: 'completed', arguments: '{}' },
  ])
})

describe('a heartbeat', () => {
  test('begins the answer, and after that is an event of its own', () => {
    const encoder = read().encoder()
    const begun = parsedFrames(encoder.heartbeat())
    expect(types(begun)).toEqual(['created', 'in_progress'])
    expect(parsedFrames(encoder.heartbeat())).toEqual([
      { event: 'keepalive', data: { type: 'keepalive', sequence_number: 2 } },
    ])
    const rest = parsedFrames(framesOf(encoder, chatChunks({ text: 'a' })))
    expect(types(rest)[0]).toBe('output_item.added')
    expect(begun[0]?.data.response).toMatchObject({ id: encoder.final?.response.id, status: 'in_progress', output: [] })
  })
})

describe('frames of an upstream that go out as they came', () => {
  const error = new DragomanError('upstream_unavailable', 'The upstream went away')
  const frames = (text: string) => new TextEncoder().encode(text)
  const created = frames(
    'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{"id":"resp_theirs"}}\n\n',
  )

  test('bring their own beginning and end', () => {
    const encoder = read().encoder()
    encoder.relayed?.(created)
    expect(types(parsedFrames(encoder.heartbeat()))).toEqual(['keepalive'])
    expect(encoder.end()).toBe('')
  })

  test('end as a failed response of theirs where they break', () => {
    const encoder = read().encoder()
    encoder.relayed?.(created)
    encoder.relayed?.(
      frames('event: x\ndata: {"type":"x","sequence_number":6}\n\nevent: y\ndata: {"sequence_number":7}\n\n'),
    )
    expect(parsedFrames(encoder.error(error))[0]?.data).toMatchObject({
      type: 'response.failed',
      sequence_number: 8,
      response: { id: 'resp_theirs', status: 'failed', error: { message: 'The upstream went away' } },
    })
  })

  test('are followed by an error event where they break before the id of their response is known', () => {
    const encoder = read().encoder()
    encoder.relayed?.(frames(': a comment\n\n'))
    expect(types(parsedFrames(encoder.error(error)))).toEqual(['error'])
  })
})

describe('an answer that breaks', () => {
  const broken = new DragomanError('upstream_unavailable', 'The upstream went away')

  test('ends with response.failed, with what was complete', () => {
    const encoder = read().encoder()
    for (const chunk of deltas({ reasoning_content: 'Hm' }, { content: 'He' })) encoder.chunk(chunk)
    const [failed, ...more] = parsedFrames(encoder.error(broken))
    expect(more).toEqual([])
    expect(failed).toMatchObject({
      event: 'response.failed',
      data: {
        response: {
          status: 'failed',
          error: { code: 'server_error', message: 'The upstream went away' },
          output: [{ type: 'reasoning' }],
        },
      },
    })
    expect(encoder.final?.response.status).toBe('failed')
  })

  test('before it began is an error event, with its fields where either kind of client looks', () => {
    const encoder = read().encoder()
    const error = new DragomanError('context_length_exceeded', 'Too long', { param: 'input' })
    const fields = { code: 'context_length_exceeded', message: 'Too long', param: 'input' }
    expect(parsedFrames(encoder.error(error))).toEqual([
      {
        event: 'error',
        data: { type: 'error', sequence_number: 0, ...fields, error: { type: 'invalid_request_error', ...fields } },
      },
    ])
    expect(encoder.final).toBeUndefined()
  })

  test.each([
    ['context_length_exceeded', 'context_length_exceeded'],
    ['insufficient_quota', 'insufficient_quota'],
    ['rate_limit_exceeded', 'rate_limit_exceeded'],
    ['upstream_protocol', 'server_error'],
    ['internal', 'server_error'],
  ] as const)('by %s has the code %s', (code, shown) => {
    const encoder = read().encoder()
    encoder.heartbeat()
    const [failed] = parsedFrames(encoder.error(new DragomanError(code, 'x')))
    expect(failed?.data.response).toMatchObject({ error: { code: shown } })
  })

  test('in a call that goes on after another item was told of is an error, never half a call', () => {
    const encoder = read().encoder()
    for (const chunk of deltas(callDelta(0, 'f', '{}'), callDelta(1, 'g', '{'))) encoder.chunk(chunk)
    const [late] = deltas(argumentsDelta(0, '{"more":1}'))
    expect(() => late && encoder.chunk(late)).toThrow('went on with a tool call that was complete')
    const [space] = deltas(argumentsDelta(0, ' \n'))
    expect(space && encoder.chunk(space)).toBe('')
  })
})
