import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { type FetchLike, toFetch } from '@dragoman/core'
import { eventStream, jsonReply, stall, weatherTool } from '@dragoman/testkit'
import { jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { answer, error, startAnthropic } from './test-anthropic.ts'
import { signatureOf } from './test-faults.ts'

type Rig = Awaited<ReturnType<typeof startAnthropic>>

const call = { id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } }
const turns = [answer([{ text: 'Let me see.' }, call]), answer([{ text: 'It is sunny.' }])]

const chatFetch = ({ provider }: Rig): FetchLike => toFetch(provider, { credential: { apiKey: 'the-key' } })

test('covers anthropic tools: the OpenAI SDK calls a tool and gives its result back', async () => {
  await using rig = await startAnthropic()
  rig.script(...turns)
  const client = new OpenAI({ apiKey: '-', fetch: chatFetch(rig), maxRetries: 0 })
  const { cities, tool: get_weather } = weatherTool()
  const runner = client.chat.completions.runTools({
    model: 'claude-sonnet-4-5',
    stream: true,
    messages: [{ role: 'user', content: 'Weather?' }],
    tools: [get_weather],
  })
  expect(await runner.finalContent()).toBe('It is sunny.')
  expect(cities).toEqual(['Oslo'])
  expect((await rig.sent(2)).messages.slice(1)).toMatchObject([
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'Let me see.' },
        { type: 'tool_use', ...call },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny in Oslo' }] },
  ])
})

test('covers anthropic stream: the AI SDK streams a chat with a tool', async () => {
  await using rig = await startAnthropic()
  rig.script(...turns)
  const { chatModel } = createOpenAICompatible({ name: 'a', baseURL: 'https://x/v1', fetch: chatFetch(rig) })
  const result = streamText({
    model: chatModel('claude-sonnet-4-5'),
    prompt: 'Weather?',
    stopWhen: stepCountIs(2),
    tools: {
      get_weather: tool({
        inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
        execute: async ({ city }) => `sunny in ${city}`,
      }),
    },
  })
  const texts: string[] = []
  for await (const text of result.textStream) texts.push(text)
  expect(texts.join('')).toBe('Let me see.It is sunny.')
  expect(texts.length).toBeGreaterThan(2)
})

/** The relay as a client's `fetch`. */
function relayFetch({ provider, call: within }: Rig): typeof fetch {
  return async (_address, init) => {
    const { headers, body = '' } = init ?? {}
    const text = String(body)
    const sent = { dialect: 'anthropic-messages', body: text, isStreamed: JSON.parse(text).stream === true } as const
    const relayed = await provider.relay?.({ ...sent, headers: Object.fromEntries(new Headers(headers)) }, within)
    if (!relayed) return Response.error()
    if (relayed.kind === 'whole') return Response.json(relayed.json)
    const stream = ReadableStream.from(relayed.pieces)
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }
}

describe('a client that speaks Messages', () => {
  const asked = { model: 'claude-opus-5', max_tokens: 5000, messages: [{ role: 'user' as const, content: 'Hi' }] }
  const sdk = (rig: Rig) => new Anthropic({ apiKey: 'of-the-client', fetch: relayFetch(rig), maxRetries: 0 })

  test('has its bytes go on as they are, under our key, and the official SDK reads what comes back', async () => {
    await using rig = await startAnthropic({ beta: ['b-2025'] })
    rig.script(answer([{ thinking: 'Hm.' }, { text: 'Hello!' }]))
    const headers = { 'anthropic-beta': 'a-2025, b-2025' }
    const stream = sdk(rig).messages.stream({ ...asked, thinking: { type: 'adaptive' } }, { headers })
    const message = await stream.finalMessage()
    expect(message).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: signatureOf('Hm.') },
        { type: 'text', text: 'Hello!' },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 7 },
    })
    const received = await rig.upstream.received(1)
    expect(JSON.parse(received.text)).toEqual({ ...asked, thinking: { type: 'adaptive' }, stream: true })
    expect(received.headers).toMatchObject({
      'x-api-key': 'the-key',
      'anthropic-beta': 'a-2025,b-2025',
    })
    expect(JSON.stringify(received.rawHeaders)).not.toContain('of-the-client')
  })

  test('has its own version go on', async () => {
    await using rig = await startAnthropic({ version: '2024-01-01' })
    rig.script(jsonReply({ type: 'message', content: [], usage: {} }))
    await sdk(rig).messages.create(asked, { headers: { 'anthropic-version': '2025-05-05' } })
    expect((await rig.upstream.received(1)).headers['anthropic-version']).toBe('2025-05-05')
  })

  test('is told of errors as they are mapped, also in the stream', async () => {
    await using rig = await startAnthropic()
    const broken = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    const frames = [
      `event: message_start\ndata: {"type":"message_start"}\n\n`,
      `event: error\ndata: ${JSON.stringify(broken)}\n\n`,
    ]
    rig.script(error(529, 'overloaded_error', 'Overloaded'), eventStream([...frames, stall()]))
    const relay = () => {
      const sent = { dialect: 'anthropic-messages', body: JSON.stringify(asked), isStreamed: true } as const
      return rig.provider.relay?.(sent, rig.call)
    }
    await expect(relay()).rejects.toMatchObject({ publicCode: 'overloaded' })
    const relayed = await relay()
    if (relayed?.kind !== 'events') return expect.unreachable()
    const pieces = relayed.pieces[Symbol.asyncIterator]()
    expect(Buffer.from((await pieces.next()).value).toString()).toBe(frames[0])
    await expect(pieces.next()).rejects.toMatchObject({ publicCode: 'overloaded' })
  })

  test('is the only one whose bytes go on', async () => {
    await using rig = await startAnthropic()
    const { relayObstacle } = rig.provider
    expect(relayObstacle?.(asked, 'anthropic-messages')).toBeUndefined()
    expect(relayObstacle?.(asked, 'openai-chat')).toBeDefined()
    expect(relayObstacle?.(asked, 'openai-responses')).toBeDefined()
  })
})
