import { credential, memoryState, type RelayedAnswer } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { errorReply, eventStream, jsonReply, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { longcat } from './index.ts'

const body = '{"model":"LongCat-2.0","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}'
const named = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`

async function start() {
  const upstream = await startFakeUpstream()
  const provider = longcat.create({ baseUrl: `${upstream.origin}/openai` })
  const call = {
    credential: credential({ apiKey: 'the-key' }),
    signal: new AbortController().signal,
    state: memoryState(),
  }
  return {
    upstream,
    provider,
    async relay(isStreamed: boolean): Promise<RelayedAnswer> {
      const relayed = await provider.relay?.({ dialect: 'anthropic-messages', body, isStreamed }, call)
      if (!relayed) expect.fail('nothing is relayed')
      return relayed
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

async function textOf(relayed: RelayedAnswer): Promise<string> {
  if (relayed.kind !== 'events') expect.fail('it came whole')
  let text = ''
  for await (const piece of relayed.pieces) text += Buffer.from(piece).toString()
  return text
}

test('a streamed Messages request goes on as it is, up to its last event', async () => {
  await using rig = await start()
  const said = { delta: { type: 'text_delta', text: 'message_stop' } }
  rig.upstream.always(
    eventStream([named('content_block_delta', said), named('message_stop'), named('ping', { late: true })]),
  )
  expect(await textOf(await rig.relay(true))).toBe(
    `data: ${JSON.stringify({ type: 'content_block_delta', ...said })}\n\ndata: {"type":"message_stop"}\n\n`,
  )
  const { path, headers, text } = await rig.upstream.received(1)
  expect({ path, text }).toEqual({ path: '/anthropic/v1/messages', text: body })
  expect(headers).toMatchObject({ authorization: 'Bearer the-key', 'anthropic-version': '2023-06-01' })
  expect(headers).not.toHaveProperty('x-api-key')
})

test('a whole one comes with its bytes', async () => {
  await using rig = await start()
  const message = { type: 'message', content: [{ type: 'text', text: 'Hi' }] }
  rig.upstream.always(jsonReply(message))
  const relayed = await rig.relay(false)
  expect(relayed).toMatchObject({ kind: 'whole', json: message })
})

test('errors are thrown, by status and in the stream', async () => {
  await using rig = await start()
  const error = { type: 'rate_limit_error', message: 'slow down' }
  rig.upstream.script(
    errorReply(429, { type: 'error', error }),
    eventStream([named('message_start'), named('error', { error })]),
  )
  await expect(rig.relay(true)).rejects.toMatchObject({ code: 'rate_limited' })
  await expect(textOf(await rig.relay(true))).rejects.toMatchObject({ code: 'rate_limited' })
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
