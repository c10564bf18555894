import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { chatChunks, tokens, weatherTool } from '@dragoman/testkit'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import type { Provider } from './provider.ts'
import { toFetch } from './to-fetch.ts'

// Three clients on one provider, in this process: no server, no network.

/** Reasons, then calls the first tool; with a tool's result it tells that. */
const weather: Provider = {
  id: 'weather',
  async *chat({ messages, tools }): AsyncGenerator<ChatCompletionChunk> {
    const last = messages.at(-1)
    const offered = tools?.[0]
    if (last?.role === 'tool') yield* chatChunks({ text: `It is ${last.content}`, usage: tokens(9, 3) })
    else if (offered?.type === 'function') {
      const call = { name: offered.function.name, arguments: { city: 'Oslo' } }
      yield* chatChunks({ reasoning: 'A tool knows that.', toolCalls: [call], usage: tokens(5, 7) })
    } else yield* chatChunks({ reasoning: 'Easy.', text: ['Hel', 'lo'], usage: tokens(1, 2) })
  },
  close: async () => {},
}
const fetch = toFetch(weather)
const baseURL = 'http://in.process/v1'
const parameters = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }

test('the OpenAI SDK runs a tool loop on a provider', async () => {
  const client = new OpenAI({ apiKey: '-', baseURL, fetch })
  const runner = client.chat.completions.runTools({
    model: 'm',
    messages: [{ role: 'user', content: 'Weather?' }],
    tools: [weatherTool().tool],
  })
  expect(await runner.finalContent()).toBe('It is sunny in Oslo')
})

test("the OpenAI SDK's stream helper accepts what is streamed", async () => {
  const client = new OpenAI({ apiKey: '-', baseURL, fetch })
  const stream = client.chat.completions.stream({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  expect(await stream.finalContent()).toBe('Hello')
})

const compatible = createOpenAICompatible({ name: 'dragoman', baseURL, fetch, includeUsage: true })

test('the AI SDK generates with tools and reasoning on a provider', async () => {
  const result = await generateText({
    model: compatible('m'),
    prompt: 'Weather?',
    stopWhen: stepCountIs(3),
    tools: {
      get_weather: tool({
        inputSchema: jsonSchema<{ city: string }>(parameters),
        execute: async ({ city }) => `sunny in ${city}`,
      }),
    },
  })
  expect(result.text).toBe('It is sunny in Oslo')
  expect(result.steps[0]?.reasoningText).toBe('A tool knows that.')
})

test('the AI SDK streams text, reasoning and usage from a provider', async () => {
  const result = streamText({ model: compatible('m'), prompt: 'Hi' })
  expect(await result.text).toBe('Hello')
  expect(await result.reasoningText).toBe('Easy.')
  expect((await result.usage).outputTokens).toBe(2)
})

test('LangChain calls, streams and binds tools on a provider', async () => {
  const model = new ChatOpenAI({ model: 'm', apiKey: '-', configuration: { baseURL, fetch } })
  const answer = await model.invoke('Hi')
  expect(answer.text).toBe('Hello')
  expect(answer).toHaveProperty('usage_metadata.total_tokens', 3)

  let text = ''
  for await (const chunk of await model.stream('Hi')) text += chunk.text
  expect(text).toBe('Hello')

  const bound = model.bindTools([{ type: 'function', function: { name: 'get_weather', parameters } }])
  expect((await bound.invoke('Weather?')).tool_calls).toMatchObject([{ name: 'get_weather', args: { city: 'Oslo' } }])
})
