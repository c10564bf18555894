import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { toFetch } from '@dragoman/core'
import { generateText } from 'ai'
import OpenAI from 'openai'
import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { answered } from './test-orion.ts'
import { startRig, TOKEN } from './test-rig.ts'

test('the OpenAI SDK streams an answer with reasoning and goes one round of tools', async () => {
  await using rig = await startRig()
  rig.fake.answer = ({ text }) =>
    text.includes('<tool_result')
      ? answered('<think>I know it now.</think>', '18 degrees.')
      : answered(
          '```json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Lisbon"}}}]}\n```',
        )
  const client = new OpenAI({
    apiKey: '-',
    fetch: toFetch(rig.provider, { credential: { token: TOKEN } }),
    maxRetries: 0,
  })
  const called: unknown[] = []
  const get_weather = zodFunction({
    name: 'get_weather',
    parameters: z.object({ city: z.string() }),
    function: async (given) => {
      called.push(given)
      return { temperature: 18 }
    },
  })
  const runner = client.chat.completions.runTools({
    model: 'claude-4-default',
    messages: [{ role: 'user', content: 'How is the weather in Lisbon?' }],
    tools: [get_weather],
    stream: true,
  })
  expect(await runner.finalContent()).toBe('18 degrees.')
  expect(called).toEqual([{ city: 'Lisbon' }])
  expect(await runner.finalMessage()).toMatchObject({ reasoning_content: 'I know it now.' })
})

test('the AI SDK gets an answer with reasoning', async () => {
  await using rig = await startRig()
  rig.fake.answer = () => answered('<think>Hm.</think>Hello')
  const fetch = toFetch(rig.provider, { credential: { token: TOKEN } })
  const model = createOpenAICompatible({ name: 'orion', baseURL: 'https://orion/v1', fetch }).chatModel(
    'Grok 4-Default',
  )
  const { text, reasoningText } = await generateText({ model, prompt: 'Hi', maxRetries: 0 })
  expect({ text, reasoningText }).toEqual({ text: 'Hello', reasoningText: 'Hm.' })
})
