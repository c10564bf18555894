import { collect, memoryState, type StateStore } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { describe, expect, test } from 'vitest'
import { kimiNonce } from '../nonce.ts'
import { type Site, said, start, user } from './test-site.ts'

describe('conversations by user', () => {
  const message = (rig: { site: Site }, at: number) => rig.site.forms[at]?.get('message')
  const session = (rig: { site: Site }, at: number) => rig.site.forms[at]?.get('session_id')

  test('covers kimi-nonce sessions: new messages alone go on with what was said, in one session', async () => {
    await using rig = await start()
    rig.site.answer = () => said('Hello Ann.')
    await rig.ask({ user: 'ann', messages: user('I am Ann') })
    await rig.ask({ user: 'ann', messages: [{ role: 'system', content: 'Be kind.' }, ...user('Who am I?')] })
    expect(message(rig, 0)).toBe('I am Ann')
    expect(message(rig, 1)).toBe('System: Be kind.\nUser: I am Ann\nModel: Hello Ann.\nUser: Who am I?')
    expect(session(rig, 1)).toBe(session(rig, 0))
  })

  test('two keys with one user do not share a conversation', async () => {
    await using rig = await start()
    await rig.ask({ user: 'ann', messages: user('My secret') }, { client: 'key-1' })
    await rig.ask({ user: 'ann', messages: user('What is it?') }, { client: 'key-2' })
    expect(message(rig, 1)).toBe('What is it?')
    expect(session(rig, 1)).not.toBe(session(rig, 0))
  })

  test('two chats of one user do not mix: one that brings its history is sent whole, and changes nothing', async () => {
    await using rig = await start()
    await rig.ask({ user: 'ann', messages: user('About cats') })
    const dogs: ChatCompletionRequest['messages'] = [
      ...user('About dogs'),
      { role: 'assistant', content: 'Woof' },
      ...user('Go on'),
    ]
    await rig.ask({ user: 'ann', messages: dogs })
    expect(message(rig, 1)).toBe('User: About dogs\nAssistant: Woof\nUser: Go on')
    expect(session(rig, 1)).not.toBe(session(rig, 0))
    await rig.ask({ user: 'ann', messages: user('More') })
    expect(message(rig, 2)).toBe('User: About cats\nModel: Hello there.\nUser: More')
  })

  test('what other dialects say of the user keeps no conversation', async () => {
    await using rig = await start()
    for (const dialect of ['anthropic-messages', 'openai-responses', 'openai-chat', undefined] as const) {
      await rig.ask({ user: 'ann', messages: user(dialect ?? 'an app') }, { dialect })
    }
    expect([0, 1, 2, 3].map((at) => message(rig, at))).toEqual([
      'anthropic-messages',
      'openai-responses',
      'openai-chat',
      'User: openai-chat\nModel: Hello there.\nUser: an app',
    ])
  })

  test('models and users have their own', async () => {
    await using rig = await start()
    await rig.ask({ user: 'ann', messages: user('One') })
    await rig.ask({ user: 'ben', messages: user('Two') })
    await rig.ask({ user: 'ann', model: 'kimi-k2-instruct', messages: user('Three') })
    expect([1, 2].map((at) => message(rig, at))).toEqual(['Two', 'Three'])
  })

  test('it lives as long as it is used, and then its time', async () => {
    await using rig = await start({ conversationTtlMs: 1000 })
    await rig.ask({ user: 'ann', messages: user('One') })
    rig.clock.jump(900)
    await rig.ask({ user: 'ann', messages: user('Two') })
    rig.clock.jump(900)
    await rig.ask({ user: 'ann', messages: user('Three') })
    expect(message(rig, 2)).toContain('User: One')
    rig.clock.jump(1000)
    await rig.ask({ user: 'ann', messages: user('Four') })
    expect(message(rig, 3)).toBe('Four')
  })

  test('only so many turns are kept', async () => {
    await using rig = await start({ maxTurns: 2 })
    for (const text of ['One', 'Two', 'Three', 'Four']) await rig.ask({ user: 'ann', messages: user(text) })
    expect(message(rig, 3)).toBe('User: Two\nModel: Hello there.\nUser: Three\nModel: Hello there.\nUser: Four')
  })

  test('two questions at the same time are both remembered', async () => {
    await using rig = await start()
    await Promise.all(['One', 'Two'].map((text) => rig.ask({ user: 'ann', messages: user(text) })))
    await rig.ask({ user: 'ann', messages: user('Three') })
    expect(message(rig, 2)).toContain('User: One')
    expect(message(rig, 2)).toContain('User: Two')
  })

  test('it survives a restart where the state does, and can be turned off', async () => {
    const state: StateStore = memoryState()
    await using before = await start()
    await before.ask({ user: 'ann', messages: user('One') }, { state })
    const provider = kimiNonce.create(kimiNonce.options.parse({ baseUrl: before.upstream.origin }))
    const request = { model: 'kimi-k2-instruct-0905', user: 'ann', messages: user('Two') }
    await collect(provider.chat(request, before.callOf({ state })), request)
    await provider.close()
    expect(message(before, 1)).toBe('User: One\nModel: Hello there.\nUser: Two')
    await using off = await start({ conversations: 'off' })
    await off.ask({ user: 'ann', messages: user('One') })
    await off.ask({ user: 'ann', messages: user('Two') })
    expect(message(off, 1)).toBe('Two')
  })
})
