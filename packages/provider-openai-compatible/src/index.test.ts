import { DragomanError, Secret, sourceTextOf } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  chatChunks,
  chatStream,
  completion,
  errorReply,
  eventStream,
  jsonReply,
  type Reply,
  responseInMemory,
  sse,
  startFakeUpstream,
  testProvider,
} from '@dragoman/testkit'
import { defaultLimits, events, type HttpResponse, mapErrorResponse } from '@dragoman/upstream'
import { describe, expect, test } from 'vitest'
import {
  type CompatibleService,
  createCompatible,
  createDecoder,
  type OpenAICompatibleOptions,
  openAICompatible,
} from './index.ts'

testProvider(openAICompatible, new URL('../fixtures/', import.meta.url), {
  ordinary: 'plain-text',
  async *decode(body, { request }) {
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const response = responseOf(pieces)
    const usesFunctions = request.functions !== undefined
    const { event } = createDecoder({ name: 'The service', errorFrom: response.errorFrom, usesFunctions })
    yield* events(response, event)
  },
})

/** A response whose body is in memory. */
function responseOf(pieces: readonly Uint8Array[]): HttpResponse {
  const errorFrom = (json: unknown, text: string) =>
    mapErrorResponse({ status: 200, headers: new Headers(), text, json }, { provider: 'The service', now: 0 })
  return responseInMemory(pieces, { provider: 'The service', limits: defaultLimits, errorFrom })
}

const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

/** A provider at a fake upstream that answers `reply` to everything. */
async function start(
  reply: Reply,
  options: OpenAICompatibleOptions = {},
  apiKey: string | null = 'the-key',
  service?: CompatibleService,
) {
  const upstream = await startFakeUpstream()
  upstream.always(reply)
  const given = { baseUrl: upstream.origin, ...options }
  const provider = service ? createCompatible(given, service) : openAICompatible.create(given)
  const held = { id: 'test', values: apiKey === null ? {} : { apiKey: new Secret(apiKey) } }
  const call = {
    credential: held,
    signal: new AbortController().signal,
    state: { get: async () => undefined } as never, // this provider keeps no state
  }
  return {
    upstream,
    provider,
    held,
    call,
    async chunks(sent = request) {
      const chunks: ChatCompletionChunk[] = []
      for await (const chunk of provider.chat(sent, call)) chunks.push(chunk)
      return chunks
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

describe('what is sent', () => {
  test('the key as a bearer token, the headers of the options, and /v1 where the address has no path', async () => {
    await using rig = await start(chatStream(), { headers: { 'X-Team': 'blue' } })
    await rig.chunks()
    const { method, path, headers } = await rig.upstream.received(1)
    expect({ method, path }).toEqual({ method: 'POST', path: '/v1/chat/completions' })
    expect(headers).toMatchObject({ authorization: 'Bearer the-key', 'x-team': 'blue', accept: 'text/event-stream' })
  })

  test('without a key no header speaks of one', async () => {
    await using rig = await start(chatStream(), {}, null)
    await rig.chunks()
    expect((await rig.upstream.received(1)).headers).not.toHaveProperty('authorization')
  })

  test('at Azure the bare key in api-key, and the query with every request', async () => {
    await using rig = await start(chatStream(), { preset: 'azure', query: { 'api-version': 'preview' } })
    await rig.chunks()
    const { path, headers } = await rig.upstream.received(1)
    expect(path).toBe('/v1/chat/completions?api-version=preview')
    expect(headers).toMatchObject({ 'api-key': 'the-key' })
    expect(headers).not.toHaveProperty('authorization')
  })

  test('an answer that is not to be streamed is asked for as JSON', async () => {
    await using rig = await start(completion({ text: 'Hi' }), { upstreamStream: 'never' })
    expect(await rig.chunks()).toMatchObject([{ choices: [{ delta: { content: 'Hi' } }] }, {}])
    const { headers, json } = await rig.upstream.received(1)
    expect(headers.accept).toBe('application/json')
    expect(json).toEqual({ ...request, stream: false })
  })
})

test('a stream that comes although none was asked for is read as one', async () => {
  await using rig = await start(chatStream({ text: 'Hi' }), { upstreamStream: 'never' })
  expect(await rig.chunks()).toEqual(chatChunks({ text: 'Hi' }))
})

test('a chunk has the text that it came as, unless it was made or changed here', async () => {
  const text = '{ "choices":[{"index":0,"delta":{"content":"a"}}], "x":1.0 }'
  await using rig = await start({ headers: { 'content-type': 'text/event-stream' }, body: `data: ${text}\n\n` })
  expect((await rig.chunks()).map(sourceTextOf)).toEqual([text])
  expect((await rig.chunks({ ...request, functions: [{ name: 'f' }] })).map(sourceTextOf)).toEqual([undefined])
  await using whole = await start(completion({ text: 'Hi' }))
  expect((await whole.chunks()).map(sourceTextOf)).toEqual([undefined, undefined])
})

test('JSON that is neither an answer nor an error is upstream_protocol', async () => {
  await using rig = await start(jsonReply({ hello: 'world' }))
  await expect(rig.chunks()).rejects.toMatchObject({ code: 'upstream_protocol', origin: 'upstream' })
})

test.each([
  [1002, 'rate_limited'],
  [1004, 'credential_rejected'],
  [1027, 'content_filter'],
  [1033, 'upstream_unavailable'],
])('a base_resp of %i in a stream is %s', async (status_code, code) => {
  const frame = { id: 'a', choices: [], base_resp: { status_code, status_msg: 'no' } }
  const body = `data: ${JSON.stringify(frame)}\n\n`
  await using rig = await start({ headers: { 'content-type': 'text/event-stream' }, body }, { preset: 'minimax' })
  await expect(rig.chunks()).rejects.toMatchObject({ code, message: expect.stringContaining('no') })
})

test('a base_resp of 0 is a success', async () => {
  const body = chatChunks({ text: 'Hi' }).map((chunk) => ({ ...chunk, base_resp: { status_code: 0, status_msg: '' } }))
  const events = body.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
  await using rig = await start({ headers: { 'content-type': 'text/event-stream' }, body: events })
  expect(await rig.chunks()).toEqual(body)
})

describe('models', () => {
  test('are asked for, with the key', async () => {
    await using rig = await start(jsonReply({ object: 'list', data: [{ id: 'models/a', created: 5 }] }), {
      preset: 'gemini',
    })
    const listed = await rig.provider.models?.(rig.call)
    expect(listed).toEqual([{ id: 'a', object: 'model', created: 5, owned_by: 'gemini' }])
    const { method, path, headers } = await rig.upstream.received(1)
    expect({ method, path }).toEqual({ method: 'GET', path: '/v1/models' })
    expect(headers).toMatchObject({ authorization: 'Bearer the-key' })
  })

  test('of the options or of the preset are told without a call', async () => {
    await using listed = await start(errorReply(500), { models: ['a', 'b'] })
    expect((await listed.provider.models?.(listed.call))?.map(({ id }) => id)).toEqual(['a', 'b'])
    await using fixed = await start(errorReply(500), { preset: 'perplexity' })
    expect((await fixed.provider.models?.(fixed.call))?.map(({ id }) => id)).toContain('sonar')
    expect([...listed.upstream.requests, ...fixed.upstream.requests]).toEqual([])
  })
})

describe('a probe', () => {
  test.each([
    ['a list', 'ok', jsonReply({ data: [] })],
    ['a 401', 'rejected', errorReply(401)],
    [
      'a browser check',
      'challenged',
      { status: 403, headers: { 'cf-mitigated': 'challenge', 'content-type': 'text/html' }, body: '<html></html>' },
    ],
  ] as const)('that gets %s is %s', async (_, expected, reply) => {
    await using rig = await start(reply)
    expect(await rig.provider.probe?.(rig.held, rig.call)).toBe(expected)
  })

  test.each([403, 429, 500])('that gets a %i says nothing about the key, so it throws', async (status) => {
    await using rig = await start(errorReply(status))
    await expect(rig.provider.probe?.(rig.held, rig.call)).rejects.toMatchObject({ origin: 'upstream' })
  })

  test('is not offered where anybody gets the list', async () => {
    for (const preset of ['deepinfra', 'perplexity'] as const) {
      await using rig = await start(jsonReply({ data: [] }), { preset })
      expect(rig.provider.probe).toBeUndefined()
    }
  })
})

test('a provider goes by the name of its preset', async () => {
  await using preset = await start(errorReply(500, 'down'), { preset: 'groq' })
  await using plain = await start(errorReply(500, 'down'))
  expect([preset.provider.id, plain.provider.id]).toEqual(['groq', 'openai-compatible'])
  await expect(preset.chunks()).rejects.toMatchObject({ message: 'Groq answered 500: down' })
  await expect(plain.chunks()).rejects.toMatchObject({ message: 'The service answered 500: down' })
})

describe('what an error of a service means', () => {
  const service: CompatibleService = {
    id: 'acme',
    name: 'Acme',
    mapError({ status, json }, standard) {
      if (JSON.stringify(json).includes('"E7"')) return new DragomanError('credential_exhausted', `E7, ${status}`)
      return standard.code === 'credential_rejected'
        ? new DragomanError(standard.code, `${standard.message} (here)`)
        : standard
    },
  }

  test.each([
    ['by its status', errorReply(400, { error: { message: 'no', code: 'E7' } }), 'credential_exhausted', 'E7, 400'],
    ['in its stream', eventStream(sse({ error: { message: 'no', code: 'E7' } })), 'credential_exhausted', 'E7, 200'],
    [
      'in MiniMax’s form',
      jsonReply({ base_resp: { status_code: 1004 } }),
      'credential_rejected',
      'answered 1004 (here)',
    ],
    ['as others do', errorReply(401, 'No key'), 'credential_rejected', 'Acme answered 401: No key (here)'],
    ['of no concern to it', errorReply(503, 'Busy'), 'upstream_unavailable', 'Acme answered 503: Busy'],
  ])('is told by its package: %s', async (_, reply, code, message) => {
    await using rig = await start(reply, {}, 'the-key', service)
    await expect(rig.chunks()).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test('is told of its list of models, too', async () => {
    await using rig = await start(errorReply(401, 'No key'), {}, 'the-key', service)
    await expect(rig.provider.models?.(rig.call)).rejects.toMatchObject({ message: expect.stringMatching(/\(here\)$/) })
    expect(await rig.provider.probe?.(rig.held, rig.call)).toBe('rejected')
  })

  test('is told without secrets, also where the message is cut in the middle of one', async () => {
    const key = 'correct-horse-battery'
    // At 2000 characters it is cut.
    for (const before of [10, 1990]) {
      await using rig = await start(errorReply(401, `${'x '.repeat(before / 2)}${key}`), {}, key, service)
      const error = await rig.chunks().catch((failure: Error) => failure)
      expect(String(error)).toContain('(here)')
      expect(String(error)).not.toContain('correct')
    }
  })
})
