import { jsonReply, type Reply, startForwardProxy } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import type { KimiWebInput } from '../web.ts'
import { start, tokenOf } from './test-site.ts'

describe('the older calls', () => {
  const event = (value: Record<string, unknown>) => `data: ${JSON.stringify(value)}\n\n`
  const stream = (...parts: Record<string, unknown>[]): Reply => ({
    headers: { 'content-type': 'text/event-stream' },
    body: parts.map(event),
  })

  async function startLegacy(reply: Reply, options: KimiWebInput = {}) {
    const rig = await start({ legacy: true, ...options }, tokenOf('access', 1))
    rig.site.access = tokenOf('access', 1)
    const deleted: string[] = []
    const bodies: Record<string, unknown>[] = []
    rig.upstream.on('/api/chat', ({ json }) =>
      json.enter_method === 'new_chat' ? jsonReply({ id: 'chat-1', name: json.name }) : { status: 400 },
    )
    rig.upstream.on('/api/chat/chat-1/completion/stream', ({ headers, json }) => {
      if (headers.referer !== `${rig.upstream.origin}/chat/chat-1` || json.messages.length !== 1) return { status: 400 }
      bodies.push(json)
      return reply
    })
    rig.upstream.on('/api/chat/chat-1', ({ method, headers }) => {
      if (method === 'DELETE' && headers.authorization === `Bearer ${rig.site.access}`) deleted.push('chat-1')
      return {}
    })
    return { rig, deleted, bodies }
  }

  test('answer with text, reasoning and what was found, and the conversation is deleted', async () => {
    const found = { type: 'get_res', title: 'T', url: 'https://x.example/' }
    const { rig, deleted, bodies } = await startLegacy(
      stream(
        { event: 'req', id: 'seg_1', content: 'user:hi' },
        { event: 'resp', id: 'seg_2' },
        { event: 'ping' },
        { event: 'k1', text: 'thinking' },
        { event: 'search_plus', msg: found },
        { event: 'cmpl', text: 'Hel' },
        { event: 'cmpl', text: 'lo' },
        { event: 'all_done' },
      ),
    )
    await using _ = rig
    const { choices } = await rig.ask({ model: 'k1-search' })
    expect(choices[0]).toMatchObject({
      message: {
        content: 'Hello',
        reasoning_content: 'thinking',
        annotations: [{ url_citation: { url: 'https://x.example/', title: 'T' } }],
      },
      finish_reason: 'stop',
    })
    expect(bodies[0]).toMatchObject({ model: 'k1', use_search: true, messages: [{ role: 'user', content: 'Hi' }] })
    await rig.provider.close()
    expect(deleted).toEqual(['chat-1'])
  })

  const short = stream({ event: 'cmpl', text: 'Hi' }, { event: 'all_done' })

  test('delete by the outgoing proxy, where there is one', async () => {
    await using proxy = await startForwardProxy()
    const { rig, deleted } = await startLegacy(short, { proxy: proxy.origin })
    await using _ = rig
    await rig.ask({ model: 'k2' })
    await rig.provider.close()
    expect(deleted).toEqual(['chat-1'])
    expect(proxy.seen.map(({ line }) => line)).toContain(`DELETE ${rig.upstream.origin}/api/chat/chat-1`)
  })

  test('keep a note of a conversation whose deletion was refused in words', async () => {
    const { rig } = await startLegacy(short)
    await using _ = rig
    rig.upstream.on('/api/chat/chat-1', jsonReply({ error_type: 'busy', message: 'Not now' }))
    await rig.ask({ model: 'k2' })
    await rig.provider.close()
    expect((await rig.state.scan('kimi-web:made:', 10)).keys).toEqual(['kimi-web:made:mine:chat-1'])
  })

  test.each([
    [{ event: 'length' }, 'length'],
    [{ event: 'error' }, 'content_filter'],
  ])('%j ends an answer with %s', async (last, reason) => {
    const more = { event: 'cmpl', text: 'lo' }
    const { rig } = await startLegacy(stream({ event: 'cmpl', text: 'Hel' }, last, more, { event: 'all_done' }))
    await using _ = rig
    expect((await rig.ask({ model: 'kimi' })).choices[0]).toMatchObject({
      message: { content: 'Hel' },
      finish_reason: reason,
    })
  })

  test.each([
    ['chat.user_stream_pushing', 'rate_limited'],
    ['auth.token.invalid', 'credential_rejected'],
    ['auth.account_abnormal', 'credential_disabled'],
  ])('%s in place of a stream is %s, and nothing is left behind', async (error_type, code) => {
    const { rig, deleted } = await startLegacy(jsonReply({ error_type, message: 'x' }))
    await using _ = rig
    await expect(rig.ask({ model: 'k2' })).rejects.toMatchObject({ code })
    await rig.provider.close()
    expect(deleted).toEqual(['chat-1'])
  })
})
