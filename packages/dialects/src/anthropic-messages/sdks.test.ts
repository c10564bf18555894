import { createAnthropic } from '@ai-sdk/anthropic'
import Anthropic from '@anthropic-ai/sdk'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, wholeAnswer } from '@dragoman/testkit'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { describe, expect, test } from 'vitest'
import { front, type Model, openSeal } from '../test-front.ts'
import { messagesClient } from './client.ts'
import { messagesReader, messagesUpstream } from './upstream.ts'

const usage = {
  prompt_tokens: 50,
  completion_tokens: 9,
  total_tokens: 59,
  prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 5 },
  completion_tokens_details: { reasoning_tokens: 4 },
}
const weather = {
  reasoning: ['Need ', 'weather.'],
  text: ['Check', 'ing.'],
  toolCalls: [
    { id: 'call_1', name: 'get_weather', arguments: ['{"city"', ':"Oslo"}'] },
    { id: 'functions.get_time:1', name: 'get_time', arguments: [] },
  ],
  usage,
}
const answers: Model = ({ stream }) => (stream ? chatChunks(weather) : wholeAnswer(weather))

const weatherTools = [
  { name: 'get_weather', input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } } },
  { name: 'get_time', input_schema: { type: 'object' as const, properties: {} } },
]
const asked = {
  model: 'm',
  max_tokens: 1000,
  thinking: { type: 'adaptive' as const },
  tools: weatherTools,
  messages: [{ role: 'user' as const, content: 'Weather in Oslo?' }],
}

function anthropic(model: Model, seal = openSeal) {
  const { fetch, chats } = front(messagesClient, model, seal)
  return { client: new Anthropic({ apiKey: 'k', baseURL: 'http://gateway.invalid', fetch, maxRetries: 0 }), chats }
}

describe('@anthropic-ai/sdk', () => {
  const content = [
    { type: 'thinking', thinking: 'Need weather.', signature: 'sealed.{"text":"Need weather."}' },
    { type: 'text', text: 'Checking.' },
    { type: 'tool_use', id: 'call_1', name: 'get_weather', input: { city: 'Oslo' } },
    { type: 'tool_use', id: 'dgid_functions_2e_get_5f_time_3a_1', name: 'get_time', input: {} },
  ]
  const counts = {
    input_tokens: 15,
    cache_creation_input_tokens: 5,
    cache_read_input_tokens: 30,
    output_tokens: 9,
    output_tokens_details: { thinking_tokens: 4 },
  }

  test('create gets the whole message', async () => {
    const { client } = anthropic(answers)
    const message = await client.messages.create(asked)
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      content,
      stop_reason: 'tool_use',
      usage: counts,
    })
  })

  test('stream gets the same message, event by event', async () => {
    const { client } = anthropic(answers)
    const stream = client.messages.stream(asked)
    const pieces = { text: '', thinking: '', inputs: 0 }
    stream.on('text', (piece) => {
      pieces.text += piece
    })
    stream.on('thinking', (piece) => {
      pieces.thinking += piece
    })
    stream.on('inputJson', () => {
      pieces.inputs++
    })
    const message = await stream.finalMessage()
    expect(message).toMatchObject({ role: 'assistant', content, stop_reason: 'tool_use', usage: counts })
    expect(pieces).toEqual({ text: 'Checking.', thinking: 'Need weather.', inputs: 3 })
  })

  test('a tool runner makes two turns, and reasoning and ids come back as they were', async () => {
    const turns: Model = ({ messages, stream }) => {
      const answer = messages.some(({ role }) => role === 'tool') ? { text: 'Sunny', usage } : weather
      return stream ? chatChunks(answer) : wholeAnswer(answer)
    }
    const { client, chats } = anthropic(turns)
    const first = await client.messages.stream(asked).finalMessage()
    const results = first.content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'ok' }] : [],
    )
    const second = await client.messages.create({
      ...asked,
      messages: [...asked.messages, { role: 'assistant', content: first.content }, { role: 'user', content: results }],
    })
    expect(second.content).toEqual([{ type: 'text', text: 'Sunny', citations: null }])
    expect(chats[1]?.messages).toEqual([
      { role: 'user', content: 'Weather in Oslo?' },
      {
        role: 'assistant',
        content: 'Checking.',
        reasoning_content: 'Need weather.',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
          { id: 'functions.get_time:1', type: 'function', function: { name: 'get_time', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
      { role: 'tool', tool_call_id: 'functions.get_time:1', content: 'ok' },
    ])
  })

  test('a bad request is its BadRequestError, with our type and text', async () => {
    const { client } = anthropic(answers)
    const failure = client.messages.create({ ...asked, max_tokens: undefined as unknown as number })
    await expect(failure).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      error: { type: 'error', error: { message: 'max_tokens: Field required' }, request_id: 'req_1' },
    })
    await expect(failure).rejects.toBeInstanceOf(Anthropic.BadRequestError)
  })

  test('an error in the stream is thrown', async () => {
    const broken: Model = () => [...chatChunks({ toolCalls: [{ name: 'f', arguments: ['{"a":'] }], finish: 'stop' })]
    const { client } = anthropic(broken)
    await expect(client.messages.stream(asked).finalMessage()).rejects.toThrow('no JSON object')
  })
})

describe('@ai-sdk/anthropic', () => {
  const city = { type: 'object', properties: { city: { type: 'string' } } } as const
  const tools = {
    get_weather: tool({
      inputSchema: jsonSchema<{ city: string }>(city),
      execute: async ({ city }) => `sunny in ${city}`,
    }),
    get_time: tool({ inputSchema: jsonSchema<object>({ type: 'object' }), execute: async () => 'noon' }),
  }
  const options = (fetch: ReturnType<typeof front>['fetch']) => ({
    model: createAnthropic({ apiKey: 'k', baseURL: 'http://gateway.invalid/v1', fetch })('claude-m'),
    prompt: 'Weather in Oslo?',
    tools,
    maxRetries: 0,
    maxOutputTokens: 1000,
    providerOptions: { anthropic: { thinking: { type: 'adaptive' } } },
  })
  const calls = [
    { toolName: 'get_weather', input: { city: 'Oslo' } },
    { toolName: 'get_time', input: {} },
  ]

  test('generateText', async () => {
    const result = await generateText(options(front(messagesClient, answers, openSeal).fetch))
    expect(result).toMatchObject({
      text: 'Checking.',
      reasoningText: 'Need weather.',
      finishReason: 'tool-calls',
      toolCalls: calls,
    })
    expect(result.usage).toMatchObject({ inputTokens: 50, outputTokens: 9 })
  })

  test('streamText', async () => {
    const result = streamText(options(front(messagesClient, answers, openSeal).fetch))
    const errors: unknown[] = []
    for await (const part of result.fullStream) if (part.type === 'error') errors.push(part.error)
    expect(errors).toEqual([])
    expect(await result.text).toBe('Checking.')
    expect(await result.reasoningText).toBe('Need weather.')
    expect(await result.finishReason).toBe('tool-calls')
    expect(await result.toolCalls).toMatchObject(calls)
    expect(await result.usage).toMatchObject({ inputTokens: 50, outputTokens: 9 })
  })

  test('a loop of tools brings reasoning, calls and results back', async () => {
    const { fetch, chats } = front(
      messagesClient,
      ({ messages }) => chatChunks(messages.some(({ role }) => role === 'tool') ? { text: 'Sunny', usage } : weather),
      openSeal,
    )
    const result = streamText({ ...options(fetch), stopWhen: stepCountIs(3) })
    expect(await result.text).toBe('Sunny')
    expect(chats[1]?.messages.slice(1)).toMatchObject([
      {
        role: 'assistant',
        content: 'Checking.',
        reasoning_content: 'Need weather.',
        tool_calls: [{ id: 'call_1' }, {}],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'sunny in Oslo' },
      { role: 'tool', tool_call_id: 'functions.get_time:1', content: 'noon' },
    ])
  })
})

test("Anthropic's own signatures survive a client that gets them sealed", async () => {
  const content = [
    { type: 'thinking', thinking: 'Need weather.', signature: 'EqQB' },
    { type: 'redacted_thinking', data: 'r' },
    { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } },
  ]
  const answer = { type: 'message', id: 'msg_1', model: 'm', content, stop_reason: 'tool_use' }
  const { client, chats } = anthropic(() => messagesReader().whole(answer))
  const { content: shown } = await client.messages.stream(asked).finalMessage()
  expect(shown).toMatchObject([
    { type: 'thinking', thinking: 'Need weather.' },
    { type: 'tool_use', id: 'toolu_1' },
  ])
  expect(JSON.stringify(shown[0])).toContain('sealed.')
  const results = [{ type: 'tool_result' as const, tool_use_id: 'toolu_1', content: 'ok' }]
  const messages = [
    ...asked.messages,
    { role: 'assistant' as const, content: shown },
    { role: 'user' as const, content: results },
  ]
  await client.messages.stream({ ...asked, messages }).finalMessage()
  const { body } = messagesUpstream.writeRequest(chats[1] as ChatCompletionRequest)
  expect(body.messages).toMatchObject([{}, { role: 'assistant', content }, { role: 'user' }])
})
