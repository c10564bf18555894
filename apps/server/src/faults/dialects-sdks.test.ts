import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { Secret } from '@dragoman/core'
import {
  canary,
  errorReply,
  eventStream,
  type FakeAnswer,
  gate,
  noReply,
  reset,
  type ScriptedReply,
  stall,
  tokens,
} from '@dragoman/testkit'
import { APICallError, streamText } from 'ai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { type DialectRig, startDialectRig } from './test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'

// What the official SDKs make of failures: the class they throw, and what hangs on it.

const [kind] = upstreamKinds as readonly [UpstreamKind, ...UpstreamKind[]]
const key = canary('client key')
const keys = [{ name: 'team', key: new Secret(key) }]
const begun: FakeAnswer = { text: ['Hel', 'lo'], finish: null }
const halfCall: FakeAnswer = { toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Os'] }], finish: null }

const openai = ({ server }: DialectRig, apiKey = key) =>
  new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 })
const anthropic = ({ server }: DialectRig, apiKey = key) =>
  new Anthropic({ apiKey, baseURL: server.url, maxRetries: 0 })

const message = { model: 'm', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] }
const getWeather = { name: 'get_weather', input_schema: { type: 'object' as const } }

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown')
}

const failures: readonly (readonly [
  what: string,
  ask: {
    readonly reply?: ScriptedReply
    readonly model?: string
    readonly apiKey?: string
  },
  ofOpenAI: readonly [error: abstract new (...args: never[]) => Error, code: string | null],
  ofAnthropic: readonly [error: abstract new (...args: never[]) => Error, type: string],
])[] = [
  [
    'a wrong key',
    { apiKey: 'sk-wrong' },
    [OpenAI.AuthenticationError, 'invalid_api_key'],
    [Anthropic.AuthenticationError, 'authentication_error'],
  ],
  [
    'an unknown model',
    { model: 'gpt-99' },
    [OpenAI.NotFoundError, 'model_not_found'],
    [Anthropic.NotFoundError, 'not_found_error'],
  ],
  [
    'a 400 of the upstream',
    { reply: errorReply(400, 'No') },
    [OpenAI.BadRequestError, null],
    [Anthropic.BadRequestError, 'invalid_request_error'],
  ],
  [
    'too much for the upstream',
    { reply: errorReply(413, 'Too large') },
    [OpenAI.APIError, 'request_too_large'],
    [Anthropic.ContentTooLargeError, 'request_too_large'],
  ],
  [
    'a 429 of the upstream',
    { reply: errorReply(429, 'Slow down', { 'retry-after': '7' }) },
    [OpenAI.RateLimitError, 'rate_limit_exceeded'],
    [Anthropic.RateLimitError, 'rate_limit_error'],
  ],
  [
    'a 500 of the upstream',
    { reply: errorReply(500) },
    [OpenAI.InternalServerError, 'upstream_unavailable'],
    [Anthropic.InternalServerError, 'api_error'],
  ],
  [
    'a 401 of the upstream',
    { reply: errorReply(401) },
    [OpenAI.InternalServerError, 'no_credential'],
    [Anthropic.ServiceUnavailableError, 'overloaded_error'],
  ],
]

type Ask = (rig: DialectRig, model: string, apiKey: string | undefined) => Promise<unknown>

const asksOfOpenAI: Readonly<Record<string, Ask>> = {
  'responses.create': (rig, model, apiKey) => openai(rig, apiKey).responses.create({ model, input: 'Hello' }),
  'responses.create, streamed': (rig, model, apiKey) =>
    openai(rig, apiKey).responses.create({ model, input: 'Hello', stream: true }),
  'responses.stream': (rig, model, apiKey) =>
    openai(rig, apiKey).responses.stream({ model, input: 'Hello' }).finalResponse(),
  'chat.completions.create': (rig, model, apiKey) =>
    openai(rig, apiKey).chat.completions.create({ model, messages: message.messages }),
}

const asksOfAnthropic: Readonly<Record<string, Ask>> = {
  'messages.create': (rig, model, apiKey) => anthropic(rig, apiKey).messages.create({ ...message, model }),
  'messages.create, streamed': (rig, model, apiKey) =>
    anthropic(rig, apiKey).messages.create({ ...message, model, stream: true }),
  'messages.stream': (rig, model, apiKey) =>
    anthropic(rig, apiKey)
      .messages.stream({ ...message, model })
      .finalMessage(),
}

describe.each(failures)('%s', (_what, { reply, model = 'm', apiKey }, [ofOpenAI, code], [ofAnthropic, type]) => {
  test.each([
    ...Object.entries(asksOfOpenAI).map(([how, ask]) => ({ how, ask, error: ofOpenAI, fields: { code } })),
    ...Object.entries(asksOfAnthropic).map(([how, ask]) => ({ how, ask, error: ofAnthropic, fields: { type } })),
  ])('$how throws its class', async ({ ask, error, fields }) => {
    await using rig = await startDialectRig(kind, { keys })
    if (reply) rig.upstream.always(reply)
    const thrown = await thrownBy(ask(rig, model, apiKey))
    expect(thrown).toBeInstanceOf(error)
    expect(thrown).toMatchObject({ ...fields, requestID: expect.stringMatching(/^req_/) })
  })
})

test('silence is a timeout of the gateway to both', async () => {
  await using rig = await startDialectRig(kind, { gatewayLimits: { firstTokenMs: 1_000 } })
  for (const [ask, error] of [
    [() => openai(rig).responses.create({ model: 'm', input: 'Hello', stream: true }), OpenAI.InternalServerError],
    [() => anthropic(rig).messages.create({ ...message, stream: true }), Anthropic.GatewayTimeoutError],
  ] as const) {
    const silence = gate()
    rig.upstream.script({ ...noReply(), before: [silence] })
    const thrown = thrownBy(ask())
    await silence.reached
    await rig.pass(thrown, 10_000)
    expect(await thrown).toBeInstanceOf(error)
    expect(await thrown).toMatchObject({ status: 504 })
  }
})

describe.each(upstreamKinds.map((kind) => ({ kind, over: kind.name })))(
  'a stream that breaks, over $over',
  ({ kind }) => {
    test.each([
      ['in the text', begun],
      ['in the arguments of a call', halfCall],
    ])('%s is an error to the Anthropic SDK, which finishes nothing', async (_where, answer) => {
      await using rig = await startDialectRig(kind)
      rig.upstream.always(eventStream([...kind.events(answer), reset()]))
      const { messages } = anthropic(rig)
      const asked = { ...message, tools: [getWeather] }
      const finished: unknown[] = []
      const helper = messages.stream(asked).on('contentBlock', (block) => finished.push(block))
      expect(await thrownBy(helper.finalMessage())).toBeInstanceOf(Anthropic.APIError)
      expect(finished).toEqual([])
      const raw = await messages.create({ ...asked, stream: true })
      const thrown = await thrownBy(Array.fromAsync(raw))
      expect(thrown).toBeInstanceOf(Anthropic.APIError)
      expect(thrown).toMatchObject({ type: 'api_error' })
    })

    test('is a failed response to the OpenAI SDK', async () => {
      await using rig = await startDialectRig(kind)
      rig.upstream.always(eventStream([...kind.events(halfCall), reset()]))
      const raw = await openai(rig).responses.create({ model: 'm', input: 'Hello', store: false, stream: true })
      const events = await Array.fromAsync(raw)
      const last = events.at(-1)
      expect(last).toMatchObject({
        type: 'response.failed',
        response: { status: 'failed', output: [], error: { code: 'server_error', message: expect.any(String) } },
      })
      expect(events.filter(({ type }) => type === 'response.output_item.done')).toEqual([])
      const helper = openai(rig).responses.stream({ model: 'm', input: 'Hello', store: false })
      expect(await helper.finalResponse()).toMatchObject({ status: 'failed' })
    })

    test.each(['openai', 'anthropic'])('is an error part to the AI SDK for %s', async (provider) => {
      await using rig = await startDialectRig(kind)
      rig.upstream.always(eventStream([...kind.events(begun), reset()]))
      const baseURL = `${rig.server.url}/v1`
      const model =
        provider === 'openai'
          ? createOpenAI({ apiKey: key, baseURL })('m')
          : createAnthropic({ apiKey: key, baseURL })('m')
      const result = streamText({ model, prompt: 'Hello', maxOutputTokens: 100, maxRetries: 0, onError: () => {} })
      const parts = await Array.fromAsync(result.fullStream)
      expect(parts.flatMap((part) => (part.type === 'text-delta' ? part.text : [])).join('')).toBe('Hello')
      expect(parts.filter(({ type }) => type === 'error')).toHaveLength(1)
      const finish = parts.findLast((part) => part.type === 'finish')
      if (finish) expect(finish.finishReason).toBe('error')
    })
  },
)

test.each(['openai', 'anthropic'])(
  'the AI SDK for %s repeats what may help, and reads the message',
  async (provider) => {
    await using rig = await startDialectRig(kind)
    const baseURL = `${rig.server.url}/v1`
    const model =
      provider === 'openai'
        ? createOpenAI({ apiKey: key, baseURL })('m')
        : createAnthropic({ apiKey: key, baseURL })('m')
    for (const [status, isRetryable] of [
      [400, false],
      [429, true],
      [500, true],
    ] as const) {
      rig.upstream.script(errorReply(status, 'said the upstream'))
      let thrown: unknown
      const onError = ({ error }: { error: unknown }) => {
        thrown = error
      }
      await streamText({ model, prompt: 'Hello', maxOutputTokens: 100, maxRetries: 0, onError }).consumeStream()
      if (!APICallError.isInstance(thrown)) throw thrown
      expect(thrown.isRetryable).toBe(isRetryable)
      if (status !== 429) expect(thrown.message).toContain('said the upstream')
    }
  },
)

test('SDKs that leave stop the upstream', async () => {
  await using rig = await startDialectRig(kind)
  rig.upstream.always(eventStream([...kind.events(begun), stall()]))
  for (const stream of [
    await openai(rig).responses.create({ model: 'm', input: 'Hello', stream: true }),
    await anthropic(rig).messages.create({ ...message, stream: true }),
  ]) {
    for await (const _ of stream) break
    stream.controller.abort()
  }
  for (const { closed } of rig.upstream.requests) expect(await closed).toBe('aborted')
  await rig.recorded(2)
})

test('the SDKs wait no longer than they are told, and repeat where that helps', async () => {
  await using rig = await startDialectRig(kind)
  const fine = replyOf(kind, { text: 'Hello', usage: tokens(1, 1) })
  const brief = errorReply(429, 'Slow down', { 'retry-after': '0' })
  rig.upstream.script(brief, fine, brief, fine, errorReply(402, 'Pay'), errorReply(402, 'Pay'))
  const baseURL = rig.server.url
  const patient = new OpenAI({ apiKey: key, baseURL: `${baseURL}/v1` })
  expect((await patient.responses.create({ model: 'm', input: 'Hello', store: false })).output_text).toBe('Hello')
  const other = new Anthropic({ apiKey: key, baseURL })
  expect((await other.messages.create(message)).content).toMatchObject([{ text: 'Hello' }])
  expect(rig.upstream.requests).toHaveLength(4)
  // No money is left: it says that nobody should ask again.
  await thrownBy(patient.responses.create({ model: 'm', input: 'Hello', store: false }))
  await thrownBy(other.messages.create(message))
  expect(rig.upstream.requests).toHaveLength(6)
})
