import { toFetch } from '@dragoman/core'
import { canary, testProvider, weatherTool } from '@dragoman/testkit'
import { events } from '@dragoman/upstream'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { AnswerDecoder } from './web/decode-answer.ts'
import { providerOf, user } from './web/test-requests.ts'
import { responseOf } from './web/test-response.ts'
import { answer, frames, startTestSite } from './web/test-site.ts'
import { qwenWeb } from './web.ts'

testProvider(qwenWeb, new URL('../fixtures/web/', import.meta.url), {
  ordinary: 'answer',
  configure: (baseUrl) => ({ baseUrl, deleteChats: false }),
  values: { token: canary('token'), cookie: `ssxmod_itna=${canary('cookie')}` },
  async *decode(body, { request }) {
    const pieces: Uint8Array[] = []
    for await (const piece of body) pieces.push(piece)
    const response = responseOf(pieces)
    const { errorFrom } = response
    const decoder = new AnswerDecoder({ id: 'c', model: request.model, created: 0, makesImages: false, errorFrom })
    yield* events(response, decoder.event)
  },
})

test('covers qwen-web stream: the OpenAI SDK gets what the site sends as it sends it', async () => {
  await using site = await startTestSite()
  site.settings.answers = [frames(answer('It ', 'is ', '4.'))]
  const provider = providerOf(site)
  const fetch = toFetch(provider, { credential: { token: 'good-token' } })
  const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
  const texts: unknown[] = []
  for await (const { choices } of await client.chat.completions.create({
    model: 'qwen-max',
    messages: user('Hi'),
    stream: true,
  })) {
    texts.push(choices[0]?.delta.content)
  }
  expect(texts.filter(Boolean)).toEqual(['It ', 'is ', '4.'])
  await provider.close()
})

test('covers qwen-web tools: the OpenAI SDK runs a tool loop, told and read in text', async () => {
  await using site = await startTestSite()
  const call = '```json\n{"tool_calls": [{"function": {"name": "get_weather", "arguments": {"city": "Lyon"}}}]}\n```'
  site.settings.answers = [frames(answer(call.slice(0, 30), call.slice(30))), frames(answer('It is sunny.'))]
  const provider = providerOf(site)
  const client = new OpenAI({ apiKey: '-', fetch: toFetch(provider, { credential: { token: 'good-token' } }) })
  const { cities, tool: get_weather } = weatherTool()
  const runner = client.chat.completions.runTools({
    model: 'qwen-max',
    messages: user('Weather in Lyon?'),
    tools: [get_weather],
  })
  expect(await runner.finalContent()).toBe('It is sunny.')
  expect(cities).toEqual(['Lyon'])
  expect(site.asked[0].messages[0].content).toContain('get_weather')
  expect(site.asked[1].messages[0].content).toContain('<tool_result name=\\"get_weather\\"'.replaceAll('\\', ''))
  await provider.close()
})

test('of a credential nothing is asked but a token, or an address and a password', () => {
  const isTaken = (values: object) => qwenWeb.credential.safeParse(values).success
  expect([{ token: 'x' }, { email: 'a@b', password: 'x' }, { token: 'x', cookie: 'a=b' }].map(isTaken)).toEqual([
    true,
    true,
    true,
  ])
  expect([{}, { email: 'a@b' }, { apiKey: 'x' }].map(isTaken)).toEqual([false, false, false])
})
