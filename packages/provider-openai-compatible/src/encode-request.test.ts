import type { AssistantMessage, ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { encodeRequest } from './encode-request.ts'
import { type OpenAICompatibleOptions, resolve } from './options.ts'

const hi: ChatMessage = { role: 'user', content: 'Hi' }

function encode(request: Partial<ChatCompletionRequest>, options: OpenAICompatibleOptions = {}) {
  const settings = resolve({ baseUrl: 'http://127.0.0.1/v1', ...options })
  return encodeRequest({ model: 'm', messages: [hi], ...request }, settings).body as Partial<ChatCompletionRequest>
}

/** The only message, as it was sent. */
function encodeOne(message: ChatMessage, options: OpenAICompatibleOptions = {}) {
  return encode({ messages: [message] }, options).messages?.[0]
}

const tool = { type: 'function', function: { name: 'look' } } as const

test('a request of unknown fields goes on with them, and shares its messages', () => {
  const request = { model: 'm', messages: [hi], top_k: 3, vendor: { deep: [1] } }
  const { body } = encodeRequest(request, resolve({ baseUrl: 'http://127.0.0.1' }))
  expect(body).toEqual({ ...request, stream: true, stream_options: { include_usage: true } })
  expect(body.messages).toBe(request.messages)
  expect(body.vendor).toBe(request.vendor)
})

test('the request that was passed in is never changed', () => {
  const request: ChatCompletionRequest = {
    model: 'm',
    max_tokens: 5,
    functions: [{ name: 'look' }],
    function_call: { name: 'look' },
    seed: 1,
    messages: [
      { role: 'developer', content: 'Be brief' },
      { role: 'user', name: 'ada', content: [{ type: 'image_url', image_url: 'https://x.example/a.png' }] },
      {
        role: 'assistant',
        reasoning: 'hm',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: {} } }],
      },
      { role: 'function', name: 'look', content: 'x' },
    ],
  }
  const before = structuredClone(request)
  encode(request, { preset: 'groq', dropFields: ['seed'], tokenLimitField: 'max_completion_tokens' })
  expect(request).toEqual(before)
})

describe('streams', () => {
  test('usage is asked for, whatever else the client wants of the stream', () => {
    const { stream, stream_options } = encode({ stream: false, stream_options: { include_obfuscation: false } })
    expect({ stream, stream_options }).toEqual({
      stream: true,
      stream_options: { include_obfuscation: false, include_usage: true },
    })
  })

  test('a service that refuses stream_options does not get them', () => {
    const body = encode({ stream: true, stream_options: { include_usage: true } }, { streamUsage: false })
    expect(body).toEqual({ model: 'm', messages: [hi], stream: true })
  })

  test('stream_options are not sent when the answer is not streamed', () => {
    const body = encode({ stream: true, stream_options: { include_usage: true } }, { upstreamStream: 'never' })
    expect(body).toEqual({ model: 'm', messages: [hi], stream: false })
  })

  test('neverWithTools streams exactly the requests without tools', () => {
    const options = { upstreamStream: 'neverWithTools' } as const
    expect(encode({ tools: [tool] }, options).stream).toBe(false)
    expect(encode({ functions: [{ name: 'look' }] }, options).stream).toBe(false)
    expect(encode({ tools: [] }, options).stream).toBe(true)
  })
})

describe('tools', () => {
  test.each([[[]], [null], [undefined]])('tools of %j take tool_choice and parallel_tool_calls with them', (tools) => {
    const body = encode({ tools, tool_choice: 'auto', parallel_tool_calls: true })
    expect(body).not.toHaveProperty('tools')
    expect(body).not.toHaveProperty('tool_choice')
    expect(body).not.toHaveProperty('parallel_tool_calls')
  })

  test('the choice "any" is "required" everywhere but at Mistral, which knows both', () => {
    expect(encode({ tools: [tool], tool_choice: 'any' }).tool_choice).toBe('required')
    expect(encode({ tools: [tool], tool_choice: 'none' }).tool_choice).toBe('none')
  })

  test('an empty list of calls in the history is left out', () => {
    expect(encodeOne({ role: 'assistant', content: 'Hi', tool_calls: [] })).toEqual({
      role: 'assistant',
      content: 'Hi',
    })
  })

  test.each([
    [{ city: 'Oslo' }, '{"city":"Oslo"}'],
    ['', '{}'],
    [' ', '{}'],
    ['{"city"', '{"city"'],
  ])('arguments %j of an earlier call are sent as %j', (given, sent) => {
    const call = { id: 'a', type: 'function', function: { name: 'look', arguments: given } } as const
    const message = encodeOne({ role: 'assistant', content: null, tool_calls: [call] })
    expect(message).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ ...call, function: { name: 'look', arguments: sent } }],
    })
  })
})

describe('the token limit', () => {
  test.each([
    ['max_tokens', { max_completion_tokens: 9 }, { max_tokens: 9 }],
    ['max_completion_tokens', { max_tokens: 9 }, { max_completion_tokens: 9 }],
    ['max_tokens', { max_completion_tokens: 9, max_tokens: 9 }, { max_tokens: 9 }],
    ['max_tokens', { max_completion_tokens: null }, {}],
    ['asSent', { max_completion_tokens: 9 }, { max_completion_tokens: 9 }],
    ['asSent', {}, {}],
  ] as const)('as %s: %j becomes %j', (tokenLimitField, sent, expected) => {
    const { max_tokens, max_completion_tokens } = encode(sent, { tokenLimitField })
    expect({ max_tokens, max_completion_tokens }).toEqual(expected)
  })
})

describe('messages', () => {
  test('developer becomes system unless the service knows it', () => {
    const message: ChatMessage = { role: 'developer', content: 'Be brief', name: 'ops' }
    expect(encodeOne(message)).toEqual({ ...message, role: 'system' })
    expect(encodeOne(message, { developerRole: 'keep' })).toBe(message)
  })

  test('an image URL that is a bare string becomes an object, beside parts that stay the same', () => {
    const text = { type: 'text', text: 'What is it?' } as const
    const message = encodeOne({
      role: 'user',
      content: [text, { type: 'image_url', image_url: 'data:image/png;base64,AA==' }],
    })
    expect(message?.content).toEqual([text, { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }])
  })

  const thoughtful: AssistantMessage = { role: 'assistant', content: 'Hi', reasoning: 'A greeting.' }
  const details: AssistantMessage = {
    role: 'assistant',
    content: 'Hi',
    reasoning_details: [
      { type: 'reasoning.text', text: 'A ', format: 'unknown', index: 0 },
      { type: 'reasoning.text', text: 'greeting.', format: 'unknown', index: 0 },
    ],
    thinking: 'A greeting.',
  }
  test.each([
    [true, thoughtful, thoughtful],
    [false, { ...thoughtful, ...details }, { role: 'assistant', content: 'Hi' }],
    ['reasoning', thoughtful, thoughtful],
    ['reasoning_content', thoughtful, { role: 'assistant', content: 'Hi', reasoning_content: 'A greeting.' }],
    ['reasoning_content', details, { role: 'assistant', content: 'Hi', reasoning_content: 'A greeting.' }],
    ['reasoning', { ...thoughtful, ...details }, { role: 'assistant', content: 'Hi', reasoning: 'A greeting.' }],
    [
      'reasoning_content',
      { role: 'assistant', content: 'Hi', reasoning_content: '' },
      { role: 'assistant', content: 'Hi', reasoning_content: '' },
    ],
    ['reasoning', { role: 'assistant', content: 'Hi' }, { role: 'assistant', content: 'Hi' }],
  ] as const)('with sendReasoningHistory: %s, %j is sent as %j', (sendReasoningHistory, message, sent) => {
    expect(encodeOne(message as AssistantMessage, { sendReasoningHistory })).toEqual(sent)
  })
})

describe('functions, the older form of tools', () => {
  test('a request is translated, its calls and results too', () => {
    const body = encode({
      functions: [{ name: 'look', parameters: { type: 'object' } }],
      function_call: { name: 'look' },
      messages: [
        hi,
        { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{"a":1}' } },
        { role: 'function', name: 'look', content: 'seen' },
        { role: 'assistant', content: null, function_call: { name: 'look', arguments: '' } },
        { role: 'function', name: 'look', content: null },
      ],
    })
    expect(body).toEqual({
      model: 'm',
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: false,
      messages: [
        hi,
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_0', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 'call_0', content: 'seen' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: '' },
      ],
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('an empty list of functions is left out, and beside tools the older form is', () => {
    expect(encode({ functions: [], function_call: 'auto' })).toEqual(encode({}))
    expect(encode({ functions: [{ name: 'old' }], tools: [tool] })).toEqual(encode({ tools: [tool] }))
  })
})

test('dropped fields are gone, also where we would have added them', () => {
  const body = encode(
    { seed: 1, messages: [{ ...hi, name: 'ada' }] },
    { dropFields: ['seed', 'messages[].name', 'stream_options'] },
  )
  expect(body).toEqual({ model: 'm', messages: [hi], stream: true })
})

test('models that take tools only without reasoning are asked for none, unless the request names an effort', () => {
  const options: OpenAICompatibleOptions = { preset: 'openai', toolsWithoutReasoning: ['my-'] }
  const effort = (request: Partial<ChatCompletionRequest>) => encode(request, options).reasoning_effort
  for (const model of ['gpt-6-luna', 'gpt-5.6', 'my-model']) {
    expect(effort({ model, tools: [tool] })).toBe('none')
    expect(effort({ model, functions: [{ name: 'look' }] })).toBe('none')
    expect(effort({ model, tools: [tool], reasoning_effort: 'high' })).toBe('high')
    expect(encode({ model, tools: [] }, options)).not.toHaveProperty('reasoning_effort')
  }
  expect(encode({ model: 'gpt-5.4-mini', tools: [tool] }, options)).not.toHaveProperty('reasoning_effort')
})

test('extraBody fills in what the request does not say', () => {
  const extraBody = { chat_template_kwargs: { enable_thinking: false }, temperature: 0.1 }
  const body = encode({ temperature: 1 }, { extraBody })
  expect(body).toMatchObject({ chat_template_kwargs: { enable_thinking: false }, temperature: 1 })
})

test('an explicit null is as good as absent where a default is filled in, and else goes on', () => {
  const extraBody = { temperature: 0.1, max_tokens: 50, reasoning_effort: null }
  const nulls = { temperature: null, max_tokens: null, reasoning_effort: null, seed: null }
  const body = encode({ model: 'gpt-6-luna', tools: [tool], ...nulls }, { toolsWithoutReasoning: ['gpt-6'], extraBody })
  expect(body).toMatchObject({ temperature: 0.1, max_tokens: 50, reasoning_effort: 'none', seed: null })
})

test('an effort of extraBody beats the none of models that take tools only without reasoning', () => {
  const options = { toolsWithoutReasoning: ['m'], extraBody: { reasoning_effort: 'low' } }
  expect(encode({ tools: [tool] }, options).reasoning_effort).toBe('low')
})
