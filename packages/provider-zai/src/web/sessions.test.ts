import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { accountToken, guestToken, startSite, tokenOf } from './test-site.ts'

const user = (content: string) => ({ role: 'user' as const, content })

const acquire = (site: Awaited<ReturnType<typeof startSite>>, values: Record<string, string>) => {
  const call = site.callWith(values)
  return site.provider.acquire?.(call.credential, call)
}

test('covers zai-web sessions: a given token is used as it is, until it expires', async () => {
  await using site = await startSite()
  const token = tokenOf({ id: 'u', exp: 1_800_000_000 })
  const session = await acquire(site, { token })
  expect([session?.values.token?.reveal(), session?.expiresAt]).toEqual([token, 1_800_000_000_000])
  expect(site.calls()).toEqual([])
})

test('a password signs in where no captcha is asked for, and is a challenge where one is', async () => {
  await using site = await startSite()
  const session = await acquire(site, { email: 'me@example.com', password: 'the-password' })
  expect(session?.values.token?.reveal()).toBe(accountToken)
  const refused = acquire(site, { email: 'me@example.com', password: 'wrong-password' })
  await expect(refused).rejects.toMatchObject({ code: 'upstream_challenge' })
  expect(site.calls()).toEqual(['POST /api/v1/auths/signin', 'POST /api/v1/auths/signin'])
})

test('a guest is made only where guests are allowed', async () => {
  await using closed = await startSite()
  await expect(acquire(closed, {})).rejects.toMatchObject({ code: 'no_credential' })
  expect(closed.calls()).toEqual([])
  await using site = await startSite(undefined, { guest: true })
  const session = await acquire(site, {})
  expect(session?.values.token?.reveal()).toBe(guestToken)
  expect(session?.expiresAt).toBe(site.clock.now() + 8 * 60_000)
})

test('a guest that expired is followed by a new one', async () => {
  await using site = await startSite(undefined, { guest: true })
  const session = await acquire(site, { token: guestToken, guest: 'guest' })
  expect(session?.values.guest).toBeDefined()
  expect(site.calls()).toEqual(['GET /api/v1/auths/'])
})

test('one guest answers many requests', async () => {
  await using site = await startSite(undefined, { guest: true })
  const openai = new OpenAI({ apiKey: '-', fetch: site.fetch({}) })
  for (const text of ['Hi', 'Ho']) await openai.chat.completions.create({ model: 'GLM-4.6', messages: [user(text)] })
  expect(site.calls().filter((call) => call === 'GET /api/v1/auths/')).toHaveLength(1)
  expect(site.complaint).toBeUndefined()
})

test('a token that expired is credential_rejected', async () => {
  await using site = await startSite()
  const running = site.chunks({}, { token: tokenOf({ id: 'user-0002' }) })
  await expect(running).rejects.toMatchObject({ code: 'credential_rejected' })
})

test.each([
  ['ok', accountToken],
  ['rejected', guestToken],
  ['rejected', tokenOf({ id: 'user-0002' })],
])('a probe says %s', async (verdict, token) => {
  await using site = await startSite()
  const call = site.callWith({ token })
  expect(await site.provider.probe?.(call.credential, call)).toBe(verdict)
})
