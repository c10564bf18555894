import { errorReply, gate, jsonReply, startForwardProxy } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { accountToken, said, startSite, stream } from './test-site.ts'

const user = (content: string) => ({ role: 'user' as const, content })

describe('a chat that has to exist', () => {
  test('is made, answers, and is removed; others stay', async () => {
    await using site = await startSite()
    site.chats.add('my own chat')
    await site.chunks({ model: 'GLM-4.7', messages: [user('Hi')] })
    await site.provider.close()
    expect(site.complaint).toBeUndefined()
    expect([...site.chats]).toEqual(['my own chat'])
    expect(site.calls()).toEqual([
      'GET /',
      'POST /api/v1/chats/new',
      'POST /api/v2/chat/completions',
      'DELETE /api/v1/chats/chat-1',
    ])
    expect((await site.state.scan('zai-web:made:', 10)).keys).toEqual([])
  })

  test('is removed when its answer fails or is left', async () => {
    await using site = await startSite(errorReply(500))
    await expect(site.chunks({ model: 'GLM-4.7' })).rejects.toMatchObject({ code: 'upstream_unavailable' })
    await site.provider.close()
    expect([...site.chats]).toEqual([])

    await using other = await startSite(stream(...said('Hel', 'lo')))
    const request = { model: 'GLM-4.7', messages: [user('Hi')] }
    for await (const _ of other.provider.chat(request, other.callWith({ token: accountToken }))) break
    await other.provider.close()
    expect([...other.chats]).toEqual([])
  })

  test('that is being made while its caller leaves is removed once it is there', async () => {
    await using site = await startSite()
    const middle = gate()
    site.upstream.on('/api/v1/chats/new', { ...jsonReply({ id: 'late' }), before: [middle] })
    const request = { model: 'GLM-4.7', messages: [user('Hi')] }
    const iterator = site.provider.chat(request, site.callWith({ token: accountToken }))[Symbol.asyncIterator]()
    const running = iterator.next()
    await middle.reached
    void iterator.return?.()
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
    middle.open()
    await site.upstream.received(3)
    expect(site.calls()).toEqual(['GET /', 'POST /api/v1/chats/new', 'DELETE /api/v1/chats/late'])
  })

  test('that was left behind is removed after another one', async () => {
    await using site = await startSite()
    site.chats.add('my own chat').add('left-over')
    await site.state.set('zai-web:made:mine:left-over', String(site.clock.now() - 2 * 3_600_000))
    await site.chunks({ model: 'GLM-4.7' })
    await site.provider.close()
    expect([...site.chats]).toEqual(['my own chat'])
  })

  test('is made and removed by the outgoing proxy, where there is one', async () => {
    await using proxy = await startForwardProxy()
    await using site = await startSite(undefined, {}, { proxy: proxy.origin })
    await site.chunks({ model: 'GLM-4.7' })
    await site.provider.close()
    expect(proxy.seen.map(({ line }) => line.replace(/\?.*/, ''))).toEqual(
      ['GET /', 'POST /api/v1/chats/new', 'POST /api/v2/chat/completions', 'DELETE /api/v1/chats/chat-1'].map((line) =>
        line.replace(' ', ` ${site.upstream.origin}`),
      ),
    )
  })
})
