import { collect, credential, memoryState } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { eventStream, gate, handClock, jsonReply, sse, stall } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { frame, goodToken, startTestSite } from './test-site.ts'
import { longcatWeb } from './web.ts'

const request: ChatCompletionRequest = { model: 'LongCat', messages: [{ role: 'user', content: 'Hi' }] }

async function start(options: { keepConversations?: boolean } = {}) {
  const site = await startTestSite()
  const clock = handClock()
  const state = memoryState({ clock })
  const provider = longcatWeb.create({ baseUrl: site.origin, ...options }, { clock })
  const controller = new AbortController()
  const call = { credential: credential({ token: goodToken }, 'ann:1'), signal: controller.signal, state }
  return {
    site,
    clock,
    state,
    provider,
    controller,
    call,
    ask: () => collect(provider.chat(request, call), request),
    /** Asks through a provider of its own, and waits for all that it does afterwards. */
    async askAndClose() {
      const another = longcatWeb.create({ baseUrl: site.origin, ...options }, { clock })
      await collect(another.chat(request, call), request)
      await another.close()
    },
    notes: async () => (await state.scan('longcat-web:made:', 100)).keys,
    async [Symbol.asyncDispose]() {
      await provider.close()
      await site[Symbol.asyncDispose]()
    },
  }
}

const half = () => eventStream([...sse(frame({ type: 'content', content: 'Hel' })), stall()])

test('covers longcat-web sessions: a conversation is made for each request and deleted after it', async () => {
  await using rig = await start()
  await rig.ask()
  await rig.ask()
  await rig.provider.close()
  expect(rig.site.questions.map(({ conversationId }) => conversationId)).toEqual(['c1', 'c2'])
  expect([...rig.site.deleted].sort()).toEqual(['c1', 'c2'])
  expect(await rig.notes()).toEqual([])
})

test('the answer does not wait for the deletion', async () => {
  await using rig = await start()
  const slow = gate()
  rig.site.insteadOf('delete', { before: [slow], body: '{"code":0}' })
  await rig.ask()
  await slow.reached
  expect(await rig.notes()).toEqual(['longcat-web:made:ann%3A1:c1'])
  slow.open()
})

test('it is deleted when the reader leaves, and when the caller does', async () => {
  await using rig = await start()
  rig.site.answers(half(), half())
  for await (const _ of rig.provider.chat(request, rig.call)) break
  await rig.site.deletions(1)
  const chunks = rig.provider.chat(request, rig.call)[Symbol.asyncIterator]()
  await chunks.next()
  rig.controller.abort()
  await expect(chunks.next()).rejects.toMatchObject({ code: 'aborted' })
  await rig.site.deletions(2)
  expect(rig.site.conversations.size).toBe(0)
})

test('where it may stay, nothing is deleted or noted', async () => {
  await using rig = await start({ keepConversations: true })
  await rig.ask()
  await rig.provider.close()
  expect(rig.site.deleted).toEqual([])
  expect(await rig.notes()).toEqual([])
})

test.each([
  ['refused', jsonReply({ code: 5, message: 'busy' })],
  ['broken', jsonReply({}, 500)],
])('a deletion that is %s is made up for later', async (_, reply) => {
  await using rig = await start()
  rig.site.insteadOf('delete', reply)
  await rig.askAndClose()
  expect(await rig.notes()).toEqual(['longcat-web:made:ann%3A1:c1'])
  await rig.clock.advance(2 * 3_600_000)
  await rig.askAndClose()
  expect(rig.site.deleted).toEqual(['c2', 'c1'])
  expect(await rig.notes()).toEqual([])
})

test('a caller who leaves while the conversation is made leaves none', async () => {
  await using rig = await start()
  const making = gate()
  rig.site.insteadOf('create', { ...jsonReply({ code: 0, data: { conversationId: 'late' } }), before: [making] })
  const running = rig.ask()
  await making.reached
  rig.controller.abort()
  await expect(running).rejects.toMatchObject({ code: 'aborted' })
  making.open()
  await rig.site.deletions(1)
  expect(rig.site.deleted).toEqual(['late'])
})
