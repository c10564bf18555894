import { expect, test } from 'vitest'
import type { z } from 'zod'
import { chatCompletion, chatCompletionChunk, chatCompletionRequest, modelList, validate } from './index.ts'

const x = { unknown: [1, { deep: null }] }
const marks = { cache_control: { type: 'ephemeral' }, x }
const reasoning = { type: 'reasoning.text', text: 'hm', signature: null, format: 'unknown', index: 0, id: null, x }
const usage = {
  prompt_tokens: 3,
  completion_tokens: 2,
  total_tokens: 5,
  prompt_tokens_details: { cached_tokens: 1, cache_write_tokens: 1, cache_write_1h_tokens: 1, audio_tokens: 0, x },
  completion_tokens_details: { reasoning_tokens: 1, x },
  estimated: true,
  cost_details: x,
}

const request = {
  x,
  model: 'm',
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'a', ...marks }], x },
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://a.test', detail: 'low', x }, ...marks },
        { type: 'input_audio', input_audio: { data: '', format: 'wav', x }, ...marks },
        { type: 'file', file: { file_id: 'f', x }, ...marks },
        { type: 'video_url', video_url: { url: 'https://a.test', x }, ...marks },
      ],
      x,
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c', type: 'function', function: { name: 'f', arguments: ' {"b":1, "a":2}', x }, index: 0, x },
        { id: 'd', type: 'custom', custom: { name: 'g', input: 'i', x }, x },
      ],
      reasoning_details: [reasoning],
      annotations: [x],
      x,
    },
    { role: 'tool', tool_call_id: 'c', content: 'r', is_error: true, x },
  ],
  tools: [
    { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: { b: {}, a: {} } }, x }, x },
    {
      type: 'custom',
      custom: { name: 'g', format: { type: 'grammar', grammar: { definition: 'd', syntax: 'lark', x }, x }, x },
      x,
    },
    { type: 'web_search', web_search: x },
  ],
  tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ x }], x }, x },
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { x }, x }, x },
  stream_options: { include_usage: null, x },
  audio: { voice: { id: 'v', x }, format: 'wav', x },
  prediction: { type: 'content', content: 'c', x },
  web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Oslo', x }, x }, x },
  prompt_cache_options: { mode: 'explicit', x },
  moderation: { model: 'm', policy: x, x },
  functions: [{ name: 'f', parameters: { x }, x }],
  function_call: { name: 'f', x },
  thinking: x,
}

const logprob = { token: 't', logprob: -1, bytes: [116], x }
const logprobs = { content: [{ ...logprob, top_logprobs: [logprob] }], refusal: null, x }
const annotation = { type: 'url_citation', url_citation: { url: 'u', title: 't', start_index: 0, end_index: 1, x }, x }

const completion = {
  id: 'i',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        content: 'c',
        refusal: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}', x }, x }],
        reasoning_content: 'hm',
        reasoning_details: [reasoning],
        annotations: [annotation, { type: 'file', file: x }],
        audio: { id: 'a', data: '', expires_at: 1, transcript: 't', x },
        x,
      },
      logprobs,
      finish_reason: 'stop',
      native_finish_reason: 'eos',
    },
  ],
  usage,
  citations: ['https://a.test'],
  search_results: [x],
  service_tier: 'on_demand',
  x,
}

const chunk = {
  id: 'i',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [
    {
      index: 0,
      delta: {
        role: 'assistant',
        content: null,
        tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '', x }, x }],
        reasoning_details: [reasoning],
        annotations: [annotation],
        audio: { id: 'a', x },
        x,
      },
      logprobs,
      finish_reason: null,
      x,
    },
  ],
  usage,
  x,
}

const models = {
  object: 'list',
  data: [{ id: 'm', object: 'model', created: 1, owned_by: 'us', pricing: { x }, x }],
  x,
}

test.each<[string, z.ZodType, object]>([
  ['a request', chatCompletionRequest, request],
  ['a completion', chatCompletion, completion],
  ['a chunk', chatCompletionChunk, chunk],
  ['a list of models', modelList, models],
])('%s comes out of its schema as it went in, unknown fields at every level included', (_, schema, input) => {
  const before = JSON.stringify(input)
  expect(schema.parse(input)).toEqual(input)
  expect(JSON.stringify(input)).toBe(before)
})

test('the value of a checked body is the body itself', () => {
  const result = validate(chatCompletionRequest, request)
  expect(result.ok && result.value).toBe(request)
})

test('keys named like parts of an object are data and change no prototype', () => {
  const evil = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'
  const text = `{"model":"m","frobnicate":${evil},"__proto__":{"polluted":true},"constructor":1,"hasOwnProperty":2,
    "metadata":{"__proto__":"x","constructor":"y"},
    "messages":[{"role":"user","content":[{"type":"text","text":"x","__proto__":{"polluted":true}}],"__proto__":{"name":5}}],
    "tools":[{"type":"function","function":{"name":"f","parameters":${evil}}}]}`
  const body: unknown = JSON.parse(text)
  const result = validate(chatCompletionRequest, body)
  expect(result.ok && JSON.stringify(result.value)).toBe(JSON.stringify(JSON.parse(text)))

  const copy = chatCompletionRequest.parse(body)
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  expect(Object.getPrototypeOf(copy.messages[0])).toBe(Object.prototype)
  expect('polluted' in copy || 'polluted' in {}).toBe(false)
})

test('a key named __proto__ lends no fields to its object', () => {
  const body: unknown = JSON.parse('{"messages":[{"role":"user","content":"x"}],"__proto__":{"model":"m"}}')
  expect(validate(chatCompletionRequest, body)).toMatchObject({ ok: false, issue: { param: 'model' } })
})
