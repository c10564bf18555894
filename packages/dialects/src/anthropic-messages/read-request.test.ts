import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { openSeal } from '../test-front.ts'
import { messagesClient } from './client.ts'

const body = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] }
const read = (fields: object) => messagesClient.readRequest({ ...body, ...fields }, { seal: openSeal })
const chatOf = (fields: object): ChatCompletionRequest => read(fields).chat
const messagesOf = (...messages: object[]) => chatOf({ messages }).messages
const ask = { role: 'user', content: 'Hi' }
const call = (id: string, name = 'look') => ({ type: 'tool_use', id, name, input: { a: 1 } })
const result = (id: string, fields: object = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'seen',
  ...fields,
})
const png = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }

test('the smallest request', () => {
  expect(read({})).toMatchObject({ dropped: [], relayOnly: undefined })
  expect(chatOf({})).toEqual({ model: 'm', messages: [ask], max_completion_tokens: 100 })
})

test('fields with a word in Chat', () => {
  expect(
    chatOf({
      system: 'Be brief',
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 5,
      stop_sequences: ['END'],
      metadata: { user_id: 'u1' },
      output_config: { effort: 'max', format: { type: 'json_schema', schema: { type: 'object' } } },
    }),
  ).toEqual({
    model: 'm',
    messages: [{ role: 'system', content: 'Be brief' }, ask],
    max_completion_tokens: 100,
    stream: true,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop: ['END'],
    user: 'u1',
    reasoning_effort: 'max',
    response_format: { type: 'json_schema', json_schema: { name: 'output', schema: { type: 'object' } } },
  })
})

test.each([
  [{ type: 'enabled', budget_tokens: 1024 }, 'low'],
  [{ type: 'enabled', budget_tokens: 4096 }, 'medium'],
  [{ type: 'enabled', budget_tokens: 16_384 }, 'high'],
  [{ type: 'enabled', budget_tokens: 31_999 }, 'xhigh'],
  [{ type: 'disabled' }, 'none'],
  [{ type: 'adaptive' }, undefined],
  [null, undefined],
])('thinking %j is the effort %s', (thinking, effort) => {
  expect(chatOf({ thinking }).reasoning_effort).toBe(effort)
})

test('hints that nobody else knows are left out and named', () => {
  const { dropped, relayOnly } = read({
    service_tier: 'auto',
    context_management: { edits: [] },
    future_field: 1,
    metadata: { user_id: 'x'.repeat(129) },
    tools: [
      { name: 'a', input_schema: {}, defer_loading: true },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
  })
  expect(dropped).toEqual([
    'tools[].defer_loading',
    'tools[1]:web_search_20250305',
    'metadata.user_id',
    'context_management',
    'service_tier',
  ])
  expect(relayOnly).toBeUndefined()
})

describe('messages', () => {
  test('results come right behind their calls, and what is said with them after them', () => {
    expect(
      messagesOf(
        ask,
        {
          role: 'assistant',
          content: [{ type: 'text', text: 'a' }, call('t1'), { type: 'text', text: 'b' }, call('t2')],
        },
        { role: 'user', content: [{ type: 'text', text: 'more' }, result('t2')] },
        { role: 'user', content: [result('t1')] },
      ),
    ).toEqual([
      ask,
      {
        role: 'assistant',
        content: 'ab',
        tool_calls: ['t1', 't2'].map((id) => ({
          id,
          type: 'function',
          function: { name: 'look', arguments: '{"a":1}' },
        })),
      },
      { role: 'tool', tool_call_id: 't2', content: 'seen' },
      { role: 'tool', tool_call_id: 't1', content: 'seen' },
      { role: 'user', content: 'more' },
    ])
  })

  test('empty texts are left out', () => {
    const empty = { type: 'text', text: '' }
    expect(
      messagesOf(
        { role: 'user', content: [empty, { type: 'text', text: 'Hi' }] },
        { role: 'assistant', content: [empty, call('t1')] },
        { role: 'user', content: [result('t1'), empty] },
      ),
    ).toMatchObject([ask, { content: null }, { role: 'tool' }])
  })

  test('a turn in several messages is one, with its reasoning', () => {
    const turn = messagesOf(
      ask,
      {
        role: 'assistant',
        content: [
          {
            type: 'thinking',
            thinking: '',
            signature: 'sealed.{"text":"hm","details":[{"type":"reasoning.encrypted","data":"x"}]}',
          },
        ],
      },
      { role: 'assistant', content: [call('t1')] },
      { role: 'user', content: [result('t1')] },
    )[1]
    expect(turn).toMatchObject({
      content: null,
      reasoning_content: 'hm',
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }],
      tool_calls: [{ id: 't1' }],
    })
  })

  test('details of two messages in one turn do not become one', () => {
    const signature = (data: string) =>
      openSeal.seal({ text: '', details: [{ type: 'reasoning.encrypted', data, index: 0 }] })
    const thinking = (data: string) => ({ type: 'thinking', thinking: '', signature: signature(data) })
    const turn = messagesOf(
      ask,
      { role: 'assistant', content: [thinking('a'), thinking('b')] },
      { role: 'assistant', content: [thinking('c')] },
    )[1]
    expect(turn).toMatchObject({
      reasoning_details: [
        { data: 'a', index: 0 },
        { data: 'b', index: 0 },
        { data: 'c', index: 1 },
      ],
    })
  })

  test('thinking with a foreign signature is its text, and redacted thinking stays for its origin', () => {
    const turn = messagesOf(ask, {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
        { type: 'redacted_thinking', data: 'secret' },
        { type: 'text', text: 'a' },
      ],
    })[1]
    expect(turn).toEqual({
      role: 'assistant',
      content: 'a',
      reasoning_content: 'hm',
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'secret', format: 'anthropic-claude-v1' }],
    })
  })

  test('an image in a result is shown in the message of the user behind it', () => {
    expect(
      messagesOf(
        ask,
        { role: 'assistant', content: [call('t1')] },
        {
          role: 'user',
          content: [result('t1', { content: [{ type: 'text', text: 'A map' }, png] }), { type: 'text', text: 'See?' }],
        },
      ).slice(2),
    ).toEqual([
      {
        role: 'tool',
        tool_call_id: 't1',
        content: [
          { type: 'text', text: 'A map' },
          { type: 'text', text: '[shown in the next message of the user]' },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Returned by tool call t1:' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          { type: 'text', text: 'See?' },
        ],
      },
    ])
  })

  test.each([
    ['not there', 'Error: not there'],
    ['Failed: no', 'Failed: no'],
    [undefined, 'Error: '],
  ])('a failed result of %j says so', (content, told) => {
    const messages = messagesOf(
      ask,
      { role: 'assistant', content: [call('t1')] },
      { role: 'user', content: [result('t1', { content, is_error: true })] },
    )
    expect(messages[2]).toEqual({ role: 'tool', tool_call_id: 't1', content: told })
  })

  test('marks of the cache stay where they are', () => {
    const cache_control = { type: 'ephemeral' }
    const chat = chatOf({
      system: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b', cache_control },
      ],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control }] }],
      tools: [{ name: 'f', input_schema: {}, cache_control }],
    })
    expect(chat.messages).toEqual([
      {
        role: 'system',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b', cache_control },
        ],
      },
      { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control }] },
    ])
    expect(chat.tools).toEqual([{ type: 'function', function: { name: 'f', parameters: {} }, cache_control }])
  })

  test('documents are files, or their text with its title', () => {
    const [message] = messagesOf({
      role: 'user',
      content: [
        { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'AA==' } },
        { type: 'document', source: { type: 'url', url: 'https://x.example/b.pdf' } },
        { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'Hello' } },
        { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'found' }] },
      ],
    })
    expect(message?.content).toEqual([
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
      { type: 'file', file: { file_data: 'https://x.example/b.pdf' } },
      { type: 'text', text: '<document>\nTitle: Notes\n\nHello\n</document>' },
      { type: 'text', text: '<search_result>\nTitle: t\nSource: s\n\nfound\n</search_result>' },
    ])
  })
})
