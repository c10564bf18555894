import type { ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeRequest } from './encode-request.ts'
import { type OpenAICompatibleOptions, resolve } from './options.ts'
import { presetIds, presets } from './presets.ts'
import { relayObstacle } from './relay-obstacle.ts'

const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true }
const tool = { type: 'function', function: { name: 'look' } } as const
const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } } as const

function obstacle(fields: Partial<ChatCompletionRequest> = {}, options: OpenAICompatibleOptions = {}) {
  const settings = resolve({ baseUrl: 'http://127.0.0.1/v1', conformant: true, ...options })
  return relayObstacle({ ...request, ...fields }, 'openai-chat', settings)
}

test('the bytes of a request that needs no change can go on, streamed or not', () => {
  for (const stream of [true, false, null, undefined]) expect(obstacle({ stream })).toBeUndefined()
  const rich: Partial<ChatCompletionRequest> = {
    tools: [tool],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    max_tokens: 5,
    seed: null,
    functions: null,
    messages: [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] },
      { role: 'assistant', content: null, tool_calls: [call], reasoning_content: 'hm' },
      { role: 'tool', tool_call_id: 'a', content: 'seen' },
    ],
  }
  expect(obstacle(rich)).toBeUndefined()
})

test('another dialect, and a service that nobody calls conformant, are obstacles to everything', () => {
  const settings = resolve({ preset: 'openai' })
  expect(relayObstacle(request, 'anthropic-messages', settings)).toBe('the service speaks another dialect')
  expect(relayObstacle(request, 'openai-chat', settings)).toBeUndefined()
  expect(obstacle({}, { conformant: false })).toBe('the service is not known to be conformant')
  expect(obstacle({}, { preset: 'openai', conformant: false })).toBe('the service is not known to be conformant')
  expect(obstacle({}, { preset: 'groq', conformant: undefined })).toBe('the service is not known to be conformant')
})

test.each<[string, Partial<ChatCompletionRequest>, OpenAICompatibleOptions, string | undefined]>([
  ['OpenAI', {}, { preset: 'openai' }, undefined],
  ['a service that has it', {}, { baseUrl: 'http://a.test', responses: true }, undefined],
  ['a service that is asked by it', {}, { baseUrl: 'http://a.test', api: 'responses' }, undefined],
  ['another service', {}, { preset: 'groq' }, 'the service is not known to speak Responses'],
  ['a field that is filled in', {}, { preset: 'openai', extraBody: { user: 'a' } }, 'user is filled in'],
  ['a field that is there', { user: 'b' }, { preset: 'openai', extraBody: { user: 'a' } }, undefined],
  ['a field that is left out', { user: 'b' }, { preset: 'openai', dropFields: ['user'] }, 'user is left out'],
  [
    'no stream',
    { stream: true },
    { preset: 'openai', upstreamStream: 'never' },
    'the service does not stream its answer',
  ],
  ['one answer, whole', {}, { preset: 'openai', upstreamStream: 'never' }, undefined],
])('what stands against Responses as they come: %s', (_, more, given, expected) => {
  expect(relayObstacle({ ...request, stream: false, ...more }, 'openai-responses', resolve(given))).toBe(expected)
})

test('a service that is asked over Responses is not handed chats', () => {
  const settings = resolve({ preset: 'openai', api: 'responses' })
  expect(relayObstacle(request, 'openai-chat', settings)).toBe('the service is asked over Responses')
})

const image: ChatMessage = { role: 'user', content: [{ type: 'image_url', image_url: 'data:,' }] }

test.each<[string, Partial<ChatCompletionRequest>, OpenAICompatibleOptions]>([
  ['functions are sent as tools', { functions: [{ name: 'f' }] }, {}],
  ['functions are sent as tools', { function_call: 'auto' }, {}],
  ['the service does not stream its answer', {}, { upstreamStream: 'never' }],
  ['the service does not stream its answer', { tools: [tool] }, { upstreamStream: 'neverWithTools' }],
  ['the service does not take stream_options', {}, { streamUsage: false }],
  ['the service does not take stream_options', {}, { dropFields: ['stream_options'] }],
  ['the service does not take stream_options', {}, { dropFields: ['stream_options.include_usage'] }],
  ['stream_options without a stream', { stream: false, stream_options: { include_usage: true } }, {}],
  ['max_tokens is sent as max_completion_tokens', { max_tokens: 5 }, { tokenLimitField: 'max_completion_tokens' }],
  ['max_completion_tokens is sent as max_tokens', { max_completion_tokens: null }, { tokenLimitField: 'max_tokens' }],
  ['a max_tokens of null is left out', { max_tokens: null }, { tokenLimitField: 'max_tokens' }],
  ['top_k is filled in', {}, { extraBody: { top_k: 5 } }],
  ['top_k is filled in', { top_k: null }, { extraBody: { top_k: 5 } }],
  ['seed is left out', { seed: null }, { dropFields: ['seed'] }],
  ['messages[].name is left out', { messages: [{ role: 'user', name: 'a', content: '' }] }, { preset: 'groq' }],
  ['an empty list of tools is left out', { tools: [] }, {}],
  ['an empty list of tools is left out', { tools: null }, {}],
  ['tool_choice without tools is left out', { tool_choice: 'auto' }, {}],
  ['parallel_tool_calls without tools are left out', { parallel_tool_calls: false }, {}],
  ['tool_choice any is sent as required', { tools: [tool], tool_choice: 'any' }, {}],
  ['reasoning_effort is filled in', { tools: [tool], model: 'gpt-6-luna' }, { preset: 'openai' }],
  ['functions in the messages are sent as tools', { messages: [{ role: 'function', name: 'f', content: '' }] }, {}],
  ['the messages need a change', { messages: [{ role: 'developer', content: '' }] }, {}],
  ['the messages need a change', { messages: [image] }, {}],
  ['the messages need a change', { messages: [{ role: 'assistant', tool_calls: [] }] }, {}],
  ['the messages need a change', { messages: [{ role: 'assistant', reasoning: 'hm' }] }, { preset: 'openai' }],
])('%s: %j with %j', (expected, fields, options) => {
  expect(obstacle(fields, options)).toBe(expected)
})

test('what was said makes no obstacle of what would be filled in', () => {
  expect(obstacle({ top_k: 3 }, { extraBody: { top_k: 5 } })).toBeUndefined()
  const tools: Partial<ChatCompletionRequest> = { tools: [tool], model: 'gpt-6-luna', reasoning_effort: 'low' }
  expect(obstacle(tools, { preset: 'openai' })).toBeUndefined()
})

test('a whole answer has no need of streams', () => {
  expect(obstacle({ stream: false }, { upstreamStream: 'never', streamUsage: false })).toBeUndefined()
})

const some = <T>(...values: readonly T[]) => fc.constantFrom(undefined, null, ...values)
const content = fc.constantFrom('', 'Hi', [{ type: 'text', text: 'Hi' }], image.content, [])
const toolArguments = fc.constantFrom<unknown>('{"a":1}', '', ' ', { a: 1 }, undefined)
const toolCalls = fc.array(
  fc.oneof(
    toolArguments.map((given) => ({ id: 'a', type: 'function', function: { name: 'f', arguments: given } })),
    fc.constant({ id: 'b', type: 'custom', custom: { name: 'f', input: '' } }),
  ),
  { maxLength: 2 },
)
const message = fc.oneof(
  fc.record({
    role: fc.constantFrom('system', 'developer', 'user', 'tool', 'function'),
    content,
    name: some('ada'),
  }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.oneof(content, fc.constant(null)),
    tool_calls: fc.oneof(toolCalls, fc.constantFrom(undefined, null)),
    function_call: some({ name: 'f', arguments: '' }),
    reasoning: some('', 'hm'),
    reasoning_content: some('', 'hm'),
    reasoning_details: some([], [{ type: 'reasoning.text', text: 'hm' }]),
  }),
)
const requests = fewOf({
  model: fc.constantFrom('m', 'gpt-6-luna'),
  messages: fc.array(message, { minLength: 1, maxLength: 3 }),
  stream: some(true, true, false),
  stream_options: some({ include_usage: true }),
  max_tokens: some(5),
  max_completion_tokens: some(5),
  tools: some([], [tool], [tool]),
  tool_choice: some('auto', 'any'),
  parallel_tool_calls: some(false),
  functions: some([], [{ name: 'f' }]),
  function_call: some('auto'),
  reasoning_effort: some('low'),
  seed: some(1),
  top_k: some(3),
  store: some(false),
})
const options = fewOf({
  preset: fc.constantFrom(...presetIds.filter((id) => presets[id].baseUrl)),
  upstreamStream: fc.constantFrom('auto', 'never', 'neverWithTools'),
  streamUsage: fc.boolean(),
  sendReasoningHistory: fc.constantFrom(true, false, 'reasoning', 'reasoning_content'),
  tokenLimitField: fc.constantFrom('max_tokens', 'max_completion_tokens', 'asSent'),
  toolsWithoutReasoning: fc.constantFrom([], ['m']),
  developerRole: fc.constantFrom('keep', 'system'),
  dropFields: fc.constantFrom(['seed'], ['messages[].name'], ['stream_options'], ['stream_options.include_usage'], []),
  extraBody: fc.constantFrom({}, { top_k: 5 }, { top_k: 5, store: true }),
})

/** Records with a few of these fields: nearly every request with all of them meets an obstacle. */
function fewOf(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Record<string, unknown>> {
  const names = fc.subarray(Object.keys(fields), { maxLength: 4 })
  return names.chain((some) =>
    fc.record(Object.fromEntries(some.map((name) => [name, fields[name] ?? fc.constant(0)]))),
  )
}

test('where there is no obstacle, nothing would be changed but model, stream and stream_options', () => {
  let relayed = 0
  fc.assert(
    fc.property(requests, options, (generated, given) => {
      // As it comes from a client: what is undefined is not there.
      const sent: ChatCompletionRequest = JSON.parse(JSON.stringify({ ...request, ...generated }))
      const settings = resolve({ baseUrl: 'http://127.0.0.1', conformant: true, ...given })
      if (relayObstacle(sent, 'openai-chat', settings) !== undefined) return
      relayed++
      const { body, isStreamed } = encodeRequest(sent, settings)
      const { model, stream, stream_options, ...rest } = sent
      const { model: _, stream: __, stream_options: ___, ...encoded } = body
      expect(encoded).toEqual(rest)
      if (sent.stream) expect(isStreamed).toBe(true)
    }),
    { numRuns: 3_000 },
  )
  expect(relayed).toBeGreaterThan(100)
})
