import { gzipSync } from 'node:zlib'
import { collect, credential, toFetch } from '@dragoman/core'
import { htmlPage, jsonReply, type Reply } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { ask, failureOf, providerOf, session, user } from './test-requests.ts'
import { startTestSite } from './test-site.ts'

const jwt = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`

const captcha = '<html><script>location="/_____tmd_____/punish?x5secdata=abc&action=captcha"</script></html>'

test('covers qwen-web sessions: an account signs in once, and again when its session is refused', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site)
  const { email, password } = site.settings.account
  const fetch = toFetch(provider, { credential: { email, password } })
  const client = new OpenAI({ apiKey: '-', fetch, maxRetries: 0 })
  const signIns = () => site.upstream.requests.filter(({ path }) => path === '/api/v1/auths/signin').length
  const say = async () => {
    const { choices } = await client.chat.completions.create({ model: 'qwen-max', messages: user('Hi') })
    return choices[0]?.message.content
  }
  expect([await say(), await say(), signIns()]).toEqual(['Hello', 'Hello', 1])
  site.settings.tokens = new Set(['next-token'])
  site.settings.account.token = 'next-token'
  expect([await say(), signIns()]).toEqual(['Hello', 2])
  await provider.close()
})

test('a session tells when it ends, a token of one’s own too', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site)
  site.settings.account.token = jwt(1_800_000_000)
  const { email, password, token } = site.settings.account
  const call = session()
  const signedIn = await provider.acquire?.(credential({ email, password }), call)
  const given = await provider.acquire?.(credential({ token }), call)
  for (const acquired of [signedIn, given]) {
    expect(acquired?.expiresAt).toBe(1_800_000_000_000)
    expect(acquired?.values.token?.reveal()).toBe(token)
  }
  expect(site.upstream.requests).toHaveLength(1)
  await provider.close()
})

test('what older proxies made of a token and a cookie is unpacked, and the cookie sent along', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site)
  const packed = gzipSync('good-token|1-abc==').toString('base64')
  const acquired = (await provider.acquire?.(credential({ token: packed }), session())) ?? expect.fail('no session')
  await collect(provider.chat(ask, { ...session(), credential: acquired }), ask)
  expect(site.upstream.requests[0]?.headers.cookie).toBe('token=good-token; ssxmod_itna=1-abc==')
  await provider.close()
})

test('a wrong password disables the account, without a second try', async () => {
  await using site = await startTestSite()
  const provider = providerOf(site)
  const source = credential({ email: 'jane@example.com', password: 'wrong' })
  await expect(provider.acquire?.(source, session())).rejects.toMatchObject({
    code: 'credential_disabled',
    message: expect.stringContaining('The email or password provided is incorrect.'),
  })
  expect(site.upstream.requests).toHaveLength(1)
  await provider.close()
})

test.each<[string, Reply]>([
  ['a page', { headers: { 'content-type': 'text/html' }, body: captcha }],
  ['JSON', jsonReply({ ret: ['FAIL_SYS_USER_VALIDATE', 'RGV587_ERROR::SM'], data: { url: '/_____tmd_____/punish' } })],
  ['a redirect', { status: 302, headers: { location: '/_____tmd_____/punish?x5secdata=abc' } }],
  ['a refused page', { ...htmlPage(403), body: captcha }],
])('a captcha as %s is upstream_challenge, at every step', async (_, reply) => {
  for (const path of ['/api/v2/chats/new', '/api/v2/chat/completions']) {
    const error = await failureOf({}, ({ settings }) => settings.once.set(path, reply))
    expect(error).toMatchObject({ code: 'upstream_challenge', message: expect.stringContaining('your own browser') })
  }
})

test('a captcha at the sign-in is upstream_challenge', async () => {
  await using site = await startTestSite()
  site.settings.once.set('/api/v1/auths/signin', { headers: { 'content-type': 'text/html' }, body: captcha })
  const provider = providerOf(site)
  const { email, password } = site.settings.account
  const signingIn = provider.acquire?.(credential({ email, password }), session())
  await expect(signingIn).rejects.toMatchObject({ code: 'upstream_challenge' })
  await provider.close()
})
