import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { expect, test } from 'vitest'
import { accepts } from './accepts.ts'
import { type OpenAICompatibleOptions, resolve } from './options.ts'

const everything: OpenAICompatibleOptions = {
  baseUrl: 'http://127.0.0.1/v1',
  unsupported: ['n', 'logprobs', 'json_schema', 'tools', 'images', 'audio'],
}

function ask(request: Partial<ChatCompletionRequest>, options = everything) {
  return accepts({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...request }, resolve(options))
}

test.each<[string, Partial<ChatCompletionRequest>]>([
  ['n', { n: 2 }],
  ['logprobs', { logprobs: true }],
  ['top_logprobs', { top_logprobs: 3 }],
  ['response_format', { response_format: { type: 'json_schema', json_schema: { name: 'x' } } }],
  ['tools', { tools: [{ type: 'function', function: { name: 'look' } }] }],
  ['functions', { functions: [{ name: 'look' }] }],
  ['modalities', { modalities: ['text', 'audio'] }],
  [
    'messages[1].content[1].type',
    {
      messages: [
        { role: 'system', content: 'Hi' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'See' },
            { type: 'image_url', image_url: { url: 'data:,' } },
          ],
        },
      ],
    },
  ],
  [
    'messages[0].content[0].type',
    { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }] }] },
  ],
])('a demand that cannot be met is refused by its field: %s', (param, request) => {
  expect(ask(request).refused?.param).toBe(param)
  expect(ask(request, { baseUrl: 'http://127.0.0.1/v1' })).toEqual({ dropped: [] })
})

test('what only looks like a demand is none', () => {
  const request = { n: 1, logprobs: false, response_format: { type: 'json_object' }, tools: [] } as const
  expect(ask({ ...request, tools: [], modalities: ['text'] })).toEqual({ dropped: [] })
})

test('a refusal names the service', () => {
  expect(ask({ n: 3 }, { preset: 'groq' }).refused?.message).toBe('Groq gives one choice only')
  expect(ask({ n: 3 }).refused?.message).toBe('The service gives one choice only')
})

test('fields that are left out are named, those of the preset and those of the options, where they say something', () => {
  const options: OpenAICompatibleOptions = { preset: 'groq', dropFields: ['seed', 'user'] }
  const request: Partial<ChatCompletionRequest> = {
    logit_bias: { 5: 1 },
    seed: 4,
    user: null,
    messages: [{ role: 'user', name: 'ada', content: 'Hi' }],
  }
  expect(ask(request, options)).toEqual({ dropped: ['logit_bias', 'messages[].name', 'seed'] })
})

test('reasoning of the history is named where it goes on under no name', () => {
  const details = [{ type: 'reasoning.text' as const, text: 'Hm', format: 'unknown', index: 0 }]
  const thoughtful = {
    role: 'assistant' as const,
    content: 'Hi',
    reasoning: 'Hm',
    reasoning_content: 'Hm',
    thinking: '',
  }
  const messages = [thoughtful, { ...thoughtful, reasoning_details: details }]
  const droppedWith = (sendReasoningHistory: boolean | 'reasoning_content') =>
    ask({ messages }, { baseUrl: 'http://127.0.0.1/v1', sendReasoningHistory }).dropped
  expect(droppedWith(true)).toEqual([])
  expect(droppedWith('reasoning_content')).toEqual(['messages[].reasoning_details'])
  expect(droppedWith(false)).toEqual([
    'messages[].reasoning_content',
    'messages[].reasoning',
    'messages[].reasoning_details',
  ])
})

test.each<[object, OpenAICompatibleOptions, string[]]>([
  [{ include_usage: true }, {}, []],
  [{ include_usage: true }, { streamUsage: false }, ['stream_options']],
  [{ include_usage: false }, { streamUsage: false }, []],
  [{ include_usage: true }, { upstreamStream: 'never' }, []],
  [{ include_usage: true, include_obfuscation: true }, { upstreamStream: 'never' }, ['stream_options']],
  [{ include_usage: true }, { streamUsage: false, dropFields: ['stream_options'] }, ['stream_options']],
])('stream_options %j with %j: %j is named', (stream_options, options, dropped) => {
  const all = { baseUrl: 'http://127.0.0.1/v1', ...options }
  expect(ask({ stream: true, stream_options }, all)).toEqual({ dropped })
})

test('of two forms or two limits the one that is not sent is named, and what has no effect is not', () => {
  const options: OpenAICompatibleOptions = { baseUrl: 'http://127.0.0.1/v1', tokenLimitField: 'max_tokens' }
  const tools = [{ type: 'function' as const, function: { name: 'look' } }]
  expect(ask({ tools, functions: [{ name: 'look' }] }, options).dropped).toEqual(['functions'])
  expect(ask({ max_tokens: 5, max_completion_tokens: 9 }, options).dropped).toEqual(['max_tokens'])
  expect(ask({ max_tokens: 9, max_completion_tokens: 9 }, options).dropped).toEqual([])
  expect(ask({ tool_choice: 'auto', parallel_tool_calls: true, functions: [] }, options).dropped).toEqual([])
})
