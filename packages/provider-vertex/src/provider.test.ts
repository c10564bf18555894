import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { collect, credential, DragomanError, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { canary, chatStream, completion, eventStream, jsonReply, sse, testProvider, tokens } from '@dragoman/testkit'
import { tool as aiTool, jsonSchema, stepCountIs, streamText } from 'ai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { vertex } from './index.ts'
import type { VertexOptions } from './options.ts'
import { gemini3, googleError, kimi, messages, startVertex as start } from './test-vertex.ts'

testProvider(vertex, new URL('../fixtures/', import.meta.url), {
  configure: (origin) => ({ endpoint: origin, project: 'my-project-1' }),
  values: { accessToken: canary('accessToken') },
  ordinary: 'kimi',
})

const hello = chatStream({ text: 'Hi' })
const tool = { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } }

describe('where a model is called', () => {
  /** The URL of a call that is not made. */
  const addressOf = async (model: string, options: VertexOptions, project = 'my-project-1') => {
    const provider = vertex.create(vertex.options.parse(options))
    const urls: string[] = []
    const call = {
      credential: credential({ accessToken: 'ya29.test', ...(project !== '' && { project }) }),
      signal: new AbortController().signal,
      state: memoryState(),
      observe: (event: { type: string; origin?: string; path?: string }) => {
        if (event.type === 'request') urls.push(`${event.origin}${event.path}`)
        throw new DragomanError('internal', 'far enough')
      },
    }
    const failure = provider.chat({ model, messages }, call)[Symbol.asyncIterator]().next()
    await expect(failure).rejects.toThrow(/far enough|the option project/)
    await provider.close()
    return urls[0]
  }
  const at = (host: string, location: string, project = 'my-project-1') =>
    `https://${host}/v1/projects/${project}/locations/${location}/endpoints/openapi/chat/completions`
  const global = at('aiplatform.googleapis.com', 'global')
  const europe = at('europe-west4-aiplatform.googleapis.com', 'europe-west4')

  test.each<[string, VertexOptions, string]>([
    ['qwen/qwen3-coder-480b-a35b-instruct-maas', {}, global],
    ['gemini-2.5-pro', {}, global],
    ['gemini-2.5-pro', { location: 'europe-west4' }, europe],
    ['gemini-2.5-pro', { models: { 'google/gemini-2.5-pro': 'europe-west4' } }, europe],
    ['google/gemini-2.5-pro', { models: { 'gemini-2.5-pro': 'europe-west4' } }, europe],
    [kimi, { location: 'europe-west4' }, global],
    [kimi, { location: 'global', models: { [kimi]: 'europe-west4' } }, europe],
    [kimi, { project: 'other-1' }, at('aiplatform.googleapis.com', 'global', 'other-1')],
    [kimi, { endpoint: 'https://psc.example', location: 'us-central1' }, at('psc.example', 'global')],
    ['gemini-2.5-pro', { endpoint: 'https://psc.example/', location: 'us-central1' }, at('psc.example', 'us-central1')],
    [kimi, { endpoint: 'https://7.example/v1/x/chat/completions' }, 'https://7.example/v1/x/chat/completions'],
    [kimi, { endpoint: 'https://7.example/v1/openapi/' }, 'https://7.example/v1/openapi/chat/completions'],
  ])('%s with %j is called at %s', async (model, options, url) => expect(await addressOf(model, options)).toBe(url))

  test('without a project nothing is called, unless the endpoint needs none', async () => {
    expect(await addressOf(kimi, {}, '')).toBeUndefined()
    const endpoint = 'https://7.example/v1/x/chat/completions'
    expect(await addressOf(kimi, { endpoint }, '')).toBe(endpoint)
  })

  test('an endpoint with a password in it is refused in the configuration', () => {
    expect(vertex.options.safeParse({ endpoint: 'https://me:password@psc.example' }).success).toBe(false)
  })

  test('the list is the configuration’s', async () => {
    const listed = async (options: VertexOptions) => {
      await using rig = await start(hello, options)
      const list = await rig.provider.models?.(rig.call)
      return list?.map(({ id }) => id)
    }
    expect(await listed({})).toContain(kimi)
    expect(await listed({ models: [gemini3] })).toEqual([gemini3])
    expect(await listed({ models: { [kimi]: 'global' } })).toEqual([kimi])
  })
})

test('who is billed is told only where it is set', async () => {
  await using unset = await start(hello)
  await unset.answer()
  expect((await unset.upstream.received(1)).headers).not.toHaveProperty('x-goog-user-project')
  await using set = await start(hello, { userProject: 'billed-1' })
  await set.answer()
  expect((await set.upstream.received(1)).headers).toMatchObject({ 'x-goog-user-project': 'billed-1' })
})

describe('clients', () => {
  test('covers vertex stream: the OpenAI SDK streams text, reasoning and usage', async () => {
    await using rig = await start(chatStream({ reasoning: ['Well', '.'], text: ['Hel', 'lo'], usage: tokens(3, 4) }))
    const openai = new OpenAI({ apiKey: '-', fetch: rig.fetch })
    const stream = await openai.chat.completions.create({
      model: kimi,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hi' }],
    })
    let text = ''
    let reasoning = ''
    let total: number | undefined
    for await (const { choices, usage } of stream) {
      const delta: { content?: string | null; reasoning_content?: string } = choices[0]?.delta ?? {}
      text += delta.content ?? ''
      reasoning += delta.reasoning_content ?? ''
      total = usage?.total_tokens ?? total
    }
    expect([text, reasoning, total]).toEqual(['Hello', 'Well.', 7])
  })

  test('covers vertex tools: the AI SDK brings a call of Gemini 3 back with its signature', async () => {
    const call = { index: 0, id: 'call-1', type: 'function', extra_content: { google: { thought_signature: 'c2ln' } } }
    const called = { ...call, function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }
    const frame = { choices: [{ index: 0, delta: { role: 'assistant', tool_calls: [called] }, finish_reason: 'stop' }] }
    await using rig = await start(hello)
    const token = jsonReply({ access_token: 'ya29.test-1', expires_in: 3599 })
    rig.upstream.script(token, eventStream(sse(frame, '[DONE]')))
    const model = createOpenAICompatible({ name: 'google', baseURL: 'https://v/v1', fetch: rig.fetch })(gemini3)
    const inputSchema = jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } })
    const tools = { get_weather: aiTool({ inputSchema, execute: async () => '3 °C' }) }
    const result = streamText({ model, prompt: 'Oslo?', tools, stopWhen: stepCountIs(2) })
    expect(await result.text).toBe('Hi')
    const [, answer, output] = rig.upstream.requests.at(-1)?.json.messages ?? []
    expect(answer.tool_calls[0]).toMatchObject({
      id: 'call-1',
      extra_content: { google: { thought_signature: 'c2ln' } },
    })
    expect(output).toMatchObject({ role: 'tool', tool_call_id: 'call-1' })
  })

  test('covers vertex text: what open models send in other types becomes OpenAI’s', async () => {
    const call = { index: 0, id: 'functions.0:0', type: 'function', function: { name: 0, arguments: { city: 'Oslo' } } }
    const delta = { role: 'assistant', content: null, reasoning_content: null, tool_calls: [call] }
    const nothing = { content: 'Hm.', reasoning_content: 'Well.', tool_calls: null }
    const frames = [
      { choices: [{ index: 0, delta: nothing, finish_reason: null }] },
      { choices: [{ index: 0, delta, finish_reason: 'stop' }] },
    ]
    await using rig = await start(eventStream(sse(...frames, '[DONE]')))
    const { choices } = await rig.answer({ tools: [tool] })
    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'Hm.',
        reasoning_content: 'Well.',
        tool_calls: [{ function: { name: '0', arguments: '{"city":"Oslo"}' } }],
      },
    })
  })

  test('covers vertex usage: thoughts that are counted beside the answer belong to it', async () => {
    const usage = { prompt_tokens: 40, completion_tokens: 12, total_tokens: 70 }
    const thought = { ...usage, completion_tokens_details: { reasoning_tokens: 18 } }
    await using rig = await start(chatStream({ text: 'Hi', usage: thought }))
    expect((await rig.answer({ model: gemini3 })).usage).toEqual({ ...thought, completion_tokens: 30 })
    const inside = { ...tokens(40, 30), completion_tokens_details: { reasoning_tokens: 18 } }
    await using other = await start(chatStream({ text: 'Hi', usage: inside }))
    expect((await other.answer()).usage).toEqual(inside)
    expect((await other.sent()).stream_options).toEqual({ include_usage: true })
  })

  test('an answer that comes whole is one', async () => {
    await using rig = await start(completion({ text: 'Hi' }))
    expect((await rig.answer()).choices[0]?.message.content).toBe('Hi')
  })
})

describe('images', () => {
  const seen = (url: string): ChatCompletionRequest['messages'] => [
    { role: 'user', content: [{ type: 'image_url', image_url: url }] },
  ]

  test('covers vertex images: a remote one is sent as data, one in Cloud Storage by its address', async () => {
    await using rig = await start(hello)
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    rig.upstream.script({ headers: { 'content-type': 'image/png' }, body: png })
    await rig.answer({ model: gemini3, messages: seen(`${rig.upstream.origin}/cat.png`) })
    await rig.answer({ model: gemini3, messages: seen('gs://bucket/cat.png') })
    const urls = rig.upstream.requests.slice(1).map(({ json }) => json.messages[0].content[0].image_url.url)
    expect(urls).toEqual([`data:image/png;base64,${png.toString('base64')}`, 'gs://bucket/cat.png'])
  })

  test('a model that is not known to see is refused them before any call', () => {
    const refusedParam = (model: string, options: VertexOptions = {}) => {
      const provider = vertex.create(options)
      return provider.accepts?.({ model, messages: seen('data:image/png;base64,AA==') }).refused?.param
    }
    const refused = 'messages[0].content[0].type'
    expect([kimi, 'openai/gpt-oss-120b-maas'].map((model) => refusedParam(model))).toEqual([refused, refused])
    const sighted = ['gemini-2.5-flash', 'meta/llama-4-maverick-17b-128e-instruct-maas']
    expect(sighted.map((model) => refusedParam(model))).toEqual([undefined, undefined])
    expect(refusedParam('moonshotai/kimi-k2.5-maas', { visionModels: ['moonshotai/kimi-k2.5-maas'] })).toBeUndefined()
  })
})

test.each<[string, Partial<ChatCompletionRequest>]>([
  ['modalities', { modalities: ['text', 'audio'] }],
  ['functions', { functions: [{ name: 'f' }] }],
  ['tools[0].type', { tools: [{ type: 'web_search' }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'file', file: {} }] }] }],
])('%s is refused before any call', (param, request) => {
  const provider = vertex.create({})
  expect(provider.accepts?.({ model: gemini3, messages, ...request }).refused).toMatchObject({ param })
})

describe('errors', () => {
  test.each([
    [400, 'INVALID_ARGUMENT', 'invalid_request'],
    [400, 'FAILED_PRECONDITION', 'deployment_not_found'],
    [401, 'UNAUTHENTICATED', 'credential_rejected'],
    [403, 'PERMISSION_DENIED', 'credential_forbidden'],
    [404, 'NOT_FOUND', 'deployment_not_found'],
    [429, 'RESOURCE_EXHAUSTED', 'rate_limited'],
    [499, 'CANCELLED', 'upstream_unavailable'],
    [500, 'INTERNAL', 'upstream_unavailable'],
    [503, 'UNAVAILABLE', 'upstream_unavailable'],
    [504, 'DEADLINE_EXCEEDED', 'upstream_timeout'],
  ])('covers vertex errors: %i %s is %s, as a status, inside a 200 and in a stream', async (status, word, code) => {
    const error = { code, origin: 'upstream', message: expect.stringContaining('because') }
    const body = googleError(status, word)
    const begun = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }
    const [alone] = Object.values(body)
    for (const reply of [
      jsonReply(body, status),
      jsonReply(body),
      eventStream(sse(begun, body)),
      eventStream(sse(begun, alone)),
    ]) {
      await using rig = await start(reply)
      await expect(rig.answer()).rejects.toMatchObject(error)
    }
  })

  test('a quota waits as long as Google says, and is never taken for missing money', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '30s' }]
    const words = 'You exceeded your current quota, please check your plan and billing details'
    await using told = await start(jsonReply(googleError(429, 'RESOURCE_EXHAUSTED', words, details), 429))
    await expect(told.answer()).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 })
    await using untold = await start(jsonReply(googleError(429, 'RESOURCE_EXHAUSTED', words), 429))
    await expect(untold.answer()).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: undefined })
  })

  test('too many tokens are told by the text', async () => {
    const words = 'The input token count (9) exceeds the maximum number of tokens allowed (8).'
    await using rig = await start(jsonReply(googleError(400, 'INVALID_ARGUMENT', words), 400))
    await expect(rig.answer()).rejects.toMatchObject({ code: 'context_length_exceeded', message: words })
  })

  test('a page at a wrong place is no model', async () => {
    await using rig = await start(hello, { project: 'other-project' })
    await expect(rig.answer()).rejects.toMatchObject({ code: 'deployment_not_found' })
  })

  test('the project may be told, the token not', async () => {
    await using rig = await start(
      jsonReply(googleError(403, 'PERMISSION_DENIED', 'projects/my-project-1 ya29.test-0'), 403),
    )
    const error: unknown = await rig.answer().catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('my-project-1')
    expect(String(error)).not.toContain('ya29.test-0')
  })
})

test('nothing of the request is changed', async () => {
  await using rig = await start(hello)
  const request = { model: 'gemini-3-flash', messages, reasoning_effort: 'low', tools: [tool] }
  const before = structuredClone(request)
  await collect(rig.provider.chat(request, rig.call), request)
  expect(request).toEqual(before)
})
