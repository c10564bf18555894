import { collect } from '@dragoman/core'
import type { AssistantMessage, ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import type { MessagesOptions } from './messages-options.ts'
import { messagesReader, messagesUpstream } from './upstream.ts'

const ask: ChatMessage = { role: 'user', content: 'Hi' }
const write = (request: Partial<ChatCompletionRequest>, options: MessagesOptions = {}) =>
  messagesUpstream.writeRequest({ model: 'claude-x', messages: [ask], ...request }, options)
const messagesOf = (...messages: ChatMessage[]) => write({ messages }).body.messages

const call = (id: string, name = 'look', given = '{"a":1}') =>
  ({ id, type: 'function', function: { name, arguments: given } }) as const
const calls = (...tool_calls: ReturnType<typeof call>[]): AssistantMessage => ({
  role: 'assistant',
  content: null,
  tool_calls,
})
const result = (tool_call_id: string, content = 'seen'): ChatMessage => ({ role: 'tool', tool_call_id, content })
const look = { type: 'function', function: { name: 'look' } } as const
const said = (text: string) => ({ type: 'text', text })

test('turns alternate, and the results of a turn stand together and first', () => {
  const messages = messagesOf(
    ask,
    { role: 'user', content: 'there' },
    calls(call('a'), call('b')),
    result('b'),
    { role: 'user', content: 'and' },
    result('a'),
    { role: 'assistant', content: 'Done' },
    { role: 'user', content: '' },
    { role: 'user', content: 'More' },
  )
  expect(messages).toEqual([
    { role: 'user', content: [said('Hi'), said('there')] },
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'a', name: 'look', input: { a: 1 } },
        { type: 'tool_use', id: 'b', name: 'look', input: { a: 1 } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'b', content: 'seen' },
        { type: 'tool_result', tool_use_id: 'a', content: 'seen' },
        said('and'),
      ],
    },
    { role: 'assistant', content: [said('Done')] },
    { role: 'user', content: [said('More')] },
  ])
})

test('leading system messages are the system, later ones a reminder', () => {
  const messages: ChatMessage[] = [
    { role: 'system', content: 'a' },
    { role: 'developer', content: 'b' },
    ask,
    { role: 'system', content: 'c' },
  ]
  expect(write({ messages }).body).toMatchObject({
    system: 'a\n\nb',
    messages: [{ role: 'user', content: [said('Hi'), said('<system-reminder>\nc\n</system-reminder>')] }],
  })
  expect(write({ messages }, { systemAnywhere: true }).body.messages).toEqual([
    { role: 'user', content: [said('Hi')] },
    { role: 'system', content: [said('c')] },
  ])
})

test('marks of the cache stay where they are', () => {
  const cache_control = { type: 'ephemeral' }
  const { body } = write({
    messages: [
      { role: 'system', content: [{ type: 'text', text: 'a', cache_control }] },
      { role: 'user', content: 'Hi', cache_control },
    ],
    tools: [{ ...look, cache_control }],
  })
  expect(body).toMatchObject({
    system: [{ type: 'text', text: 'a', cache_control }],
    messages: [{ role: 'user', content: [{ ...said('Hi'), cache_control }] }],
    tools: [{ name: 'look', cache_control }],
  })
})

test.each([
  ['', {}],
  [' ', {}],
  ['{"a":', { _raw: '{"a":' }],
  ['[1]', { _raw: '[1]' }],
])('arguments %j are the input %j', (given, input) => {
  expect(messagesOf(ask, calls(call('a', 'f', given)), result('a'))).toMatchObject([
    {},
    { content: [{ type: 'tool_use', input }] },
    {},
  ])
})

test('ids that are not allowed or come again are others, in call and result alike', () => {
  const id = 'functions.look:0'
  const messages = messagesOf(ask, calls(call(id)), result(id), calls(call(id)), result(id))
  const first = 'dgid_functions_2e_look_3a_0'
  expect(messages).toMatchObject([
    {},
    { content: [{ id: first }] },
    { content: [{ tool_use_id: first }] },
    { content: [{ id: `${first}_2` }] },
    { content: [{ tool_use_id: `${first}_2` }] },
  ])
})

test.each([
  [[ask, calls(call('a'), call('b')), result('a'), ask], 'messages[1].tool_calls', /answers "b"/],
  [[ask, calls(call('a'))], 'messages[1].tool_calls', /answers "a"/],
  [[ask, result('x')], 'messages[1].tool_call_id', /"x" is no call/],
  [[ask, calls(call('a')), result('a'), result('a')], 'messages[3].tool_call_id', /"a" is no call/],
  [[ask, calls(call('a'), call('a')), result('a')], 'messages[1].tool_calls[1].id', /second call/],
] as [ChatMessage[], string, RegExp][])('pairs are asserted: %j', (messages, param, message) => {
  expect(() => write({ messages })).toThrow(expect.objectContaining({ code: 'invalid_request', param }))
  expect(() => write({ messages })).toThrow(message)
})

test('media go as blocks, in results too', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/PNG;base64,AA==' } } as const
  const block = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }
  expect(
    messagesOf(
      {
        role: 'user',
        content: [
          image,
          { type: 'image_url', image_url: 'https://x.example/a.png' },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
          { type: 'file', file: { file_data: 'data:text/csv;base64,w6Q=' } },
        ],
      },
      calls(call('a')),
      { role: 'tool', tool_call_id: 'a', content: [image] },
    ),
  ).toMatchObject([
    {
      content: [
        block,
        { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
        {
          type: 'document',
          source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' },
          title: 'a.pdf',
        },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ä' } },
      ],
    },
    {},
    { content: [{ type: 'tool_result', content: [block] }] },
  ])
})

test('white space behind a message that is to be gone on with is cut', () => {
  const messages: ChatMessage[] = [ask, { role: 'assistant', content: 'I think \n' }]
  expect(write({ messages }).body.messages).toMatchObject([{}, { content: [said('I think')] }])
  expect(() => write({ messages }, { prefill: false })).toThrow(
    expect.objectContaining({ code: 'unsupported_value', param: 'messages[1]' }),
  )
})

test('thinking goes back unmodified, first and in order; what Anthropic has not signed is left out', () => {
  const turn: AssistantMessage = {
    ...calls(call('a')),
    content: 'So',
    reasoning_content: 'hm',
    reasoning_details: [
      { type: 'reasoning.encrypted', data: 'r', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.text', text: 'h', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.text', text: 'm', signature: 's', format: 'anthropic-claude-v1', index: 1 },
      { type: 'reasoning.text', text: 'unsigned', format: 'anthropic-claude-v1', index: 2 },
      { type: 'reasoning.encrypted', data: 'g', format: 'google-gemini-v1', id: 'a' },
    ],
  }
  const messages = [ask, turn, result('a')]
  expect(write({ messages }).body.messages).toMatchObject([
    {},
    {
      content: [
        { type: 'redacted_thinking', data: 'r' },
        { type: 'thinking', thinking: 'hm', signature: 's' },
        said('So'),
        { type: 'tool_use' },
      ],
    },
    {},
  ])
  const foreign = { ...turn, reasoning_details: turn.reasoning_details?.slice(4) }
  const { dropped } = write({ messages: [ask, foreign, result('a')] })
  expect(dropped).toEqual(['messages[].reasoning_content', 'messages[].reasoning_details'])
})

test('a model that does not think is not given what it thought to go on with', () => {
  const details = [{ type: 'reasoning.text', text: 'hm', signature: 's', format: 'anthropic-claude-v1' }] as const
  const messages: ChatMessage[] = [ask, { role: 'assistant', content: 'So', reasoning_details: [...details] }]
  expect(messagesOf(...messages)).toMatchObject([{}, { content: [said('So')] }])
  expect(messagesOf(...messages, ask)).toMatchObject([{}, { content: [{ type: 'thinking' }, said('So')] }, {}])
})

test('a turn that was read goes back as it came', async () => {
  const content = [
    { type: 'redacted_thinking', data: 'r' },
    { type: 'thinking', thinking: 'hm', signature: 's1' },
    { type: 'thinking', thinking: '', signature: 's2' },
    { type: 'text', text: 'So' },
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: ['x', 1] } },
  ]
  const answer = { type: 'message', id: 'msg_1', model: 'm', role: 'assistant', content, stop_reason: 'tool_use' }
  const { choices } = await collect(inOrder(messagesReader().whole(answer)), { model: 'm', messages: [ask] })
  const turn = choices[0]?.message as AssistantMessage
  expect(messagesOf(ask, turn, result('toolu_1'))).toMatchObject([{}, { role: 'assistant', content }, {}])
})

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
