import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { credential, isDragomanError, memoryState, toFetch } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  chatChunks,
  chatStream,
  errorReply,
  eventStream,
  type FakeUpstream,
  gate,
  jsonReply,
  type ScriptedReply,
  sse,
  startFakeUpstream,
  testProvider,
  tokens,
  weatherTool,
} from '@dragoman/testkit'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { qwen } from './index.ts'

testProvider(qwen, new URL('../fixtures/api/', import.meta.url), {
  configure: (origin) => ({ baseUrl: `${origin}/compatible-mode/v1` }),
  differs: {
    '429 out of quota': { reason: 'the word stands for a limit of tokens per minute there', code: 'rate_limited' },
  },
})

const apiKey = 'sk-of-a-test'
const reached = (upstream: FakeUpstream) =>
  qwen.create(qwen.options.parse({ baseUrl: `${upstream.origin}/compatible-mode/v1` }))
const call = () => ({ credential: credential({ apiKey }), signal: new AbortController().signal, state: memoryState() })
const messages = [{ role: 'user' as const, content: 'Hi' }]
const ask = { model: 'qwen-plus', messages }

/** What DashScope gets for a request. */
async function sent(request: ChatCompletionRequest) {
  await using upstream = await startFakeUpstream()
  upstream.always(chatStream({ text: 'Hello' }))
  const provider = reached(upstream)
  for await (const _ of provider.chat(request, call()));
  await provider.close()
  return upstream.requests[0]?.json
}

async function failure(reply: ScriptedReply) {
  await using upstream = await startFakeUpstream()
  upstream.always(reply)
  const provider = reached(upstream)
  try {
    for await (const _ of provider.chat(ask, call()));
  } catch (error) {
    if (isDragomanError(error)) return error
  } finally {
    await provider.close()
  }
  return expect.fail('no DragomanError was thrown')
}

test.each<[string, object, object]>([
  ['qwen-max', {}, { model: 'qwen-max' }],
  ['qwen-max-thinking', {}, { model: 'qwen-max', enable_thinking: true }],
  ['qwen-plus-search', {}, { model: 'qwen-plus', enable_search: true }],
  ['qwen-plus-thinking-search', {}, { model: 'qwen-plus', enable_thinking: true, enable_search: true }],
  ['qwen-plus-thinking', { enable_thinking: false }, { model: 'qwen-plus', enable_thinking: false }],
  ['qwen3-next-80b-a3b-thinking', {}, { model: 'qwen3-next-80b-a3b-thinking' }],
  ['qwen3-235b-a22b-thinking-2507', {}, { model: 'qwen3-235b-a22b-thinking-2507' }],
  ['kimi-k2-thinking', {}, { model: 'kimi-k2-thinking' }],
  ['qwen3-max', { reasoning_effort: 'low' }, { model: 'qwen3-max', enable_thinking: true }],
  ['qwen3-max', { reasoning_effort: 'none' }, { model: 'qwen3-max', enable_thinking: false }],
  [
    'qwen3-max',
    { reasoning_effort: 'high', response_format: { type: 'json_object' } },
    { model: 'qwen3-max', enable_thinking: false, response_format: { type: 'json_object' } },
  ],
  ['qwen3-coder-plus', { reasoning_effort: 'low' }, { model: 'qwen3-coder-plus', reasoning_effort: 'low' }],
  ['qwen-plus', { web_search_options: {} }, { model: 'qwen-plus', enable_search: true }],
  [
    'qwen-plus',
    { tools: [{ type: 'web_search' }], tool_choice: 'auto', parallel_tool_calls: true },
    { model: 'qwen-plus', enable_search: true },
  ],
  [
    'qwen-plus',
    { tools: [{ type: 'web_search_preview' }, weatherTool().tool] },
    { model: 'qwen-plus', enable_search: true, tools: [JSON.parse(JSON.stringify(weatherTool().tool))] },
  ],
])('%s with %j is sent as %j', async (model, fields, expected) => {
  const { messages: _, stream, stream_options, ...rest } = await sent({ model, messages, ...fields })
  expect({ stream, ...stream_options, ...rest }).toEqual({ stream: true, include_usage: true, ...expected })
})

test('covers qwen errors: a limit of tokens per minute is none of money, the free quota is', async () => {
  const quota = (message: string) => errorReply(429, { error: { message, code: 'insufficient_quota' } })
  const perMinute = await failure(quota('You exceeded your current quota, please check your plan and billing details.'))
  expect(perMinute.code).toBe('rate_limited')
  const free = await failure(quota('Free allocated quota exceeded.'))
  expect(free.code).toBe('credential_exhausted')
})

test.each([
  [
    400,
    { code: 'Arrearage', message: 'Access denied, please make sure your account is in good standing.' },
    'credential_exhausted',
  ],
  [403, { code: 'AllocationQuota.FreeTierOnly', message: 'The free tier is exhausted.' }, 'credential_exhausted'],
  [403, { code: 'Model.AccessDenied', message: 'Model access denied.' }, 'credential_forbidden'],
  [400, { code: 'InvalidParameter', message: 'Range of input length should be [1, 30720]' }, 'context_length_exceeded'],
  [400, { code: 'data_inspection_failed', message: 'Input data may contain inappropriate content.' }, 'content_filter'],
  [404, { code: 'model_not_found', message: 'The model `qwen-x` does not exist.' }, 'deployment_not_found'],
  [429, { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded.' }, 'rate_limited'],
  [500, { code: 'InternalError.Algo', message: 'An internal error has occurred.' }, 'upstream_unavailable'],
  [503, { code: 'ModelServingError', message: 'Too many requests.' }, 'upstream_unavailable'],
])('a %d %j of either plane is %s', async (status, error, code) => {
  expect((await failure(errorReply(status, { error, request_id: 'r' }))).code).toBe(code)
  expect((await failure(errorReply(status, { ...error, request_id: 'r' }))).code).toBe(code)
})

test('a key that is refused is told the region it was used in', async () => {
  const error = await failure(errorReply(401, { error: { message: 'Incorrect API key', code: 'invalid_api_key' } }))
  expect(error).toMatchObject({ code: 'credential_rejected', message: expect.stringContaining('this is singapore') })
})

test('the founding names and the variants of models that think when told to are listed', async () => {
  await using upstream = await startFakeUpstream()
  const list = ['qwen3-max', 'qwen3-coder-plus', 'qwen3-next-80b-a3b-thinking'].map((id) => ({ id, object: 'model' }))
  upstream.always(({ headers, path }) =>
    headers.authorization === `Bearer ${apiKey}` && path === '/compatible-mode/v1/models'
      ? jsonReply({ object: 'list', data: list })
      : errorReply(401),
  )
  const provider = reached(upstream)
  const ids = ((await provider.models?.(call())) ?? []).map(({ id }) => id)
  await provider.close()
  expect(ids).toEqual([
    ...['qwen3-max', 'qwen3-coder-plus', 'qwen3-next-80b-a3b-thinking'],
    ...['qwen3-max-thinking', 'qwen3-max-search', 'qwen3-max-thinking-search'],
    ...['max', 'plus', 'turbo', 'long'].flatMap((name) =>
      ['', '-thinking', '-search', '-thinking-search'].map((ending) => `qwen-${name}${ending}`),
    ),
    ...['qwen-image', 'qwen-image-plus', 'qwen-image-max', 'qwen-image-edit'],
  ])
})

test.each([
  [{}, 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1'],
  [{ region: 'beijing' }, 'https://dashscope.aliyuncs.com/compatible-mode/v1'],
  [{ region: 'tokyo', workspace: 'ws1' }, 'https://ws1.ap-northeast-1.maas.aliyuncs.com/compatible-mode/v1'],
])('%j is reached at %s', async (given, address) => {
  const provider = qwen.create(qwen.options.parse(given))
  const seen: string[] = []
  const stop = new AbortController()
  const observe = (event: { type: string; origin?: string; path?: string }) => {
    if (event.type === 'request') seen.push(`${event.origin}${event.path}`)
    stop.abort() // before anything leaves this machine
  }
  await provider.models?.({ ...call(), signal: stop.signal, observe }).catch(() => undefined)
  await provider.close()
  expect(seen).toEqual([`${address}/models`])
})

test('Tokyo has no address without a workspace', () => {
  expect(qwen.options.safeParse({ region: 'tokyo' }).success).toBe(false)
})

test('logit_bias is left out and named', async () => {
  expect(await sent({ ...ask, logit_bias: { 1: 5 } })).not.toHaveProperty('logit_bias')
  const provider = qwen.create(qwen.options.parse({}))
  expect(provider.accepts?.({ ...ask, logit_bias: { 1: 5 } })).toEqual({ dropped: ['logit_bias'] })
  await provider.close()
})

const parameters = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }
const turns = [
  chatStream({
    reasoning: 'A tool knows.',
    toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Lyon"}'] }],
    usage: tokens(9, 8),
  }),
  chatStream({ text: ['It is ', 'sunny.'], usage: tokens(20, 4) }),
]

/** A provider that is answered with `replies`, and its `fetch`. */
async function served(...replies: readonly ScriptedReply[]) {
  const upstream = await startFakeUpstream()
  upstream.script(...replies)
  const provider = reached(upstream)
  return {
    upstream,
    fetch: toFetch(provider, { credential: { apiKey } }),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

test('covers qwen text: the OpenAI SDK gets a whole answer', async () => {
  await using service = await served(chatStream({ text: ['It is ', 'sunny.'] }))
  const client = new OpenAI({ apiKey: '-', fetch: service.fetch, maxRetries: 0 })
  const completion = await client.chat.completions.create(ask)
  expect(completion.choices[0]?.message.content).toBe('It is sunny.')
})

test('covers qwen stream: the OpenAI SDK gets the text before its end is there', async () => {
  const middle = gate()
  const [first = '', ...rest] = sse(...chatChunks({ text: ['It is ', 'sunny.'] }).slice(1), '[DONE]')
  await using service = await served(eventStream([first, middle, ...rest]))
  const client = new OpenAI({ apiKey: '-', fetch: service.fetch, maxRetries: 0 })
  const texts: (string | null | undefined)[] = []
  for await (const { choices } of await client.chat.completions.create({ ...ask, stream: true })) {
    texts.push(choices[0]?.delta.content)
    middle.open()
  }
  expect(texts.filter(Boolean)).toEqual(['It is ', 'sunny.'])
})

test('covers qwen tools: the OpenAI SDK runs a tool loop', async () => {
  await using service = await served(...turns)
  const client = new OpenAI({ apiKey: '-', fetch: service.fetch, maxRetries: 0 })
  const { cities, tool: get_weather } = weatherTool()
  const runner = client.chat.completions.runTools({
    ...ask,
    tools: [get_weather],
  })
  expect(await runner.finalContent()).toBe('It is sunny.')
  expect(cities).toEqual(['Lyon'])
})

test('covers qwen reasoning: the AI SDK gets it apart from the text, and back to the service after a call', async () => {
  await using service = await served(...turns)
  const { fetch } = service
  const model = createOpenAICompatible({ name: 'qwen', baseURL: 'http://in.process/v1', fetch, includeUsage: true })
  const result = streamText({
    model: model('qwen-plus-thinking'),
    prompt: 'Weather?',
    stopWhen: stepCountIs(3),
    tools: {
      get_weather: tool({ inputSchema: jsonSchema<{ city: string }>(parameters), execute: async () => 'sunny' }),
    },
  })
  expect(await result.text).toBe('It is sunny.')
  expect((await result.steps)[0]?.reasoningText).toBe('A tool knows.')
  expect(service.upstream.requests[1]?.json.messages[1]).toMatchObject({ reasoning_content: 'A tool knows.' })
})

test('covers qwen usage: the AI SDK gets what the service reports', async () => {
  await using service = await served(turns[1] ?? {})
  const { fetch } = service
  const model = createOpenAICompatible({ name: 'qwen', baseURL: 'http://in.process/v1', fetch, includeUsage: true })
  const { usage } = await generateText({ model: model('qwen-plus'), prompt: 'Weather?' })
  expect(usage).toMatchObject({ inputTokens: 20, outputTokens: 4 })
})

test('covers qwen search: the ending -search becomes enable_search', async () => {
  expect(await sent({ ...ask, model: 'qwen-max-search' })).toMatchObject({ model: 'qwen-max', enable_search: true })
})

test('covers qwen files: a file of text stands in the message under its name, any other is refused', async () => {
  const asked = (file: object) => ({
    ...ask,
    messages: [{ role: 'user' as const, content: [{ type: 'file' as const, file }] }],
  })
  const { messages } = await sent(asked({ filename: 'a.csv', file_data: 'data:text/csv;base64,YTtiCg==' }))
  expect(messages[0].content).toEqual([{ type: 'text', text: '<file name="a.csv">\na;b\n\n</file>' }])
  const pdf = sent(asked({ file_data: `data:application/pdf;base64,${btoa('%PDF-1.4 ...')}` }))
  const param = 'messages[0].content[0].file.file_data'
  await expect(pdf).rejects.toMatchObject({ code: 'unsupported_value', param })
  const provider = qwen.create(qwen.options.parse({}))
  expect(provider.accepts?.(asked({ file_id: 'file-1' })).refused?.param).toBe('messages[0].content[0].type')
})

test('covers qwen images: an image of a message goes on as it is', async () => {
  const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
  const content = [{ type: 'text' as const, text: 'What is it?' }, image]
  const body = await sent({ model: 'qwen3-vl-plus', messages: [{ role: 'user', content }] })
  expect(body.messages[0].content).toEqual(content)
})

test.each<[string, boolean]>([
  ['qwen3-vl-plus', true],
  ['qwen3.6-plus', true],
  ['qwen3.7-max', false],
  ['qwen-max-thinking', false],
  ['qwen3-coder-plus', false],
  ['kimi-k2.6', true],
])('whether %s is sent an image: %s; else the client is told before any call', (model, isSent) => {
  const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
  const content = [{ type: 'text' as const, text: 'What is it?' }, image]
  const provider = qwen.create(qwen.options.parse({}))
  const refused = provider.accepts?.({ model, messages: [...messages, { role: 'user', content }] }).refused
  expect(refused?.param).toBe(isSent ? undefined : 'messages[1].content[1].type')
})
