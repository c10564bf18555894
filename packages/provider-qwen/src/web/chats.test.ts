import { collect, memoryState } from '@dragoman/core'
import { eventStream, gate, jsonReply, sse, stall, startForwardProxy } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { answered, answers, ask, providerOf, session } from './test-requests.ts'
import { answer, failure, frames, startTestSite } from './test-site.ts'

test('chats that were made by others are never deleted, old ones of ours are', async () => {
  await using site = await startTestSite()
  site.chats.add('of-the-owner').add('left-over')
  const state = memoryState()
  await state.set('qwen-web:made:default:left-over', String(Date.now() - 3 * 3_600_000))
  await state.set('qwen-web:made:default:gone-before', String(Date.now() - 3 * 3_600_000))
  await state.set('qwen-web:made:default:under-way', String(Date.now()))
  const provider = providerOf(site)
  await collect(provider.chat(ask, session(undefined, state)), ask)
  await site.deleted(2)
  await provider.close()
  expect([...site.chats]).toEqual(['of-the-owner'])
  expect((await state.scan('qwen-web:made:', 10)).keys).toEqual(['qwen-web:made:default:under-way'])
})

test('a chat whose answer failed is deleted too', async () => {
  await using site = await startTestSite()
  site.settings.answers = [failure('RateLimited', 'limit reached', { num: 3 })]
  const provider = providerOf(site)
  await expect(collect(provider.chat(ask, session()), ask)).rejects.toMatchObject({ code: 'credential_exhausted' })
  await site.deleted(1)
  await provider.close()
})

test('a chat that is still answering is replaced by a new one, once', async () => {
  const busy = failure('Bad_Request', 'The chat is in progress!')
  const { message, asked } = await answered({}, answers(busy, frames(answer('Hello'))))
  expect(message.message.content).toBe('Hello')
  expect(asked.map(({ chat_id }) => chat_id)).toEqual(['chat-1', 'chat-2'])
  const closed = frames([{ success: false, data: { code: 'Bad_Request', details: 'The chat has been closed' } }])
  await using site = await startTestSite()
  site.settings.answers = [busy, closed, frames(answer('Hello'))]
  const provider = providerOf(site)
  await expect(collect(provider.chat(ask, session()), ask)).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(site.asked).toHaveLength(2)
  await provider.close()
})

test('a caller who leaves while the chat is made leaves no chat', async () => {
  await using site = await startTestSite()
  const making = gate()
  site.chats.add('late')
  site.settings.once.set('/api/v2/chats/new', {
    ...jsonReply({ success: true, data: { id: 'late' } }),
    before: [making],
  })
  const provider = providerOf(site)
  const leaving = new AbortController()
  const running = collect(provider.chat(ask, { ...session(), signal: leaving.signal }), ask)
  await making.reached
  leaving.abort()
  await expect(running).rejects.toMatchObject({ code: 'aborted' })
  making.open()
  await site.deleted(1)
  expect(site.asked).toEqual([])
  await provider.close()
})

test('a caller who leaves in the middle of an answer leaves no chat', async () => {
  await using site = await startTestSite()
  site.settings.answers = [eventStream([...sse(...answer('It ', 'is').slice(0, 2)), stall()])]
  const provider = providerOf(site)
  for await (const _ of provider.chat(ask, session())) break
  await site.deleted(1)
  await provider.close()
})

test('a chat is deleted by the outgoing proxy too', async () => {
  await using site = await startTestSite()
  await using proxy = await startForwardProxy()
  const provider = providerOf(site, {}, { proxy: proxy.origin })
  await collect(provider.chat(ask, session()), ask)
  await provider.close()
  expect([...site.chats]).toEqual([])
  const { origin } = site.upstream
  expect(proxy.seen.map(({ line }) => line)).toEqual([
    `POST ${origin}/api/v2/chats/new`,
    `POST ${origin}/api/v2/chat/completions?chat_id=chat-1`,
    `DELETE ${origin}/api/v2/chats/chat-1`,
  ])
})

test.each([
  ['in words', failure('Internal_Error', 'Oops')],
  ['by its status', { status: 500 }],
])('a deletion that the site refuses %s is noted', async (_, reply) => {
  await using site = await startTestSite()
  const state = memoryState()
  const provider = providerOf(site)
  site.settings.once.set('/api/v2/chats/chat-1', reply)
  await collect(provider.chat(ask, session(undefined, state)), ask)
  await provider.close()
  expect((await state.scan('qwen-web:made:', 10)).keys).toEqual(['qwen-web:made:default:chat-1'])
})

test('chats stay where that is configured', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site, { deleteChats: false })
  await collect(provider.chat(ask, session()), ask)
  await provider.close()
  expect([...site.chats]).toEqual(['chat-1'])
})
