import { credential, memoryState } from '@dragoman/core'
import { errorReply, eventStream, type Reply, stall, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { zai } from '../index.ts'
import { messages } from './test-zai.ts'

const frame = (type: string) => `event: ${type}\ndata: ${JSON.stringify({ type })}\n\n`
const body = '{"model": "glm-5.3", "max_tokens": 5, "stream": true, "messages": []}'

async function start(reply: Reply) {
  const upstream = await startFakeUpstream()
  upstream.always(reply)
  const provider = zai.create({ baseUrl: `${upstream.origin}/api/coding/paas/v4` })
  const signal = new AbortController().signal
  const call = { credential: credential({ apiKey: 'the-key' }), signal, state: memoryState() }
  return {
    upstream,
    relay: (headers = {}) =>
      provider.relay?.({ dialect: 'anthropic-messages', body, isStreamed: true, headers }, call) ??
      expect.unreachable(),
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

test('a request of Messages goes on as it is to the part that speaks them, and its events come with their names', async () => {
  await using rig = await start(eventStream([frame('message_start'), frame('message_stop'), stall()]))
  const relayed = await rig.relay({ 'anthropic-version': '2026-10-21' })
  if (relayed.kind !== 'events') return expect.unreachable()
  expect(Buffer.concat(await Array.fromAsync(relayed.pieces)).toString()).toBe(
    frame('message_start') + frame('message_stop'),
  )
  const { path, text, headers } = await rig.upstream.received(1)
  expect({ path, text }).toEqual({ path: '/api/anthropic/v1/messages', text: body })
  expect(headers).toMatchObject({ authorization: 'Bearer the-key', 'anthropic-version': '2026-10-21' })
})

test('errors are told by the numbers of the service', async () => {
  await using rig = await start(errorReply(429, { error: { code: '1113', message: 'Insufficient balance' } }))
  await expect(rig.relay()).rejects.toMatchObject({ code: 'credential_exhausted' })
})

test.each([
  ['an id of the API', 'glm-5.3', {}, undefined],
  ['a name of Claude’s', 'claude-sonnet-5', {}, undefined],
  ['a name that says more', 'GLM-4.6-Thinking', {}, 'the model is sent as glm-4.6'],
  ['another address', 'glm-5.3', { baseUrl: 'https://a.test/v1' }, 'it is not known where Messages are spoken'],
])('what stands against it: %s', (_, model, options, obstacle) => {
  const { relayObstacle } = zai.create(options)
  expect(relayObstacle?.({ model, messages }, 'anthropic-messages')).toBe(obstacle)
  expect(relayObstacle?.({ model, messages }, 'openai-chat')).toBeDefined()
})
