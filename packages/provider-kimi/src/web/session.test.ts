import { isDragomanError, toFetch } from '@dragoman/core'
import { jsonReply, leaked, type ScriptedReply } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { endFrame, NOW, refreshPath, start, streamed, tokenOf, user } from './test-site.ts'

describe('sessions', () => {
  test('covers kimi-web sessions: a refresh token becomes a session, and both tokens rotate', async () => {
    await using rig = await start()
    const first = await rig.provider.acquire?.(rig.source, rig.acquireCall)
    expect(first).toMatchObject({ id: 'mine', expiresAt: NOW + 900_000 })
    expect(first?.values.accessToken?.reveal()).toBe(rig.site.access)
    expect(first?.values.refreshToken?.reveal()).toBe(rig.site.refresh)
    // As a pool asks: what was given, with the values of the last session over it.
    const held = { ...rig.source, values: { ...rig.source.values, ...first?.values } }
    await rig.provider.acquire?.(held, rig.acquireCall)
    expect(rig.site.renewals).toBe(2)
    await expect(rig.provider.acquire?.(rig.source, rig.acquireCall)).rejects.toMatchObject({
      code: 'credential_rejected',
      message: expect.stringContaining('sign in at kimi.com and supply a new token'),
    })
  })

  test.each([
    ['as it is', (token: string) => token],
    ['with Bearer', (token: string) => `Bearer ${token}`],
    ['in a cookie header', (token: string) => `theme=dark; kimi-auth=${token}; lang=en`],
  ])('an access token passes %s', async (_, paste) => {
    const token = tokenOf('access', 7)
    await using rig = await start({}, paste(token))
    const session = await rig.provider.acquire?.(rig.source, rig.acquireCall)
    expect(session?.values.accessToken?.reveal()).toBe(token)
    expect(session?.expiresAt).toBe(NOW + 900_000)
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('an access token that has expired says what to supply', async () => {
    await using rig = await start({}, tokenOf('access', 7, -1000))
    await expect(rig.provider.acquire?.(rig.source, rig.acquireCall)).rejects.toMatchObject({
      code: 'credential_rejected',
      message: expect.stringContaining('supply that one'),
    })
  })

  test('the older call renews where the operator says so', async () => {
    await using rig = await start({ legacy: true })
    const reply: ScriptedReply = ({ method, headers }) => {
      if (method !== 'GET' || headers.authorization !== `Bearer ${rig.site.refresh}`) return { status: 401 }
      return jsonReply({ access_token: tokenOf('access', 1), refresh_token: tokenOf('refresh', 1) })
    }
    rig.upstream.on('/api/auth/token/refresh', reply)
    const session = await rig.provider.acquire?.(rig.source, rig.acquireCall)
    expect(session?.values.refreshToken?.reveal()).toBe(tokenOf('refresh', 1))
  })

  test('a session that was refused is renewed once by whoever holds it', async () => {
    await using rig = await start()
    const fetch = toFetch(rig.provider, { credential: rig.source, clock: rig.clock })
    const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
    const asked = { model: 'kimi-k2.6', messages: user('Hi') }
    // It gets the rotated token again only from the pool; here the first one stays good.
    rig.upstream.on(refreshPath, () => {
      rig.site.access = tokenOf('access', ++rig.site.renewals)
      return jsonReply({ accessToken: rig.site.access, refreshToken: rig.site.refresh })
    })
    await client.chat.completions.create(asked)
    rig.site.access = 'revoked'
    expect((await client.chat.completions.create(asked)).choices[0]?.message.content).toBe('Hello.')
    expect(rig.site.renewals).toBe(2)
  })

  test('a probe tells a good session from a bad one', async () => {
    await using rig = await start()
    const { credential: held } = await rig.call()
    expect(await rig.provider.probe?.(held, rig.acquireCall)).toBe('ok')
    rig.site.access = 'revoked'
    expect(await rig.provider.probe?.(held, rig.acquireCall)).toBe('rejected')
  })

  test('no token is in an error', async () => {
    await using rig = await start()
    const { credential: held } = await rig.call()
    const secrets = Object.fromEntries(Object.entries(held.values).map(([name, value]) => [name, value.reveal()]))
    const said = Object.values(secrets).join(' ')
    rig.site.answer = () => streamed(endFrame({ error: { code: 'unavailable', message: said } }))
    const error = await rig.ask().catch((caught: unknown) => caught)
    expect(isDragomanError(error)).toBe(true)
    expect(leaked(secrets, error)).toEqual([])
    rig.upstream.on(refreshPath, ({ text }) => jsonReply({ code: 'unavailable', message: text }, 503))
    const refusal = await rig.provider.acquire?.(rig.source, rig.acquireCall).catch((caught: unknown) => caught)
    expect(leaked({ token: rig.source.values.token?.reveal() ?? '' }, refusal)).toEqual([])
  })
})
