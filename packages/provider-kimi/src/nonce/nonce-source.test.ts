import { gate } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { page, start, user } from './test-site.ts'

describe('the nonce', () => {
  test('is taken from the page once and used again', async () => {
    await using rig = await start()
    await rig.ask({})
    await rig.ask({})
    expect(rig.pages()).toBe(1)
    expect(rig.site.forms.map((form) => form.get('nonce'))).toEqual(['aaaaaaaaaa', 'aaaaaaaaaa'])
  })

  test('is fetched again after six hours', async () => {
    await using rig = await start()
    await rig.ask({})
    rig.clock.jump(6 * 3_600_000)
    await rig.ask({})
    expect(rig.pages()).toBe(2)
  })

  test('one fetch serves all who wait', async () => {
    await using rig = await start()
    const held = gate()
    rig.upstream.on('/chat/', () => ({ ...page('aaaaaaaaaa'), before: [held] }))
    const asked = Promise.all([rig.ask({}), rig.ask({}), rig.ask({})])
    await held.reached
    held.open()
    expect((await asked).map(({ choices }) => choices[0]?.message.content)).toEqual(Array(3).fill('Hello there.'))
    expect(rig.pages()).toBe(1)
  })

  test('who leaves does not end the fetch for others, and the last one does', async () => {
    await using rig = await start()
    const held = gate()
    rig.upstream.on('/chat/', () => ({ ...page('aaaaaaaaaa'), before: [held] }))
    const first = new AbortController()
    const second = new AbortController()
    const asked = [rig.ask({}, { signal: first.signal }), rig.ask({}, { signal: second.signal })]
    const outcomes = Promise.allSettled(asked)
    await held.reached
    first.abort()
    await expect(asked[0]).rejects.toMatchObject({ code: 'aborted' })
    second.abort()
    await outcomes
    await expect((await rig.upstream.received(1)).closed).resolves.toBe('aborted')
    rig.upstream.on('/chat/', () => page('aaaaaaaaaa'))
    await expect(rig.ask({})).resolves.toBeDefined()
  })

  test('covers kimi-nonce sessions: one that is refused is renewed once, and the message sent again', async () => {
    await using rig = await start()
    await rig.ask({})
    rig.site.page = rig.site.accepted = 'bbbbbbbbbb'
    expect((await rig.ask({})).choices[0]?.message.content).toBe('Hello there.')
    expect(rig.pages()).toBe(2)
  })

  test('several who were refused share the renewal', async () => {
    await using rig = await start()
    await rig.ask({})
    rig.site.page = rig.site.accepted = 'bbbbbbbbbb'
    await Promise.all([rig.ask({}), rig.ask({}), rig.ask({})])
    expect(rig.pages()).toBe(2)
  })

  test('who is refused after another one has renewed it takes that one', async () => {
    await using rig = await start()
    await rig.ask({})
    rig.site.page = rig.site.accepted = 'bbbbbbbbbb'
    const slow = gate()
    const strict = rig.upstream.requests.length
    rig.site.hold = (form) => (form.get('message') === 'slow' && form.get('nonce') === 'aaaaaaaaaa' ? [slow] : [])
    const asked = rig.ask({ messages: user('slow') })
    await slow.reached
    await rig.ask({ messages: user('quick') })
    slow.open()
    await asked
    expect(rig.pages()).toBe(2)
    expect(rig.upstream.requests.length - strict).toBe(5)
  })

  test('a page that hands out a stale one makes no loop', async () => {
    await using rig = await start()
    rig.site.accepted = 'bbbbbbbbbb'
    await expect(rig.ask({})).rejects.toMatchObject({ code: 'upstream_unavailable' })
    expect(rig.upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
    expect(rig.pages()).toBe(2)
  })

  test.each([
    ['no such variable', '<html><title>Kimi</title></html>'],
    ['no such field', '<html><script>var kimi_ajax = {"ajax_url":"x"};</script></html>'],
    ['an object that does not end', '<html><script>var kimi_ajax = {"nonce":"x"'],
    ['a nonce that is no text', '<html><script>var kimi_ajax = {"nonce":7};</script></html>'],
  ])('a page with %s is upstream_protocol', async (_, body) => {
    await using rig = await start()
    rig.upstream.on('/chat/', () => ({ headers: { 'content-type': 'text/html' }, body }))
    await expect(rig.ask({})).rejects.toMatchObject({
      code: 'upstream_protocol',
      message: 'The chat page of kimi-ai.chat holds no nonce',
    })
  })

  test('a browser check in place of the page is left to a person', async () => {
    await using rig = await start()
    const body = '<html><title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x.js"></script></html>'
    for (const status of [200, 403]) {
      rig.upstream.on('/chat/', () => ({ status, headers: { 'content-type': 'text/html' }, body }))
      await expect(rig.ask({})).rejects.toMatchObject({
        code: 'upstream_challenge',
        message: expect.stringContaining('documented API'),
      })
    }
    expect(rig.upstream.requests).toHaveLength(2)
  })
})
