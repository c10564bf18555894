import { toFetch } from '@dragoman/core'
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { demo } from './index.ts'

const client = new OpenAI({ apiKey: '-', fetch: toFetch(demo.create({})), maxRetries: 0 })
const user = (content: string) => [{ role: 'user' as const, content }]

test('a stream has the same text as the whole answer', async () => {
  const asked = { model: 'demo', messages: user('Grüße, 你好 🐉') }
  const whole = await client.chat.completions.create(asked)
  const streamed = await client.chat.completions.stream(asked).finalChatCompletion()
  expect(streamed.choices[0]?.message.content).toBe(whole.choices[0]?.message.content)
  expect(whole.choices[0]?.message.content).toContain('“Grüße, 你好 🐉”')
})

test.each([true, false])('an agent loop ends after one round of calls (stream: %s)', async (stream) => {
  const calls: unknown[] = []
  const tools = [
    zodFunction({
      name: 'get_weather',
      description: 'The weather of a city',
      parameters: z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) }),
      function: async (given) => {
        calls.push(given)
        return { temperature: 18 }
      },
    }),
  ]
  const asked = { model: 'demo', messages: user('How is the weather in Lisbon, in fahrenheit?'), tools }
  const runner = stream
    ? client.chat.completions.runTools({ ...asked, stream })
    : client.chat.completions.runTools({ ...asked, stream })
  expect(await runner.finalContent()).toContain('- `get_weather`: {"temperature":18}')
  expect(calls).toEqual([{ city: 'Lisbon', unit: 'fahrenheit' }])
})

test('an answer in JSON is parsed with the schema that asked for it', async () => {
  const person = z.object({ name: z.string(), age: z.int(), email: z.email(), tags: z.array(z.string()).min(1) })
  const completion = await client.chat.completions.parse({
    model: 'demo-reasoner',
    messages: user('This is about Ada Lovelace, who is 36; write to ada@lovelace.org'),
    response_format: zodResponseFormat(person, 'person'),
  })
  expect(completion.choices[0]?.message.parsed).toMatchObject({
    name: 'Ada Lovelace',
    age: 36,
    email: 'ada@lovelace.org',
  })
})

test('the models are listed', async () => {
  const ids = (await client.models.list()).data.map(({ id }) => id)
  expect(ids).toContain('demo-reasoner')
})

test('a failure is an error of the client’s own', async () => {
  const failing = client.chat.completions.create({ model: 'demo', messages: user('demo:error 429') })
  await expect(failing).rejects.toBeInstanceOf(OpenAI.RateLimitError)
})
