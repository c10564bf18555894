import type { AssistantMessage, ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import type { MessagesOptions } from './messages-options.ts'
import { messagesUpstream } from './upstream.ts'

const ask: ChatMessage = { role: 'user', content: 'Hi' }
const write = (request: Partial<ChatCompletionRequest>, options: MessagesOptions = {}) =>
  messagesUpstream.writeRequest({ model: 'claude-x', messages: [ask], ...request }, options)
const _messagesOf = (...messages: ChatMessage[]) => write({ messages }).body.messages

const call = (id: string, name = 'look', given = '{"a":1}') =>
  ({ id, type: 'function', function: { name, arguments: given } }) as const
const _calls = (...tool_calls: ReturnType<typeof call>[]): AssistantMessage => ({
  role: 'assistant',
  content: null,
  tool_calls,
})
const _result = (tool_call_id: string, content = 'seen'): ChatMessage => ({ role: 'tool', tool_call_id, content })
const look = { type: 'function', function: { name: 'look' } } as const
const said = (text: string) => ({ type: 'text', text })

test('the smallest request', () => {
  expect(write({})).toMatchObject({
    body: { model: 'claude-x', max_tokens: 4096, messages: [{ role: 'user', content: [said('Hi')] }] },
    dropped: [],
  })
})

test('fields with a word in Messages', () => {
  const { body, dropped } = write({
    max_completion_tokens: 9,
    stop: ['END', ' \n'],
    top_k: 3,
    temperature: 1.5,
    top_p: 0.5,
    user: 'u1',
    stream: true,
    stream_options: { include_usage: true },
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
    seed: 1,
    logit_bias: {},
    store: false,
  })
  expect(body).toEqual({
    model: 'claude-x',
    max_tokens: 9,
    messages: [{ role: 'user', content: [said('Hi')] }],
    temperature: 1,
    top_k: 3,
    stop_sequences: ['END'],
    output_config: { format: { type: 'json_schema', schema: { type: 'object' } } },
    metadata: { user_id: 'u1' },
    stream: true,
  })
  expect(dropped).toEqual(['top_p', 'stop', 'seed', 'logit_bias', 'store'])
})

test.each([
  [{ n: 2 }, 'n'],
  [{ logprobs: true }, 'logprobs'],
  [{ modalities: ['audio'] }, 'modalities'],
  [{ web_search_options: {} }, 'web_search_options'],
  [{ response_format: { type: 'json_object' } }, 'response_format.type'],
  [{ functions: [{ name: 'f' }] }, 'functions'],
  [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
  [
    { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] }] },
    'messages[0].content[0].type',
  ],
  [
    { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    'messages[0].content[0].file.file_id',
  ],
] as [Partial<ChatCompletionRequest>, string][])('%j cannot be met', (request, param) => {
  expect(() => write(request)).toThrow(expect.objectContaining({ code: 'unsupported_value', param }))
})

describe('tools', () => {
  test('schemas are those of objects, names are mapped and read back', () => {
    const written = write({
      tools: [
        look,
        {
          type: 'function',
          function: { name: 'fs.read', description: 'Reads', parameters: { properties: {} }, strict: true },
        },
        { type: 'function', function: { name: 'fs_read' } },
        {
          type: 'custom',
          custom: { name: 'patch', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } } },
        },
        { type: 'bash_20250124', name: 'bash' } as never,
      ],
      tool_choice: { type: 'function', function: { name: 'fs.read' } },
      parallel_tool_calls: false,
    })
    expect(written.body.tools).toEqual([
      { name: 'look', input_schema: { type: 'object', properties: {} } },
      { name: 'fs_read', description: 'Reads', input_schema: { type: 'object', properties: {} }, strict: true },
      { name: 'fs_read_2', input_schema: { type: 'object', properties: {} } },
      {
        name: 'patch',
        description: 'The input must follow this lark grammar:\nstart: "x"',
        input_schema: {
          type: 'object',
          properties: { input: { type: 'string', description: 'The whole input of the tool, as plain text.' } },
          required: ['input'],
          additionalProperties: false,
        },
      },
      { type: 'bash_20250124', name: 'bash' },
    ])
    expect(written.body.tool_choice).toEqual({ type: 'tool', name: 'fs_read', disable_parallel_tool_use: true })
    const content = [
      { type: 'tool_use', id: 't1', name: 'fs_read', input: {} },
      { type: 'tool_use', id: 't2', name: 'patch', input: { input: 'x' } },
    ]
    const read = written.reader().whole({ type: 'message', id: 'msg_1', model: 'm', content, stop_reason: 'tool_use' })
    const deltas = read.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    expect(deltas).toEqual([
      { index: 0, id: 't1', type: 'function', function: { name: 'fs.read', arguments: '' } },
      { index: 0, function: { arguments: '{}' } },
      { index: 1, id: 't2', type: 'custom', custom: { name: 'patch', input: '' } },
      { index: 1, custom: { input: 'x' } },
    ])
  })

  test.each([
    ['auto', { type: 'auto' }],
    ['required', { type: 'any' }],
    ['none', { type: 'none' }],
    [
      { type: 'function', function: { name: 'look' } },
      { type: 'tool', name: 'look' },
    ],
  ] as const)('the choice %j', (tool_choice, expected) => {
    expect(write({ tools: [look], tool_choice }).body.tool_choice).toEqual(expected)
  })

  test('where no tool may be called, none may be called in parallel either', () => {
    const { body } = write({ tools: [look], tool_choice: 'none', parallel_tool_calls: false })
    expect(body.tool_choice).toEqual({ type: 'none' })
  })

  test('allowed tools are the only ones offered', () => {
    const { body } = write({
      tools: [look, { type: 'function', function: { name: 'go' } }],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'go' } }] },
      },
    })
    expect(body).toMatchObject({ tools: [{ name: 'go' }], tool_choice: { type: 'any' } })
  })
})
