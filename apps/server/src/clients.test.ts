import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { Secret } from '@dragoman/core'
import {
  chatStream,
  completion,
  cut,
  errorReply,
  eventStream,
  type FakeUpstream,
  reset,
  sse,
  startFakeUpstream,
  tokens,
} from '@dragoman/testkit'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadPresets, providerTypes } from './compose.ts'
import { loadSettings } from './config/load.ts'
import type { HttpServer } from './http-server.ts'
import { serve } from './serve.ts'

// Official clients against the whole server: over the demo that a first start has, and over fake upstreams.

const adminKey = 'dgadmin-of-this-test'

let folder: string
let upstream: FakeUpstream
let server: HttpServer
let client: OpenAI

beforeAll(async () => {
  upstream = await startFakeUpstream()
  folder = mkdtempSync(join(tmpdir(), 'dragoman-'))
  const file = join(folder, 'dragoman.yaml')
  writeFileSync(
    file,
    `
server: { port: 0 }
providers:
  fake: { type: openai-compatible, baseUrl: '${upstream.origin}/v1', credentials: [{ apiKey: '\${FAKE_KEY}' }] }
  demo: { type: demo }
models:
  - name: fake
    deployments: [{ provider: fake, model: upstream-model }]
defaultModel: demo
`,
  )
  const settings = await loadSettings({
    flags: { config: file },
    env: { FAKE_KEY: 'sk-canary-upstream' },
    cwd: folder,
    factories: providerTypes,
    presets: loadPresets,
  })
  server = await serve(settings, pino({ enabled: false }), { key: new Secret(adminKey) })
  client = new OpenAI({ apiKey: 'anything', baseURL: `${server.url}/v1`, maxRetries: 0 })
})

afterAll(async () => {
  await server?.stop()
  await upstream?.close()
  rmSync(folder, { recursive: true, force: true })
})

const messages = [{ role: 'user' as const, content: 'What is the weather in Oslo?' }]
const parameters = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }
const definition = { name: 'get_weather', description: 'The weather of a city', parameters }

describe.each(['demo', 'demo-reasoner', 'fake'])('over %s, the OpenAI SDK', (model) => {
  const answers = () =>
    model === 'fake' && upstream.script(chatStream({ text: ['It is ', 'fine'], usage: tokens(5, 3) }))

  test('creates a completion with text and usage', async () => {
    answers()
    const answer = await client.chat.completions.create({ model, messages })
    expect(answer.object).toBe('chat.completion')
    expect(answer.choices[0]?.message.content).toBeTruthy()
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage?.total_tokens).toBeGreaterThan(0)
    expect(answer._request_id).toMatch(/^req_/)
  })

  test('iterates a stream that says the same, with usage when it asks', async () => {
    answers()
    const whole = await client.chat.completions.create({ model, messages })
    answers()
    const stream = await client.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await Array.fromAsync(stream)
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
    expect(text).toBe(whole.choices[0]?.message.content)
    expect(chunks.at(-1)?.usage).toEqual(whole.usage)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  test('runs its stream helper', async () => {
    answers()
    const stream = client.chat.completions.stream({ model, messages })
    const events: string[] = []
    stream.on('content', (delta) => events.push(delta))
    const final = await stream.finalChatCompletion()
    expect(events.join('')).toBe(final.choices[0]?.message.content)
  })

  test('runs a tool loop, streamed and whole', async () => {
    for (const stream of [false, true]) {
      if (model === 'fake') {
        upstream.script(
          chatStream({ toolCalls: [{ name: 'get_weather', arguments: ['{"ci', 'ty":"Oslo"}'] }] }),
          chatStream({ text: 'It is sunny in Oslo' }),
        )
      }
      const asked: string[] = []
      const tools = [
        {
          type: 'function' as const,
          function: {
            ...definition,
            parse: JSON.parse,
            function: ({ city }: { city: string }) => {
              asked.push(city)
              return `sunny in ${city}`
            },
          },
        },
      ]
      const runner = stream
        ? client.chat.completions.runTools({ model, messages, tools, stream: true })
        : client.chat.completions.runTools({ model, messages, tools })
      expect(await runner.finalContent()).toContain('sunny in Oslo')
      expect(asked).toEqual(['Oslo'])
    }
  })

  test('parses an answer by a zod schema, also with a strict tool', async () => {
    const Weather = z.object({ city: z.string(), degrees: z.number(), sky: z.enum(['clear', 'cloudy']) })
    const value = { city: 'Oslo', degrees: -3, sky: 'clear' as const }
    if (model === 'fake') upstream.script(chatStream({ text: JSON.stringify(value) }))
    const response_format = zodResponseFormat(Weather, 'weather')
    const parsed = await client.chat.completions.parse({ model, messages, response_format })
    expect(Weather.parse(parsed.choices[0]?.message.parsed)).toEqual(parsed.choices[0]?.message.parsed)

    if (model === 'fake') upstream.script(chatStream({ toolCalls: [{ name: 'weather', arguments: value }] }))
    const stream = client.chat.completions.stream({
      model,
      messages,
      tools: [zodFunction({ name: 'weather', parameters: Weather })],
      tool_choice: 'required',
    })
    const call = (await stream.finalMessage()).tool_calls?.[0]
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather', parsed_arguments: expect.anything() } })
    const text = call?.type === 'function' ? call.function.arguments : ''
    expect(Weather.safeParse(JSON.parse(text)).success).toBe(true)
  })
})

test('what reaches an upstream has its model id and our key, and nothing of the client', async () => {
  upstream.script(chatStream({ text: 'x' }))
  const asked = await client.chat.completions.create(
    { model: 'fake', messages, temperature: 0.5, top_k: 40, chat_template_kwargs: { a: [1] } } as never,
    { headers: { 'x-secret-header': 'canary', cookie: 'canary' } },
  )
  expect(asked.model).not.toBe('')
  const received = upstream.requests.at(-1)
  expect(received?.json).toMatchObject({
    model: 'upstream-model',
    messages,
    temperature: 0.5,
    top_k: 40,
    chat_template_kwargs: { a: [1] },
  })
  expect(received?.headers.authorization).toBe('Bearer sk-canary-upstream')
  expect(received?.headers['user-agent']).toMatch(/^dragoman\//)
  const names = Object.keys(received?.headers ?? {})
  expect(names.filter((name) => /stainless|secret|cookie|organization/.test(name))).toEqual([])
})

test.each([
  [
    400,
    { message: 'Bad temperature', type: 'invalid_request_error', param: 'temperature', code: 'invalid_value' },
    OpenAI.BadRequestError,
    'invalid_value',
  ],
  [
    404,
    { message: 'No such model', type: 'invalid_request_error', param: null, code: 'model_not_found' },
    OpenAI.NotFoundError,
    'model_not_found',
  ],
  [
    429,
    { message: 'Slow down', type: 'requests', param: null, code: 'rate_limit_exceeded' },
    OpenAI.RateLimitError,
    'rate_limit_exceeded',
  ],
  [
    429,
    { message: 'No money', type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
    OpenAI.RateLimitError,
    'insufficient_quota',
  ],
  [
    401,
    { message: 'Bad key sk-canary-upstream', type: 'invalid_request_error', param: null, code: 'invalid_api_key' },
    OpenAI.InternalServerError,
    'no_credential',
  ],
])('an upstream error %i becomes the right class of the SDK', async (status, error, errorClass, code) => {
  upstream.script(errorReply(status, { error }))
  const failure = await client.chat.completions.create({ model: 'fake', messages }).catch((caught: unknown) => caught)
  expect(failure).toBeInstanceOf(errorClass)
  expect(failure).toMatchObject({ code, requestID: expect.stringMatching(/^req_/) })
  expect(String(failure)).not.toContain('canary')
  // The key rests now, as it should; what follows is not about that.
  const headers = { 'x-admin-key': adminKey }
  expect((await fetch(`${server.url}/admin/tokens/reset-all`, { method: 'POST', headers })).status).toBe(200)
})

test("errors of the server's own have the SDK's classes too", async () => {
  const refused = client.chat.completions.create({ model: 'demo', messages: [{ role: 'robot' }] } as never)
  await expect(refused).rejects.toBeInstanceOf(OpenAI.BadRequestError)
  await expect(refused).rejects.toMatchObject({ param: 'messages[0].role', code: 'invalid_value' })
  await expect(client.models.retrieve('none')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  const embedding = client.embeddings.create({ model: 'x', input: 'y' })
  await expect(embedding).rejects.toMatchObject({ status: 400, code: 'unsupported_endpoint' })
})

test.each([
  ['cut', cut()],
  ['reset', reset()],
])('a stream that is %s in its middle makes the SDK throw, never end', async (_how, trouble) => {
  const [role, word] = sse(
    {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { role: 'assistant' } }],
    },
    {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta: { content: 'Hel' } }],
    },
  )
  upstream.script(eventStream([role ?? '', word ?? '', trouble]))
  const stream = await client.chat.completions.create({ model: 'fake', messages, stream: true })
  let text = ''
  const reading = (async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  })()
  await expect(reading).rejects.toBeInstanceOf(OpenAI.APIError)
  expect(text).toBe('Hel')
})

test('an upstream that answers whole though a stream was asked is streamed all the same', async () => {
  upstream.script(completion({ text: 'Whole' }))
  expect(await client.chat.completions.stream({ model: 'fake', messages }).finalContent()).toBe('Whole')
})

test('models are listed for pickers', async () => {
  upstream.on('/v1/models', {
    headers: { 'content-type': 'application/json' },
    body: ['{"object":"list","data":[{"id":"org/big","object":"model"}]}'],
  })
  const ids = (await Array.fromAsync(client.models.list())).map(({ id }) => id)
  expect(ids).toEqual(expect.arrayContaining(['fake', 'demo', 'demo/demo', 'demo-reasoner']))
  expect(new Set(ids).size).toBe(ids.length)
  expect(await client.models.retrieve('demo/demo')).toMatchObject({ id: 'demo/demo', object: 'model' })
})

describe.each(['demo', 'demo-reasoner', 'fake'])('over %s, the AI SDK', (model) => {
  const compatible = () =>
    createOpenAICompatible({ name: 'dragoman', baseURL: `${server.url}/v1`, includeUsage: true })(model)

  test('streams text and usage', async () => {
    if (model === 'fake')
      upstream.script(chatStream({ reasoning: 'Hm.', text: ['It is ', 'fine'], usage: tokens(5, 3) }))
    const result = streamText({ model: compatible(), prompt: 'Hello' })
    expect(await result.text).toBeTruthy()
    expect((await result.usage).outputTokens).toBeGreaterThan(0)
    if (model !== 'demo') expect(await result.reasoningText).toBeTruthy()
  })

  test('runs a tool loop', async () => {
    if (model === 'fake') {
      upstream.script(
        chatStream({ toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }),
        chatStream({ text: 'It is sunny in Oslo' }),
      )
    }
    const result = await generateText({
      model: compatible(),
      messages,
      stopWhen: stepCountIs(3),
      tools: {
        get_weather: tool({
          description: definition.description,
          inputSchema: jsonSchema<{ city: string }>(parameters),
          execute: async ({ city }) => `sunny in ${city}`,
        }),
      },
    })
    expect(result.text).toContain('sunny in Oslo')
  })
})

describe.each(['demo', 'fake'])('over %s, LangChain', (model) => {
  const chat = () => new ChatOpenAI({ model, apiKey: 'anything', configuration: { baseURL: `${server.url}/v1` } })

  test('invokes and streams', async () => {
    if (model === 'fake') upstream.script(chatStream({ text: 'Hello' }), chatStream({ text: ['Hel', 'lo'] }))
    const whole = await chat().invoke('Hello')
    expect(whole.text).toBeTruthy()
    let text = ''
    for await (const chunk of await chat().stream('Hello')) text += chunk.text
    expect(text).toBe(whole.text)
  })

  test('binds tools', async () => {
    if (model === 'fake')
      upstream.script(chatStream({ toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }] }))
    const bound = chat().bindTools([{ type: 'function', function: definition }])
    expect((await bound.invoke('What is the weather in Oslo?')).tool_calls).toMatchObject([
      { name: 'get_weather', args: { city: 'Oslo' } },
    ])
  })
})
