import { credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { jsonReply, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { longcat } from './index.ts'

test('a request in Anthropic’s dialect goes on as it is, with the key as a bearer token', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(jsonReply({ type: 'message', content: [] }))
  const provider = longcat.create({ baseUrl: `${upstream.origin}/openai` })
  const body = '{"model":"LongCat-2.0","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
  const call = {
    credential: credential({ apiKey: 'the-key' }),
    signal: new AbortController().signal,
    state: memoryState(),
  }
  const relayed = await provider.relay?.({ dialect: 'anthropic-messages', body, isStreamed: false }, call)
  expect(relayed).toMatchObject({ kind: 'whole', json: { type: 'message' } })
  const { path, headers, text } = await upstream.received(1)
  expect({ path, text }).toEqual({ path: '/anthropic/v1/messages', text: body })
  expect(headers.authorization).toBe('Bearer the-key')
  expect(headers).not.toHaveProperty('x-api-key')
  await provider.close()
})

test('what cannot go on as it is has an obstacle', () => {
  const { relayObstacle } = longcat.create({})
  const request: ChatCompletionRequest = { model: 'LongCat-2.0', messages: [{ role: 'user', content: 'Hi' }] }
  const image = { type: 'image_url' as const, image_url: 'https://a.test/b.png' }
  expect(relayObstacle?.(request, 'anthropic-messages')).toBeUndefined()
  expect(relayObstacle?.({ ...request, model: 'LongCat' }, 'anthropic-messages')).toBe(
    'the model is sent as LongCat-2.0',
  )
  expect(relayObstacle?.({ ...request, model: 'LongCat-Flash-Omni-2603' }, 'anthropic-messages')).toBeDefined()
  expect(
    relayObstacle?.({ ...request, messages: [{ role: 'user', content: [image] }] }, 'anthropic-messages'),
  ).toBeDefined()
  expect(relayObstacle?.(request, 'openai-chat')).toBeDefined()
})
