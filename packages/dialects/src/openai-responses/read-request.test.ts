import { chatCompletionRequest, validate } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import type { ResponsesReadOptions } from './read-request.ts'

const read = (body: object, options?: ResponsesReadOptions) =>
  responsesClient.readRequest({ model: 'm', input: 'Hi', ...body }, options)

const messages = (input: object[], options?: ResponsesReadOptions) => read({ input }, options).chat.messages

const call = (call_id: string, name = 'look') => ({ type: 'function_call', call_id, name, arguments: '{}' })
const output = (call_id: string, text: unknown = 'seen') => ({ type: 'function_call_output', call_id, output: text })
const said = (text: string) => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] })
const chatCall = (id: string, name = 'look') => ({ id, type: 'function', function: { name, arguments: '{}' } })

describe('fields', () => {
  test('with a word in Chat Completions are carried over', () => {
    const { chat, dropped } = read({
      instructions: 'Be brief.',
      stream: true,
      max_output_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      top_logprobs: 2,
      include: ['message.output_text.logprobs', 'web_search_call.action.sources'],
      reasoning: { effort: 'xhigh', summary: 'auto' },
      text: {
        verbosity: 'low',
        format: { type: 'json_schema', name: 'city', schema: { type: 'object' }, strict: true },
      },
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      service_tier: 'flex',
      metadata: { a: 'b' },
      store: false,
      client_metadata: { x: 1 },
      truncation: 'disabled',
    })
    expect(chat).toEqual({
      model: 'm',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
      stream: true,
      max_completion_tokens: 100,
      temperature: 0.5,
      top_p: 0.9,
      logprobs: true,
      top_logprobs: 2,
      reasoning_effort: 'xhigh',
      verbosity: 'low',
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'city', schema: { type: 'object' }, strict: true },
      },
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      service_tier: 'flex',
    })
    expect(validate(chatCompletionRequest, chat).ok).toBe(true)
    expect(dropped).toEqual([])
  })

  test('that are null are absent', () => {
    const { chat } = read({
      instructions: null,
      tools: null,
      tool_choice: null,
      reasoning: null,
      text: null,
      include: null,
      previous_response_id: null,
      background: false,
      conversation: null,
      prompt: null,
      max_output_tokens: null,
    })
    expect(chat).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  })

  test('that are hints without a word are dropped and named', () => {
    const { dropped } = read({ truncation: 'auto', context_management: [{}], max_tool_calls: 3 })
    expect(dropped).toEqual(['truncation', 'max_tool_calls', 'context_management'])
  })
})

describe('items', () => {
  test('of one turn of the model become one message, with the outputs in the order of the calls', () => {
    expect(
      messages([
        { role: 'user', content: 'Go' },
        { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] },
        said('Looking.'),
        call('a'),
        call('b'),
        output('b', 'B'),
        output('a', 'A'),
        said('Done.'),
      ]),
    ).toEqual([
      { role: 'user', content: 'Go' },
      {
        role: 'assistant',
        content: 'Looking.',
        reasoning_content: 'Hm.',
        tool_calls: [chatCall('a'), chatCall('b')],
      },
      { role: 'tool', tool_call_id: 'a', content: 'A' },
      { role: 'tool', tool_call_id: 'b', content: 'B' },
      { role: 'assistant', content: 'Done.' },
    ])
  })

  test('an answer between a call and its output comes after the output', () => {
    expect(messages([call('a'), said('Wait.'), output('a')])).toEqual([
      { role: 'assistant', content: null, tool_calls: [chatCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'seen' },
      { role: 'assistant', content: 'Wait.' },
    ])
  })

  test('a message of the user between a call and its output comes after the output', () => {
    expect(messages([call('a'), { role: 'user', content: 'Hurry' }, output('a')]).map(({ role }) => role)).toEqual([
      'assistant',
      'tool',
      'user',
    ])
  })

  test('calls of several turns may have the same id', () => {
    expect(messages([call('a'), output('a', '1'), call('a'), output('a', '2')])).toMatchObject([
      { tool_calls: [{ id: 'a' }] },
      { content: '1' },
      { tool_calls: [{ id: 'a' }] },
      { content: '2' },
    ])
  })

  test('parts keep what they are', () => {
    const [message] = messages([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'See' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'low' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' },
          { type: 'input_file', file_url: 'https://a/b.pdf' },
          { type: 'input_image', file_id: 'file-1' },
          { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
          { type: 'input_text', text: 'marked', prompt_cache_breakpoint: { mode: 'explicit' } },
        ],
      },
    ])
    expect(message?.content).toEqual([
      { type: 'text', text: 'See' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'low' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } },
      { type: 'file', file: { file_data: 'https://a/b.pdf' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
      { type: 'text', text: 'marked', prompt_cache_breakpoint: { mode: 'explicit' } },
    ])
  })

  test('an image that a tool returned follows all results, as a message of the user', () => {
    const image = { type: 'input_image', image_url: 'data:image/png;base64,AA' }
    expect(
      messages([call('a'), call('b'), output('a', [{ type: 'input_text', text: 'A' }, image]), output('b')]),
    ).toEqual([
      { role: 'assistant', content: null, tool_calls: [chatCall('a'), chatCall('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'A\n(The attachment of this result is in the next message.)' },
      { role: 'tool', tool_call_id: 'b', content: 'seen' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Attachment of the result of a:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
        ],
      },
    ])
  })

  test('a refusal is kept apart from what was said', () => {
    const content = [{ type: 'refusal', refusal: 'No.' }]
    expect(messages([{ role: 'assistant', content }])).toEqual([{ role: 'assistant', content: null, refusal: 'No.' }])
  })

  test('of searches that a service ran are dropped and named, others need its own upstream', () => {
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' }
    expect(read({ input: [{ role: 'user', content: 'Hi' }, search] })).toMatchObject({
      dropped: ['input[1]:web_search_call'],
      relayOnly: undefined,
    })
    expect(read({ input: [{ role: 'user', content: 'Hi' }, { type: 'computer_call' }] }).relayOnly).toEqual({
      param: 'input[1].type',
      message: 'input[1].type: "computer_call" is not supported by this model',
    })
  })
})

describe('reasoning', () => {
  const details = [{ type: 'reasoning.text' as const, text: 'Hm.', signature: 'sig', index: 0 }]
  const item = (encrypted_content: string | null, summary = 'short') => ({
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: summary }],
    encrypted_content,
  })

  test('is opened into the text and details of its turn', () => {
    const sealed = openSeal.seal({ text: 'Hm, long.', details })
    expect(messages([item(sealed), call('a')], { seal: openSeal })[0]).toMatchObject({
      reasoning_content: 'Hm, long.',
      reasoning_details: details,
    })
  })

  test.each([
    ['a foreign value', 'gAAAAAB', openSeal],
    ['no value', null, openSeal],
    ['no seal', openSeal.seal({ text: 'Hm, long.' }), undefined],
  ])('with %s is what the summary says', (_, value, seal) => {
    const [message] = messages([item(value), call('a')], { seal })
    expect(message).toMatchObject({ reasoning_content: 'short' })
    expect(message).not.toHaveProperty('reasoning_details')
  })

  test('prefers raw reasoning to its summary', () => {
    const raw = { ...item(null), content: [{ type: 'reasoning_text', text: 'raw' }] }
    expect(messages([raw, said('Hi')])[0]).toMatchObject({ reasoning_content: 'raw', content: 'Hi' })
  })

  test('that led to nothing is left out', () => {
    expect(messages([{ role: 'user', content: 'Hi' }, item(null)])).toEqual([{ role: 'user', content: 'Hi' }])
  })
})
