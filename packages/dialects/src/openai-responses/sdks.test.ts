import { createOpenAI } from '@ai-sdk/openai'
import { DragomanError } from '@dragoman/core'
import { chatChunks, tokens, wholeAnswer } from '@dragoman/testkit'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { front, type Model, openSeal } from '../test-front.ts'
import { responsesClient } from './client.ts'
import { argumentsDelta, callDelta, deltas } from './test-deltas.ts'

const answer = {
  reasoning: ['A tool ', 'knows 💡'],
  text: ['Let me ', 'look 🌦️'],
  toolCalls: [
    { id: 'call_a', name: 'get_weather', arguments: ['{"city":', '"Oslo"}'] },
    { id: 'call_b', name: 'get_time', arguments: '' },
  ],
  usage: {
    ...tokens(20, 31),
    prompt_tokens_details: { cached_tokens: 8 },
    completion_tokens_details: { reasoning_tokens: 9 },
  },
}

const tools = [
  { type: 'function' as const, name: 'get_weather', parameters: {}, strict: false },
  { type: 'function' as const, name: 'get_time', parameters: {}, strict: false },
]

const output = [
  { type: 'reasoning', summary: [{ type: 'summary_text', text: 'A tool knows 💡' }] },
  {
    type: 'message',
    status: 'completed',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Let me look 🌦️', annotations: [], logprobs: [] }],
  },
  {
    type: 'function_call',
    status: 'completed',
    call_id: 'call_a',
    name: 'get_weather',
    arguments: '{"city":"Oslo"}',
  },
  { type: 'function_call', status: 'completed', call_id: 'call_b', name: 'get_time', arguments: '{}' },
]

function openai(model: Model) {
  const { fetch, chats } = front(responsesClient, model, openSeal)
  return { client: new OpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch }), chats }
}

const saying = (said: ReturnType<Model>) => openai(() => said)

const wentAway = new DragomanError('upstream_unavailable', 'The upstream went away')

describe("the OpenAI SDK's stream helper", () => {
  test('accepts reasoning, text and two calls, and ends with the same response', async () => {
    const { client } = saying(chatChunks(answer))
    const stream = client.responses.stream({ model: 'm', input: 'Hi', tools, include: ['reasoning.encrypted_content'] })
    const final = await stream.finalResponse()
    expect(final).toMatchObject({ status: 'completed', output, output_text: 'Let me look 🌦️' })
    expect(final.usage).toEqual({
      input_tokens: 20,
      input_tokens_details: { cached_tokens: 8, cache_write_tokens: 0 },
      output_tokens: 31,
      output_tokens_details: { reasoning_tokens: 9 },
      total_tokens: 51,
    })
    expect(final.output[0]).toMatchObject({ encrypted_content: openSeal.seal({ text: 'A tool knows 💡' }) })
  })

  test('accepts calls whose pieces come in turns', async () => {
    const { client } = saying(
      deltas(
        callDelta(0, 'get_weather', '{"ci'),
        callDelta(1, 'get_time', '{"z'),
        argumentsDelta(0, 'ty":"}"}'),
        { content: 'meanwhile' },
        argumentsDelta(1, '":1}'),
        'tool_calls',
      ),
    )
    const final = await client.responses.stream({ model: 'm', input: 'Hi', tools }).finalResponse()
    expect(final.output).toMatchObject([
      { type: 'function_call', call_id: 'call_0', arguments: '{"city":"}"}' },
      { type: 'function_call', call_id: 'call_1', arguments: '{"z":1}' },
      { type: 'message', content: [{ text: 'meanwhile' }] },
    ])
  })

  test('accepts text, a refusal and citations', async () => {
    const citation = { url: 'http://a', title: 'A', start_index: 0, end_index: 2 }
    const { client } = saying(
      deltas(
        { content: 'Well' },
        { annotations: [{ type: 'url_citation', url_citation: citation }] },
        { refusal: 'I can' },
        { refusal: 'not' },
        'stop',
      ),
    )
    const final = await client.responses.stream({ model: 'm', input: 'Hi' }).finalResponse()
    expect(final.output).toMatchObject([
      {
        content: [
          { type: 'output_text', text: 'Well', annotations: [{ type: 'url_citation', ...citation }] },
          { type: 'refusal', refusal: 'I cannot' },
        ],
      },
    ])
  })

  test('accepts an answer that was cut off, where a call is not said to be done', async () => {
    const { client } = saying(deltas({ content: 'I' }, callDelta(0, 'get_weather', '{"ci'), 'length'))
    const stream = client.responses.stream({ model: 'm', input: 'Hi', tools })
    const done: string[] = []
    stream.on('event', (event) => {
      if (event.type === 'response.output_item.done') done.push(event.item.type)
    })
    const final = await stream.finalResponse()
    expect(final).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'completed' }, { type: 'function_call', status: 'incomplete', arguments: '{"ci' }],
    })
    expect(done).toEqual(['message'])
  })

  test('accepts a custom tool call, whose input is decoded while it comes', async () => {
    const patch = '*** Begin "Patch"\n\\n ü 💡\t'
    const json = JSON.stringify({ input: patch })
    const { client } = saying(
      chatChunks({ toolCalls: [{ id: 'c', name: 'apply_patch', arguments: [...json] }], usage: tokens(1, 1) }),
    )
    const stream = client.responses.stream({
      model: 'm',
      input: 'Hi',
      tools: [{ type: 'custom', name: 'apply_patch' }],
    })
    const pieces: string[] = []
    stream.on('event', (event) => {
      if (event.type === 'response.custom_tool_call_input.delta') pieces.push(event.delta)
    })
    const final = await stream.finalResponse()
    expect(final.output).toMatchObject([{ type: 'custom_tool_call', call_id: 'c', name: 'apply_patch', input: patch }])
    expect(pieces.join('')).toBe(patch)
    expect(pieces.length).toBeGreaterThan(10)
  })

  test('reads the same response whole as at the end of a stream', async () => {
    const whole = openai(() => wholeAnswer(answer)).client
    const final = await whole.responses.create({ model: 'm', input: 'Hi', tools })
    expect(final).toMatchObject({ status: 'completed', output, output_text: 'Let me look 🌦️' })
  })

  test('passes over heartbeats, wherever they come', async () => {
    const encoder = responsesClient.readRequest({ model: 'm', input: 'Hi' }).encoder()
    const beat = () => encoder.heartbeat()
    const chunks = chatChunks({ reasoning: 'a', text: ['b', 'c'] })
    const frames = [beat(), beat(), ...chunks.map((chunk) => encoder.chunk(chunk) + beat()), encoder.end()].join('')
    const fetch = async () => new Response(frames, { headers: { 'content-type': 'text/event-stream' } })
    const client = new OpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })
    const final = await client.responses.stream({ model: 'm', input: 'Hi' }).finalResponse()
    expect(final.output_text).toBe('bc')
    const model = createOpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })('m')
    expect(await streamText({ model, prompt: 'Hi' }).text).toBe('bc')
  })

  test('gives response.failed of an answer that broke as an event, with the code and the words', async () => {
    const { client } = saying([...deltas({ content: 'He' }), wentAway])
    const events: OpenAI.Responses.ResponseStreamEvent[] = []
    const stream = await client.responses.create({ model: 'm', input: 'Hi', stream: true })
    for await (const event of stream) events.push(event)
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'The upstream went away' } },
    })
  })

  test('throws for an answer that broke before it began', async () => {
    const { client } = saying([wentAway])
    const stream = client.responses.stream({ model: 'm', input: 'Hi' })
    await expect(stream.finalResponse()).rejects.toMatchObject({
      message: 'The upstream went away',
      code: 'upstream_unavailable',
    })
  })

  test('throws an error class with code and param for a body that is refused', async () => {
    const { client } = saying([])
    const refused = client.responses.create({
      model: 'm',
      input: [{ type: 'function_call_output', call_id: 'x', output: '' }],
    })
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'invalid_value', param: 'input[0].call_id' })
  })
})

describe('the AI SDK', () => {
  const weather: Model = ({ messages, stream }) => {
    const last = messages.at(-1)
    const said =
      last?.role === 'tool'
        ? { text: ['It is ', `${last.content}`], usage: tokens(9, 3) }
        : {
            reasoning: 'A tool knows.',
            toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }],
            usage: tokens(5, 7),
          }
    return stream ? chatChunks(said) : wholeAnswer(said)
  }
  const get_weather = tool({
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
    execute: async ({ city }) => `sunny in ${city}`,
  })
  const providerOptions = { openai: { store: false, include: ['reasoning.encrypted_content'] } }
  const settings = { prompt: 'Weather?', tools: { get_weather }, stopWhen: stepCountIs(3), providerOptions }

  test('streams a loop of tool calls, and brings the reasoning back', async () => {
    const { fetch, chats } = front(responsesClient, weather, openSeal)
    const model = createOpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })('m')
    const result = streamText({ model, ...settings, onError: ({ error }) => Promise.reject(error) })
    expect(await result.text).toBe('It is "sunny in Oslo"'.replaceAll('"', ''))
    const steps = await result.steps
    expect(steps[0]?.reasoningText).toBe('A tool knows.')
    expect(await result.totalUsage).toMatchObject({ inputTokens: 14, outputTokens: 10 })
    expect(chats[1]?.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', reasoning_content: 'A tool knows.', tool_calls: [{ id: 'call_0' }] },
      { role: 'tool', tool_call_id: 'call_0' },
    ])
  })

  test.each([
    ['before it began', [wentAway]],
    ['in the middle', [...deltas({ content: 'He' }), wentAway]],
  ])('has the error of an answer that broke %s', async (_, said) => {
    const { fetch } = front(responsesClient, () => said)
    const model = createOpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })('m')
    const errors: unknown[] = []
    const result = streamText({ model, prompt: 'Hi', maxRetries: 0, onError: ({ error }) => void errors.push(error) })
    await result.consumeStream()
    expect(JSON.stringify(errors)).toContain('The upstream went away')
  })

  test('runs a loop with a custom tool, whose input is plain text', async () => {
    const { fetch, chats } = front(responsesClient, ({ messages }) =>
      messages.at(-1)?.role === 'tool'
        ? chatChunks({ text: 'Done' })
        : chatChunks({ toolCalls: [{ name: 'write', arguments: ['{"input":"SELECT ', '\\"1\\""}'] }] }),
    )
    const openai = createOpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })
    const inputs: unknown[] = []
    const write = {
      ...openai.tools.customTool({ description: 'Writes SQL' }),
      execute: async (input: unknown) => {
        inputs.push(input)
        return 'written'
      },
    }
    const result = streamText({ ...settings, model: openai('m'), tools: { write }, prompt: 'Write' })
    expect(await result.text).toBe('Done')
    expect(inputs).toEqual(['SELECT "1"'])
    expect(chats[1]?.messages.slice(1)).toMatchObject([
      { tool_calls: [{ function: { name: 'write', arguments: '{"input":"SELECT \\"1\\""}' } }] },
      { role: 'tool', content: 'written' },
    ])
  })

  test('makes no call of one that was cut off', async () => {
    const { fetch } = front(responsesClient, () => deltas(callDelta(0, 'get_weather', '{"ci'), 'length'))
    const model = createOpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })('m')
    const result = streamText({ model, prompt: 'Hi', tools: { get_weather } })
    expect(await result.finishReason).toBe('length')
    expect(await result.toolCalls).toEqual([])
  })

  test('generates with whole answers', async () => {
    const { fetch } = front(responsesClient, weather, openSeal)
    const model = createOpenAI({ apiKey: '-', baseURL: 'http://in.process/v1', fetch })('m')
    const result = await generateText({ model, ...settings })
    expect(result.text).toBe('It is sunny in Oslo')
    expect(result.steps[0]?.reasoningText).toBe('A tool knows.')
  })
})
