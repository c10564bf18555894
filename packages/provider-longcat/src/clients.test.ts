import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { toFetch } from '@dragoman/core'
import { chatStream, startFakeUpstream } from '@dragoman/testkit'
import { jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { longcat } from './index.ts'

const answers = [
  chatStream({ reasoning: ['The ', 'clock.'], toolCalls: [{ name: 'get_time', arguments: ['{"zone":', '"WET"}'] }] }),
  chatStream({ reasoning: 'Noon.', text: ['It is ', 'noon.'] }),
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
  const zones: unknown[] = []
  const runner = client.chat.completions.runTools({
    model: 'LongCat',
    stream: true,
    messages: [{ role: 'user', content: 'What time is it?' }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_time',
          description: 'The time in a zone',
          parameters: { type: 'object', properties: { zone: { type: 'string' } } },
          parse: JSON.parse,
          function: ({ zone }: { zone: string }) => {
            zones.push(zone)
            return '12:00'
          },
        },
      },
    ],
  })
  expect(await runner.finalContent()).toBe('It is noon.')
  expect(zones).toEqual(['WET'])
  const { messages } = (await rig.upstream.received(2)).json
  expect(messages[1]).toMatchObject({ role: 'assistant', tool_calls: [{ function: { arguments: '{"zone":"WET"}' } }] })
  expect(messages[1].reasoning_content.trim()).toMatch(/^(The clock\.)?$/)
  expect(messages[2]).toMatchObject({ role: 'tool', content: '12:00' })
})

test('covers longcat stream: the AI SDK streams a chat', async () => {
  await using rig = await start()
  const { chatModel } = createOpenAICompatible({ name: 'longcat', baseURL: 'https://x/v1', fetch: rig.fetch })
  const result = streamText({
    model: chatModel('LongCat-2.0'),
    prompt: 'What time is it?',
    stopWhen: stepCountIs(2),
    tools: {
      get_time: tool({
        inputSchema: jsonSchema<{ zone: string }>({ type: 'object', properties: { zone: { type: 'string' } } }),
        execute: async () => '12:00',
      }),
    },
  })
  const texts: string[] = []
  for await (const text of result.textStream) texts.push(text)
  expect(texts).toEqual(['It is ', 'noon.'])
})

test('covers longcat reasoning: it comes as reasoning_content', async () => {
  await using rig = await start()
  const client = new OpenAI({ apiKey: '-', fetch: rig.fetch, maxRetries: 0 })
  const asked = { model: 'LongCat-Thinking', messages: [{ role: 'user' as const, content: 'Hi' }] }
  const { choices } = await client.chat.completions.create(asked)
  expect(choices[0]?.message).toMatchObject({ reasoning_content: 'The clock.' })
  expect((await rig.upstream.received(1)).json.thinking).toEqual({ type: 'enabled' })
})
