import { Collector } from '@dragoman/core'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { thrown } from './test-thrown.ts'
import { type ResponsesOptions, responsesReader, responsesUpstream } from './upstream.ts'

const newReader = (options?: ResponsesOptions) =>
  responsesUpstream.writeRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }, options).reader()

describe('an answer', () => {
  const response = { id: 'resp_1', created_at: 7, model: 'real', status: 'in_progress', output: [] }
  const usage = {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens: 6,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 16,
  }
  const reasoning = {
    id: 'rs_1',
    type: 'reasoning',
    summary: [
      { type: 'summary_text', text: 'One.' },
      { type: 'summary_text', text: 'Two.' },
    ],
    encrypted_content: 'gAAA',
  }
  const citation = { type: 'url_citation', url: 'http://a', title: 'A', start_index: 0, end_index: 2 }
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [
      { type: 'output_text', text: 'Hello', annotations: [citation] },
      { type: 'refusal', refusal: 'No' },
    ],
  }
  const call = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' }
  const custom = { id: 'ctc_1', type: 'custom_tool_call', call_id: 'call_2', name: 'patch', input: 'p' }
  const search = { id: 'ws_1', type: 'web_search_call', status: 'completed' }
  const output = [reasoning, search, message, call, custom]
  const completed = { ...response, status: 'completed', output, usage, service_tier: 'flex' }

  const events = [
    { type: 'response.created', response },
    { type: 'response.in_progress', response },
    { type: 'response.output_item.added', output_index: 0, item: { ...reasoning, summary: [] } },
    { type: 'response.reasoning_summary_part.added', output_index: 0, summary_index: 0 },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'On' },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'e.' },
    { type: 'response.reasoning_summary_text.done', output_index: 0, summary_index: 0, text: 'One.' },
    { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 1, delta: 'Two.' },
    { type: 'response.output_item.done', output_index: 0, item: reasoning },
    { type: 'response.web_search_call.searching', output_index: 1, item_id: 'ws_1' },
    { type: 'response.output_item.added', output_index: 2, item: { ...message, content: [] } },
    { type: 'response.content_part.added', output_index: 2, content_index: 0, part: { type: 'output_text', text: '' } },
    { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'Hel' },
    { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'lo' },
    { type: 'response.output_text.annotation.added', output_index: 2, content_index: 0, annotation: citation },
    { type: 'response.refusal.delta', output_index: 2, content_index: 1, delta: 'No' },
    { type: 'response.output_item.done', output_index: 2, item: message },
    { type: 'response.output_item.added', output_index: 3, item: { ...call, arguments: '' } },
    { type: 'response.output_item.added', output_index: 4, item: { ...custom, input: '' } },
    { type: 'response.function_call_arguments.delta', output_index: 3, delta: '{"a"' },
    { type: 'response.custom_tool_call_input.delta', output_index: 4, delta: 'p' },
    { type: 'response.function_call_arguments.delta', output_index: 3, delta: ':1}' },
    { type: 'response.output_item.done', output_index: 3, item: call },
    { type: 'response.output_item.done', output_index: 4, item: custom },
    { type: 'response.something_new', output_index: 4 },
    { type: 'response.completed', response: completed },
  ]

  const expected = {
    id: 'resp_1',
    object: 'chat.completion',
    created: 7,
    model: 'real',
    service_tier: 'flex',
    choices: [
      {
        index: 0,
        logprobs: null,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: 'Hello',
          refusal: 'No',
          reasoning_content: 'One.\n\nTwo.',
          annotations: [
            { type: 'url_citation', url_citation: { url: 'http://a', title: 'A', start_index: 0, end_index: 2 } },
          ],
          reasoning_details: [
            { type: 'reasoning.summary', summary: 'One.', id: 'rs_1', format: 'openai-responses-v1', index: 0 },
            { type: 'reasoning.summary', summary: 'Two.', id: 'rs_1', format: 'openai-responses-v1', index: 1 },
            { type: 'reasoning.encrypted', data: 'gAAA', id: 'rs_1', format: 'openai-responses-v1', index: 2 },
          ],
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'call_2', type: 'custom', custom: { name: 'patch', input: 'p' } },
          ],
        },
      },
    ],
    usage: {
      prompt_tokens: 10,
      completion_tokens: 6,
      total_tokens: 16,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
  }

  const collected = (chunks: readonly ChatCompletionChunk[]) => {
    const collector = new Collector()
    for (const chunk of chunks) collector.push(chunk)
    return collector.completion()
  }
  const streamed = (given: readonly unknown[]) => {
    const reader = newReader()
    return [...given.flatMap((event) => reader.push(event)), ...reader.end()]
  }

  test('in events is read as they come', () => {
    expect(collected(streamed(events))).toEqual(expected)
    const reader = newReader()
    const counts = events.map((event) => reader.push(event).length)
    // Each delta makes one chunk at once; the rest waits for nothing either.
    expect(counts).toEqual([0, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 2])
  })

  test('whole is read as its events are, also where no request of ours was written for it', () => {
    expect(collected(newReader().whole(completed))).toEqual(expected)
    expect(collected(responsesReader().whole(completed))).toEqual(expected)
  })

  test.each(['delta', 'added', 'item.done'])('is whole where the service sends no events of %s', (kind) => {
    const sent = events.filter(({ type }) => !type.endsWith(kind))
    const { choices } = collected(streamed(sent))
    const [choice] = choices
    expect({ ...choice?.message, tool_calls: choice?.message.tool_calls?.map(({ id }) => id) }).toEqual({
      ...expected.choices[0]?.message,
      tool_calls: ['call_1', 'call_2'],
    })
  })

  test('with raw reasoning is not told twice where a summary comes too', () => {
    const raw = { ...reasoning, content: [{ type: 'reasoning_text', text: 'Raw.' }], encrypted_content: null }
    const { choices } = collected(
      streamed([
        { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'Raw.' },
        { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'One.' },
        { type: 'response.output_item.done', output_index: 0, item: raw },
        { type: 'response.completed', response: { ...response, status: 'completed', output: [raw, message] } },
      ]),
    )
    expect(choices[0]?.message.reasoning_content).toBe('Raw.')
    expect(choices[0]?.message).not.toHaveProperty('reasoning_details')
  })

  test('has its log probabilities', () => {
    const token = { token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }
    const delta = {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      delta: 'a',
      logprobs: [token],
    }
    expect(newReader().push(delta)[0]?.choices[0]?.logprobs).toEqual({ content: [token], refusal: null })
  })

  test.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['something_new', 'length'],
  ])('that is incomplete by %s ends with %s', (reason, finish) => {
    const incomplete = { ...response, status: 'incomplete', incomplete_details: { reason }, output: [message] }
    const { choices } = collected(streamed([{ type: 'response.incomplete', response: incomplete }]))
    expect(choices[0]?.finish_reason).toBe(finish)
  })

  test.each([
    [{ code: 'rate_limit_exceeded' }, 'rate_limited'],
    [{ code: 'insufficient_quota' }, 'credential_exhausted'],
    [{ code: 'context_length_exceeded' }, 'context_length_exceeded'],
    [{ code: 'invalid_prompt' }, 'invalid_request'],
    [{ code: null, type: 'invalid_request_error' }, 'invalid_request'],
    [{ code: 'server_error' }, 'upstream_unavailable'],
    [{ code: 'something_new' }, 'upstream_unavailable'],
    [{ code: 'constructor' }, 'upstream_unavailable'],
  ])('that fails with %j throws %s, in each of the forms it comes in', (given, code) => {
    const error = { message: 'It broke', ...given }
    const failed = { ...response, status: 'failed', error }
    const forms = [
      () => streamed([{ type: 'response.failed', response: failed }]),
      () => streamed([{ type: 'error', ...error }]),
      () => streamed([{ type: 'error', error }]),
      () => newReader().whole(failed),
      () => newReader().whole({ error }),
    ]
    // The flat event has no room for a type beside its own.
    for (const [i, form] of forms.entries()) {
      if (i === 1 && 'type' in given) continue
      expect(thrown(form)).toMatchObject({ code, origin: 'upstream', message: 'It broke' })
    }
  })

  test("that fails has the service's words without secrets", () => {
    const options = { clean: (text: string) => text.replace('sk-1', '[secret]') }
    const reader = newReader(options)
    const event = { type: 'error', code: 'server_error', message: 'Bad key sk-1' }
    expect(thrown(() => reader.push(event)).message).toBe('Bad key [secret]')
  })

  test.each([
    ['that just ends', () => streamed(events.slice(0, -1))],
    ['that is still running', () => newReader().whole({ ...response, status: 'queued' })],
    ['that is no object', () => newReader().whole('<html>')],
  ])('%s is an error of the protocol', (_, action) => {
    expect(thrown(action)).toMatchObject({ code: 'upstream_protocol', origin: 'upstream' })
  })
})
