import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatStream, eventStream, jsonReply, sse, testProvider, tokens } from '@dragoman/testkit'
import { streamText } from 'ai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { openrouter } from './index.ts'
import type { OpenRouterOptions } from './options.ts'
import { messages, startOpenRouter as start } from './test-openrouter.ts'

testProvider(openrouter, new URL('../fixtures/', import.meta.url), {
  configure: (origin) => ({ baseUrl: `${origin}/api/v1` }),
  ordinary: 'kimi',
})

const hello = chatStream({ text: 'Hi' })
const tool = { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } }

describe('routing', () => {
  test('what the configuration says of it is really sent', async () => {
    const provider = { order: ['novita', 'moonshotai'], allow_fallbacks: false, sort: 'price' as const }
    const options: OpenRouterOptions = {
      routing: provider,
      fallbackModels: ['moonshotai/kimi-k2-0905'],
      modelSuffix: ':nitro',
      transforms: ['middle-out'],
      plugins: [{ id: 'response-healing' }],
    }
    await using rig = await start(hello, options)
    await rig.answer()
    expect(await rig.sent()).toEqual({
      model: 'moonshotai/kimi-k2-thinking:nitro',
      messages,
      provider,
      models: ['moonshotai/kimi-k2-0905'],
      transforms: ['middle-out'],
      plugins: [{ id: 'response-healing' }],
      stream: true,
    })
  })

  test('a request beats it: the provider key by key, the other fields whole', async () => {
    await using rig = await start(hello, {
      routing: { data_collection: 'deny', order: ['novita'] },
      fallbackModels: ['moonshotai/kimi-k2-0905'],
      transforms: ['middle-out'],
    })
    await rig.answer({ provider: { order: ['groq'], zdr: true }, models: ['openai/gpt-oss-120b'], transforms: [] })
    expect(await rig.sent()).toMatchObject({
      provider: { data_collection: 'deny', order: ['groq'], zdr: true },
      models: ['openai/gpt-oss-120b'],
      transforms: [],
    })
  })

  test('a null of the request hides nothing of it', async () => {
    await using rig = await start(hello, { routing: { only: ['novita'] }, transforms: [] })
    await rig.answer({ provider: null, transforms: null, models: null })
    await rig.answer({ provider: { only: null, zdr: true } })
    const [first, second] = rig.upstream.requests.map(({ json }) => json)
    expect([first.provider, first.transforms, first.models]).toEqual([{ only: ['novita'] }, [], undefined])
    expect(second.provider).toEqual({ only: ['novita'], zdr: true })
  })

  test.each([
    ['moonshotai/kimi-k2-thinking', 'moonshotai/kimi-k2-thinking:floor'],
    ['moonshotai/kimi-k2-thinking:free', 'moonshotai/kimi-k2-thinking:free'],
  ])('with the suffix :floor %s is %s', async (model, sent) => {
    await using rig = await start(hello, { modelSuffix: ':floor' })
    await rig.answer({ model })
    expect((await rig.sent()).model).toBe(sent)
  })

  test('a name that OpenRouter does not know is refused in the configuration', () => {
    const { success } = openrouter.options.safeParse({ routing: { allowFallbacks: false } })
    expect(success).toBe(false)
  })

  test('an app is named to OpenRouter only where it wants to be', async () => {
    await using named = await start(hello, {
      appUrl: 'https://app.example/',
      appTitle: 'An app',
      appCategories: ['cli-agent', 'personal-agent'],
    })
    await named.answer()
    expect((await named.upstream.received(1)).headers).toMatchObject({
      'http-referer': 'https://app.example/',
      'x-openrouter-title': 'An app',
      'x-openrouter-categories': 'cli-agent,personal-agent',
    })
    await using unnamed = await start(hello)
    await unnamed.answer()
    const { headers } = await unnamed.upstream.received(1)
    expect(Object.keys(headers).filter((header) => /referer|title|categories/.test(header))).toEqual([])
  })
})

describe('clients', () => {
  test('covers openrouter stream: the OpenAI SDK streams text, reasoning and the cost', async () => {
    const usage = { ...tokens(3, 4), cost: 0.00042, is_byok: false, cost_details: { upstream_inference_cost: null } }
    await using rig = await start(chatStream({ reasoning: ['Well', '.'], text: ['Hel', 'lo'], usage }))
    const openai = new OpenAI({ apiKey: '-', fetch: rig.fetch })
    const stream = await openai.chat.completions.create({
      model: 'moonshotai/kimi-k2-thinking',
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: 'Hi' }],
    })
    let text = ''
    let reasoning = ''
    let cost: unknown
    for await (const { choices, usage } of stream) {
      const delta: { content?: string | null; reasoning_content?: string } = choices[0]?.delta ?? {}
      text += delta.content ?? ''
      reasoning += delta.reasoning_content ?? ''
      cost = usage ?? cost
    }
    expect([text, reasoning]).toEqual(['Hello', 'Well.'])
    expect(cost).toMatchObject({ total_tokens: 7, cost: 0.00042, is_byok: false })
  })

  test('covers openrouter tools: the OpenAI SDK gets a call and sends its result back', async () => {
    const calls = [{ id: 'functions.get_weather:0', name: 'get_weather', arguments: ['{"city":', '"Oslo"}'] }]
    await using rig = await start(chatStream({ toolCalls: calls }))
    const openai = new OpenAI({ apiKey: '-', fetch: rig.fetch })
    const question = { role: 'user' as const, content: 'Oslo?' }
    const model = 'moonshotai/kimi-k2-thinking'
    const first = await openai.chat.completions.create({ model, messages: [question], tools: [tool] })
    const message = first.choices[0]?.message
    expect(message?.tool_calls).toMatchObject([{ function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }])
    if (!message) return
    const result = { role: 'tool' as const, tool_call_id: message.tool_calls?.[0]?.id ?? '', content: '3 °C' }
    await openai.chat.completions.create({ model, messages: [question, message, result], tools: [tool] })
    expect(rig.upstream.requests[1]?.json.messages).toMatchObject([
      question,
      { role: 'assistant', content: null, tool_calls: [{ id: 'functions.get_weather:0' }] },
      result,
    ])
  })

  test('covers openrouter text: the AI SDK reads text and reasoning', async () => {
    await using rig = await start(chatStream({ reasoning: 'Well.', text: ['Hel', 'lo'] }))
    const model = createOpenAICompatible({ name: 'or', baseURL: 'https://or/v1', fetch: rig.fetch })('openai/gpt-5')
    const result = streamText({ model, prompt: 'Hi' })
    expect([await result.text, await result.reasoningText]).toEqual(['Hello', 'Well.'])
  })

  test('covers openrouter images: an image goes on, a bare URL as the object that is documented', async () => {
    await using rig = await start(hello)
    const content = [{ type: 'image_url' as const, image_url: 'https://images.example/cat.png' }]
    await rig.answer({ messages: [{ role: 'user', content }] })
    const image_url = { url: 'https://images.example/cat.png' }
    expect((await rig.sent()).messages[0].content).toEqual([{ type: 'image_url', image_url }])
  })

  test('covers openrouter files: a file goes on, and what reads it is told as a plugin', async () => {
    const file = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' }
    const plugins = [{ id: 'file-parser', pdf: { engine: 'native' } }]
    await using rig = await start(hello, { plugins })
    await rig.answer({ messages: [{ role: 'user', content: [{ type: 'file', file }] }] })
    expect(await rig.sent()).toMatchObject({ messages: [{ content: [{ type: 'file', file }] }], plugins })
  })

  test('covers openrouter search: the web plugin is sent, and its citations come back', async () => {
    const annotation = { type: 'url_citation', url_citation: { url: 'https://news.example/', title: 'News' } }
    const frame = {
      choices: [{ index: 0, delta: { content: 'Hi', annotations: [annotation] }, finish_reason: 'stop' }],
    }
    await using rig = await start(eventStream(sse(frame, '[DONE]')))
    const { choices } = await rig.answer({ plugins: [{ id: 'web', max_results: 3 }] })
    expect(choices[0]?.message.annotations).toEqual([annotation])
    expect((await rig.sent()).plugins).toEqual([{ id: 'web', max_results: 3 }])
  })

  test('covers openrouter usage: tokens and cost come unasked and whole', async () => {
    const usage = { ...tokens(40, 30), cost: 0.1, is_byok: true, cost_details: { upstream_inference_cost: 0.09 } }
    const last = { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }], usage }
    const text = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }], provider: 'Novita' }
    await using rig = await start(eventStream([': OPENROUTER PROCESSING\n\n', ...sse(text, last, '[DONE]')]))
    expect(await rig.answer()).toMatchObject({ provider: 'Novita', usage })
    expect(await rig.sent()).not.toHaveProperty('stream_options')
  })
})

describe('a request', () => {
  test('has its effort once, usage is not asked for, and empty offers of tools are left out', async () => {
    await using rig = await start(hello)
    await rig.answer({ reasoning: { exclude: true }, reasoning_effort: 'high', tools: [], tool_choice: 'auto' })
    await rig.answer({
      reasoning: { max_tokens: 2000 },
      reasoning_effort: 'high',
      stream_options: { include_usage: true },
    })
    await rig.answer({ reasoning_effort: 'low', tools: [tool], tool_choice: 'any' })
    const [first, second, third] = rig.upstream.requests.map(({ json }) => json)
    expect(first.reasoning).toEqual({ exclude: true, effort: 'high' })
    expect(second.reasoning).toEqual({ max_tokens: 2000 })
    expect(third).toMatchObject({ reasoning_effort: 'low', tool_choice: 'required' })
  })

  test('has arguments of earlier calls as JSON, and instructions of the role that all models know', async () => {
    await using rig = await start(hello)
    const tool_calls = [
      { id: 'a', type: 'function' as const, function: { name: 'f', arguments: { city: 'Oslo' } } },
      { id: 'b', type: 'function' as const, function: { name: 'g', arguments: '' } },
    ]
    await rig.answer({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'assistant', tool_calls },
      ],
    })
    expect((await rig.sent()).messages).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      {
        content: null,
        tool_calls: [{ function: { arguments: '{"city":"Oslo"}' } }, { function: { arguments: '{}' } }],
      },
    ])
  })

  test.each<[string, Partial<ChatCompletionRequest>]>([
    ['n', { n: 2 }],
    ['tools[1].type', { tools: [tool, { type: 'custom', custom: { name: 'f' } }] }],
  ])('%s is refused before any call', async (param, request) => {
    await using rig = await start(hello)
    expect(rig.provider.accepts?.({ model: 'openai/gpt-5', messages, ...request }).refused).toMatchObject({ param })
  })
})

test.each([
  [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, { reasoning: { max_tokens: 2000 } }],
  [{ thinking: { type: 'enabled' } }, { reasoning: { enabled: true } }],
  [{ thinking: { type: 'disabled' } }, { reasoning: { enabled: false } }],
  [{ thinking: { type: 'enabled' }, reasoning_effort: 'low' }, { reasoning_effort: 'low' }],
  [{ thinking: { type: 'enabled' }, reasoning: { effort: 'low' } }, { reasoning: { effort: 'low' } }],
])('%j is sent as %j', async (request, expected) => {
  await using rig = await start(hello)
  await rig.answer(request)
  expect(await rig.sent()).toEqual({ model: 'moonshotai/kimi-k2-thinking', messages, stream: true, ...expected })
})

test('a client of the old functions is served', async () => {
  await using rig = await start(chatStream({ toolCalls: [{ name: 'f', arguments: '{"a":1}' }] }))
  const { choices } = await rig.answer({ functions: [{ name: 'f' }], function_call: 'auto' })
  expect(choices[0]?.message.function_call).toEqual({ name: 'f', arguments: '{"a":1}' })
  expect((await rig.sent()).tools).toEqual([{ type: 'function', function: { name: 'f' } }])
})

test('usage that comes anyway is not named as left out', () => {
  const provider = openrouter.create({})
  const request = { model: 'openai/gpt-5', messages, stream: true, stream_options: { include_usage: true } }
  expect(provider.accepts?.(request)).toEqual({ dropped: [] })
})

describe('the account', () => {
  test('the list keeps prices and sizes, and is an OpenAI list', async () => {
    const entry = {
      id: 'moonshotai/kimi-k2-thinking',
      created: 1762,
      context_length: 262_144,
      pricing: { prompt: '0.0000006' },
    }
    await using rig = await start(jsonReply({ data: [entry] }))
    const response = await rig.fetch('https://or/v1/models')
    expect(await response.json()).toMatchObject({
      object: 'list',
      data: [{ ...entry, object: 'model', owned_by: 'openrouter' }],
    })
    await using fixed = await start(hello, { models: ['openrouter/auto'] })
    expect(await fixed.provider.models?.(fixed.call)).toMatchObject([{ id: 'openrouter/auto' }])
    expect(fixed.upstream.requests).toEqual([])
  })

  test('a key is probed where only its owner is answered', async () => {
    await using rig = await start(jsonReply({ data: [] }))
    const { credential, ...call } = rig.call
    expect(await rig.provider.probe?.(credential, call)).toBe('ok')
    expect(await rig.provider.probe?.({ id: 'none', values: {} }, call)).toBe('rejected')
    expect(rig.upstream.requests.map(({ path }) => path)).toEqual(['/api/v1/key', '/api/v1/key'])
  })
})
