import { type AnswerReader, collect, credential, DragomanError, memoryState } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  canary,
  errorReply,
  eventStream,
  jsonReply,
  leaked,
  type Reply,
  stall,
  startFakeUpstream,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { type OpenAICompatibleOptions, openAICompatible, openAICompatibleWith, type ResponsesDialect } from './index.ts'

const envelope = { id: 'resp_1', object: 'chat.completion.chunk', created: 1, model: 'm' } as const
const chunk = (delta: ChatCompletionChunk['choices'][number]['delta'], isLast = false): ChatCompletionChunk => ({
  ...envelope,
  choices: [{ index: 0, delta, finish_reason: isLast ? 'stop' : null }],
})

/** As much of the dialect as these tests need. `@dragoman/dialects` has all of it, and tests of its own. */
const responses: ResponsesDialect = {
  writeRequest({ model, messages, stream, seed, n }, { clean = (text: string) => text } = {}) {
    if (n && n > 1) throw new DragomanError('unsupported_value', 'n: one choice only', { param: 'n' })
    const body = { model, input: messages, stream, store: false }
    return { body, dropped: seed === undefined ? [] : ['seed'], reader: () => reader(clean) }
  },
}

function reader(clean: (text: string) => string): AnswerReader {
  let hasEnded = false
  const whole = (answer: unknown) => {
    const { error, text = '' } = answer as { error?: { message: string }; text?: string }
    if (error) throw new DragomanError('invalid_request', clean(error.message), { origin: 'upstream' })
    hasEnded = true
    return [chunk({ content: text }), chunk({}, true)]
  }
  return {
    push(event) {
      const { type, delta, response } = event as { type: string; delta?: string; response?: unknown }
      if (type === 'response.output_text.delta') return [chunk({ content: delta })]
      return response ? whole(response) : []
    },
    whole,
    end() {
      if (!hasEnded) throw new DragomanError('upstream_protocol', 'no end', { origin: 'upstream' })
      return []
    },
  }
}

const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const streamed = eventStream([
  event('response.created'),
  event('response.output_text.delta', { delta: 'Hello' }),
  event('response.completed', { response: { text: '!' } }),
  stall(),
])
const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

async function start(reply: Reply, options: OpenAICompatibleOptions = {}) {
  const upstream = await startFakeUpstream()
  upstream.always(reply)
  const factory = openAICompatibleWith({ responses })
  const provider = factory.create({ baseUrl: upstream.origin, api: 'responses', ...options })
  const apiKey = canary('apiKey')
  const signal = new AbortController().signal
  const call = { credential: credential({ apiKey }), signal, state: memoryState() }
  return {
    upstream,
    provider,
    apiKey,
    ask: (more: Partial<ChatCompletionRequest> = {}) => collect(provider.chat({ ...request, ...more }, call), request),
    relay: (body: string) => provider.relay?.({ dialect: 'openai-responses', body, isStreamed: true }, call),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

test('a chat goes over Responses, streamed, and ends with its last event', async () => {
  await using rig = await start(streamed)
  const { choices } = await rig.ask()
  expect(choices[0]).toMatchObject({ message: { content: 'Hello!' }, finish_reason: 'stop' })
  const { path, headers, json } = await rig.upstream.received(1)
  expect({ path, json }).toEqual({
    path: '/v1/responses',
    json: { model: 'm', input: request.messages, stream: true, store: false },
  })
  expect(headers).toMatchObject({ authorization: `Bearer ${rig.apiKey}`, accept: 'text/event-stream' })
})

test.each<[string, OpenAICompatibleOptions, boolean]>([
  ['where it is not to be streamed', { upstreamStream: 'never' }, false],
  ['where the service does not stream', {}, true],
])('an answer comes whole %s', async (_, options, stream) => {
  await using rig = await start(jsonReply({ text: 'Hello', error: null }), options)
  expect((await rig.ask()).choices[0]?.message.content).toBe('Hello')
  expect((await rig.upstream.received(1)).json.stream).toBe(stream)
})

test('fields of the configuration are added and left out there too', async () => {
  await using rig = await start(streamed, { extraBody: { service_tier: 'flex', model: 'x' }, dropFields: ['store'] })
  await rig.ask()
  const { json } = await rig.upstream.received(1)
  expect(json).toMatchObject({ service_tier: 'flex', model: 'm' })
  expect(json).not.toHaveProperty('store')
  expect(rig.provider.accepts?.({ ...request, seed: 1 })).toEqual({ dropped: ['seed', 'store'], refused: undefined })
})

test('what the dialect cannot say, and what the service cannot, is refused before any call', async () => {
  await using rig = await start(streamed, { unsupported: ['logprobs'] })
  expect(rig.provider.accepts?.({ ...request, n: 2 }).refused).toMatchObject({ param: 'n' })
  expect(rig.provider.accepts?.({ ...request, logprobs: true }).refused).toMatchObject({ param: 'logprobs' })
})

test.each<[string, (apiKey: string) => Reply, string]>([
  [
    'a 429',
    (apiKey) => errorReply(429, { error: { message: `slower, ${apiKey}`, code: 'rate_limit_exceeded' } }),
    'rate_limited',
  ],
  [
    'an event that is one',
    (apiKey) => eventStream([event('error', { code: 'rate_limit_exceeded', message: `try again in 11s, ${apiKey}` })]),
    'rate_limited',
  ],
  [
    'a response that failed',
    (apiKey) => {
      const error = { code: 'insufficient_quota', message: `no money, ${apiKey}` }
      return eventStream([event('response.failed', { response: { status: 'failed', error } })])
    },
    'credential_exhausted',
  ],
  [
    'what only the dialect knows',
    (apiKey) => {
      const error = { code: 'invalid_image_url', message: `what is that, ${apiKey}` }
      return eventStream([event('response.failed', { response: { status: 'failed', error } })])
    },
    'invalid_request',
  ],
  ['a stream without its end', () => eventStream([event('response.created')]), 'upstream_protocol'],
])('%s is told as what it means, without secrets', async (_, replyOf, code) => {
  await using rig = await start({ status: 500 })
  rig.upstream.always(replyOf(rig.apiKey))
  const error = await rig.ask().then(
    () => expect.fail('there was an answer'),
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code, origin: 'upstream' })
  expect(leaked({ apiKey: rig.apiKey }, error)).toEqual([])
})

test('a client that speaks Responses gets the bytes as they came, names and all', async () => {
  await using rig = await start(streamed, { api: 'chat', responses: true })
  const relayed = await rig.relay('{"model": "m", "stream":true, "input":"Hi"}')
  if (relayed?.kind !== 'events') return expect.unreachable()
  expect(Buffer.concat(await Array.fromAsync(relayed.pieces)).toString()).toBe(
    [
      event('response.created'),
      event('response.output_text.delta', { delta: 'Hello' }),
      event('response.completed', { response: { text: '!' } }),
    ].join(''),
  )
  const { path, text } = await rig.upstream.received(1)
  expect({ path, text }).toEqual({ path: '/v1/responses', text: '{"model": "m", "stream":true, "input":"Hi"}' })
})

test('without the dialect nobody is asked over it', () => {
  expect(() => openAICompatible.create({ preset: 'openai', api: 'responses' })).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'api' }),
  )
  expect(openAICompatible.create({ preset: 'openai' }).wantsReasoning).toBeFalsy()
  expect(openAICompatibleWith({ responses }).create({ preset: 'openai', api: 'responses' }).wantsReasoning).toBe(true)
})
