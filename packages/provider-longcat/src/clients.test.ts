import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { toFetch } from '@dragoman/core'
import { chatStream, startFakeUpstream, weatherTool } from '@dragoman/testkit'
import { jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { longcat } from './index.ts'

const answers = [
  chatStream({
    reasoning: ['A tool ', 'knows.'],
    toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Oslo"}'] }],
  }),
  chatStream({ reasoning: 'Sunny.', text: ['It is ', 'sunny.'] }),
]

async function start() {
  const upstream = await startFakeUpstream()
  upstream.script(...answers)
  const provider = longcat.create({ baseUrl: upstream.origin })
  return {
    upstream,
    fetch: toFetch(provider, { credential: { apiKey: 'the-key' } }),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

test('covers longcat tools: the OpenAI SDK calls a tool and gives its result back', async () => {
  await using rig = await start()
  const client = new OpenAI({ apiKey: '-', fetch: rig.fetch, maxRetries: 0 })
  const { cities, tool: get_weather } = weatherTool()
  const runner = client.chat.completions.runTools({
    model: 'LongCat',
    stream: true,
    messages: [{ role: 'user', content: 'Weather?' }],
    tools: [get_weather],
  })
  expect(await runner.finalContent()).toBe('It is sunny.')
  expect(cities).toEqual(['Oslo'])
  const { messages } = (await rig.upstream.received(2)).json
  expect(messages[1]).toMatchObject({ role: 'assistant', tool_calls: [{ function: { arguments: '{"city":"Oslo"}' } }] })
  expect(messages[1].reasoning_content.trim()).toMatch(/^(A tool knows\.)?$/)
  expect(messages[2]).toMatchObject({ role: 'tool', content: 'sunny in Oslo' })
})

test('covers longcat stream: the AI SDK streams a chat', async () => {
  await using rig = await start()
  const { chatModel } = createOpenAICompatible({ name: 'longcat', baseURL: 'https://x/v1', fetch: rig.fetch })
  const result = streamText({
    model: chatModel('LongCat-2.0'),
    prompt: 'Weather?',
    stopWhen: stepCountIs(2),
    tools: {
      get_weather: tool({
        inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
        execute: async () => 'sunny',
      }),
    },
  })
  const texts: string[] = []
  for await (const text of result.textStream) texts.push(text)
  expect(texts).toEqual(['It is ', 'sunny.'])
})

test('covers longcat reasoning: it comes as reasoning_content', async () => {
  await using rig = await start()
  const client = new OpenAI({ apiKey: '-', fetch: rig.fetch, maxRetries: 0 })
  const asked = { model: 'LongCat-Thinking', messages: [{ role: 'user' as const, content: 'Hi' }] }
  const { choices } = await client.chat.completions.create(asked)
  expect(choices[0]?.message).toMatchObject({ reasoning_content: 'A tool knows.' })
  expect((await rig.upstream.received(1)).json.thinking).toEqual({ type: 'enabled' })
})
