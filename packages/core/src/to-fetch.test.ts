import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, handClock, tokens } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test, vi } from 'vitest'
import { DragomanError } from './errors.ts'
import type { Call, Provider } from './provider.ts'
import { credential, toFetch } from './to-fetch.ts'

type Chat = (
  request: ChatCompletionRequest,
  call: Call,
) => Iterable<ChatCompletionChunk> | AsyncIterable<ChatCompletionChunk>

function provider(chat: Chat, more: Partial<Provider> = {}): Provider {
  return {
    id: 'test',
    async *chat(request, call) {
      yield* chat(request, call)
    },
    close: async () => {},
    ...more,
  }
}

const hello = () => chatChunks({ text: ['Hel', 'lo'], usage: tokens(1, 2) })
const body = { model: 'm', messages: [{ role: 'user' as const, content: 'x' }] }
const url = 'http://in.process/v1/chat/completions'
const post = (value: unknown) => ({ method: 'POST', body: JSON.stringify(value) })

function client(of: Provider, options: Parameters<typeof toFetch>[1] = {}): OpenAI {
  return new OpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch: toFetch(of, options), maxRetries: 0 })
}

test('a whole answer and a streamed one come from the same chunks', async () => {
  const whole = await client(provider(hello)).chat.completions.create(body)
  expect(whole.choices[0]?.message.content).toBe('Hello')
  expect(whole.usage?.total_tokens).toBe(3)

  let text = ''
  for await (const chunk of await client(provider(hello)).chat.completions.create({ ...body, stream: true })) {
    expect(chunk.choices).toHaveLength(1)
    text += chunk.choices[0]?.delta.content ?? ''
  }
  expect(text).toBe('Hello')
})

test('a stream shows usage only to a client that asked for it', async () => {
  const stream = await client(provider(hello)).chat.completions.create({
    ...body,
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks = await Array.fromAsync(stream)
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 3 } })
})

test('the credential reaches the provider, and only as a secret', async () => {
  const seen = vi.fn()
  const spy = provider((_request, call) => {
    seen(call.credential.values.apiKey?.reveal(), JSON.stringify(call.credential))
    return hello()
  })
  await client(spy, { credential: { apiKey: 'sk-canary' } }).chat.completions.create(body)
  expect(seen).toHaveBeenCalledWith('sk-canary', expect.not.stringContaining('canary'))
})

test('an error before the first output is a status, with a body that the SDK understands', async () => {
  const failing = provider(function* () {
    yield* chatChunks({ finish: null }).slice(0, 1)
    throw new DragomanError('rate_limited', 'Slow down', { retryAfterMs: 7_000, origin: 'upstream' })
  })
  for (const stream of [true, false]) {
    const error = await client(failing)
      .chat.completions.create({ ...body, stream })
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', status: 429 })
    expect((error as InstanceType<typeof OpenAI.RateLimitError>).headers.get('retry-after')).toBe('7')
  }
})

test('an error after it ends the stream with an error frame and without [DONE]', async () => {
  const breaking = provider(function* () {
    yield* chatChunks({ text: 'Hel', finish: null })
    throw new DragomanError('upstream_unavailable', 'The connection was reset')
  })
  const response = await toFetch(breaking)(url, post({ ...body, stream: true }))
  expect(response.status).toBe(200)
  const frames = (await response.text()).trim().split('\n\n')
  expect(frames.at(-1)).toContain('"error":{"message":"The connection was reset"')
  expect(frames.join()).not.toContain('[DONE]')
})

test('a stream that just stops is an error, not an end', async () => {
  const stopping = provider(() => chatChunks({ text: 'Hel', finish: null }))
  const stream = await client(stopping).chat.completions.create({ ...body, stream: true })
  await expect(Array.fromAsync(stream)).rejects.toThrow('without a finish reason')
})

test('leaving a stream early closes the provider', async () => {
  const closed = Promise.withResolvers<boolean>()
  const endless = provider(async function* (_request, call) {
    call.signal.addEventListener('abort', () => closed.resolve(true))
    for (;;) yield* chatChunks({ text: 'x', finish: null }).slice(-1)
  })
  for await (const _chunk of await client(endless).chat.completions.create({ ...body, stream: true })) break
  expect(await closed.promise).toBe(true)
})

test('nothing is made ahead of the reader', async () => {
  let made = 0
  const endless = provider(async function* () {
    for (;;) {
      made++
      yield* chatChunks({ text: 'x', finish: null }).slice(-1)
    }
  })
  const response = await toFetch(endless)(url, post({ ...body, stream: true }))
  const reader = response.body?.getReader()
  await reader?.read()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(made).toBeLessThanOrEqual(2)
  await reader?.cancel()
})

test("a caller's abort rejects with the caller's reason and reaches the provider", async () => {
  const controller = new AbortController()
  const started = Promise.withResolvers<void>()
  const waiting = provider(async function* (_request, { signal }) {
    started.resolve()
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    yield* hello()
  })
  const answer = toFetch(waiting)(url, { ...post(body), signal: controller.signal })
  await started.promise
  controller.abort(new Error('enough'))
  await expect(answer).rejects.toThrow('enough')
})

test.each([
  ['not JSON', '{', 400, null],
  ['an array', '[]', 400, null],
  ['no model', '{"messages":[{}]}', 400, 'model'],
  ['no messages', '{"model":"m","messages":[]}', 400, 'messages'],
  ['a message of null', '{"model":"m","messages":[null]}', 400, 'messages[0]'],
  ['a part of null', '{"model":"m","messages":[{"content":[null]}]}', 400, 'messages[0].content'],
  ['a stream that is a text', '{"model":"m","messages":[{}],"stream":"false"}', 400, 'stream'],
])('%s is refused with the field at fault', async (_what, text, status, param) => {
  const response = await toFetch(provider(hello))(url, { method: 'POST', body: text })
  expect(response.status).toBe(status)
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } })
  expect(response.headers.get('x-request-id')).toMatch(/^req_/)
})

test('other paths are 404, other methods 405', async () => {
  const fetch = toFetch(provider(hello))
  expect((await fetch('http://x/v1/embeddings', post({}))).status).toBe(404)
  expect((await fetch(url)).status).toBe(405)
})

test('a demand that the provider refuses is a 400 before any call', async () => {
  const chat = vi.fn(hello)
  const picky = provider(chat, {
    accepts: ({ n }) => ({ dropped: [], refused: (n ?? 1) > 1 ? { param: 'n', message: 'One at a time' } : undefined }),
  })
  await expect(client(picky).chat.completions.create({ ...body, n: 2 })).rejects.toMatchObject({
    status: 400,
    param: 'n',
  })
  expect(chat).not.toHaveBeenCalled()
})

test('models are listed and read, whatever their ids hold', async () => {
  const list = [{ id: 'org/model:free', object: 'model' as const, created: 1, owned_by: 'org' }]
  const openai = client(provider(hello, { models: async () => list }))
  expect((await openai.models.list()).data).toEqual(list)
  expect(await openai.models.retrieve('org/model:free')).toMatchObject({ id: 'org/model:free' })
  expect((await toFetch(provider(hello, { models: async () => list }))('http://x/models/%E0%A4%A')).status).toBe(400)
  await expect(openai.models.retrieve('none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
})

test('a provider that signs in is asked once, and again when its session expires or is rejected', async () => {
  const clock = handClock(0)
  let signIns = 0
  let isRejecting = false
  const signingIn = provider(
    (_request, call) => {
      if (isRejecting && call.credential.id === 'session-2') throw new DragomanError('credential_rejected', 'Expired')
      return hello()
    },
    {
      acquire: async () => {
        signIns++
        return { ...credential({ token: 't' }, `session-${signIns}`), expiresAt: clock.now() + 1000 }
      },
    },
  )
  const openai = client(signingIn, { clock })
  await Promise.all([openai.chat.completions.create(body), openai.chat.completions.create(body)])
  expect(signIns).toBe(1)
  await clock.advance(1000)
  await openai.chat.completions.create(body)
  expect(signIns).toBe(2)
  isRejecting = true
  await openai.chat.completions.create(body)
  expect(signIns).toBe(3)
})

test('an expired session is renewed once for all who ask at that moment, and an abort does not wait for it', async () => {
  const clock = handClock(0)
  let signIns = 0
  const gate = Promise.withResolvers<void>()
  const signingIn = provider(hello, {
    acquire: async () => {
      if (signIns++ === 1) await gate.promise
      return { ...credential({ token: 't' }), expiresAt: clock.now() + 1000 }
    },
  })
  const fetch = toFetch(signingIn, { clock })
  await fetch(url, post(body))
  await clock.advance(1000)
  const controller = new AbortController()
  const impatient = fetch(url, { ...post(body), signal: controller.signal })
  const patient = [1, 2, 3].map(() => fetch(url, post(body)))
  await clock.advance(0)
  controller.abort()
  await expect(impatient).rejects.toThrow('aborted')
  gate.resolve()
  expect((await Promise.all(patient)).map(({ status }) => status)).toEqual([200, 200, 200])
  expect(signIns).toBe(2)
})

test('a value that is not there is no secret', () => {
  expect(credential({ apiKey: undefined, other: 'x' }).values).toHaveProperty('other')
  expect(credential({ apiKey: undefined }).values).toEqual({})
})

test('transforms are made anew for each answer and run before the canonical form', async () => {
  const made = vi.fn(() => [
    {
      push: (chunk: ChatCompletionChunk) => [
        {
          ...chunk,
          choices: chunk.choices.map((c) => ({ ...c, delta: c.delta.content ? { content: 'X' } : c.delta })),
        },
      ],
      end: () => [],
    },
  ])
  const openai = client(provider(hello), { transforms: made })
  expect((await openai.chat.completions.create(body)).choices[0]?.message.content).toBe('XX')
  await openai.chat.completions.create(body)
  expect(made).toHaveBeenCalledTimes(2)
})
