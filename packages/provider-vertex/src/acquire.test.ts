import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chatStream, errorReply } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { vertex } from './index.ts'
import { now, serviceAccount, startVertex as start } from './test-vertex.ts'

const hello = chatStream({ text: 'Hi' })

test('covers vertex sessions: a service account becomes a token for an hour, and names its project', async () => {
  await using rig = await start(hello)
  const session = await rig.acquire({ key: rig.key })
  expect(session?.expiresAt).toBe(now + 3_599_000)
  const revealed = Object.entries(session?.values ?? {}).map(([name, secret]) => [name, secret.reveal()])
  expect(Object.fromEntries(revealed)).toEqual({ accessToken: 'ya29.test-1', project: 'my-project-1' })
})

test('the key may be the path of its file, and have a byte order mark and line ends that are written out', async () => {
  await using rig = await start(hello)
  const folder = mkdtempSync(join(tmpdir(), 'vertex-'))
  try {
    const { private_key, ...account } = JSON.parse(rig.key)
    const key = join(folder, 'key.json')
    writeFileSync(key, `\uFEFF${JSON.stringify({ ...account, private_key: private_key.replaceAll('\n', '\\n') })}`)
    expect((await rig.acquire({ key }))?.values.accessToken?.reveal()).toBe('ya29.test-1')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('each session is signed anew, and a token of the last one is not asked with', async () => {
  await using rig = await start(hello)
  await rig.acquire({ key: rig.key })
  await rig.clock.advance(3_600_000)
  const session = await rig.acquire({ key: rig.key, accessToken: 'ya29.test-1', project: 'my-project-1' })
  expect(session?.values.accessToken?.reveal()).toBe('ya29.test-2')
  expect(session?.expiresAt).toBe(now + 3_600_000 + 3_599_000)
})

test('what gcloud made for a user is renewed, and says who is billed', async () => {
  await using rig = await start(hello, { project: 'my-project-1' })
  const user = { type: 'authorized_user', client_id: 'gcloud', client_secret: 'the-client-secret' }
  const key = JSON.stringify({
    ...user,
    refresh_token: '1//refresh',
    quota_project_id: 'billed-1',
    token_uri: `${rig.upstream.origin}/token`,
  })
  const session = await rig.acquire({ key })
  if (!session) throw new Error('there is no session')
  const request = { model: 'gemini-2.5-flash', messages: [{ role: 'user' as const, content: 'Hi' }] }
  for await (const _ of rig.provider.chat(request, { ...rig.call, credential: session })) break
  const { headers } = await rig.upstream.received(2)
  expect(headers).toMatchObject({ authorization: 'Bearer ya29.test-1', 'x-goog-user-project': 'billed-1' })
  const revoked = rig.acquire({ key: key.replace('1//refresh', '1//revoked') })
  await expect(revoked).rejects.toMatchObject({
    code: 'credential_rejected',
    message: expect.stringContaining('gcloud auth application-default login'),
  })
})

test('a token of one’s own goes through as it is', async () => {
  await using rig = await start(hello)
  const session = await rig.acquire({ accessToken: 'ya29.mine' })
  expect([session?.values.accessToken?.reveal(), session?.expiresAt]).toEqual(['ya29.mine', undefined])
  expect(rig.upstream.requests).toEqual([])
})

test('an app signs in once, and again when the token was rejected', async () => {
  await using rig = await start(hello)
  const ask = () =>
    rig.fetch('https://vertex/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }),
    })
  expect((await ask()).status).toBe(200)
  await rig.clock.advance(3_599_000)
  expect((await ask()).status).toBe(200)
  const paths = rig.upstream.requests.map(({ path }) => path.split('/').at(-1))
  expect(paths).toEqual(['token', 'completions', 'token', 'completions'])
  expect(rig.upstream.requests.map(({ headers }) => headers.authorization)[3]).toBe('Bearer ya29.test-2')
})

describe('a key that cannot be used is credential_rejected, without a word of it', () => {
  const refused = async (key: (origin: string) => string, message: string | RegExp) => {
    await using rig = await start(hello, { tokenOrigins: [] })
    const given = key(rig.upstream.origin)
    const error: unknown = await rig.acquire({ key: given })?.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'credential_rejected', message: expect.stringMatching(message) })
    for (const part of [given, 'PRIVATE KEY', 'robot@']) expect(String(error)).not.toContain(part)
    expect(rig.upstream.requests).toEqual([])
  }

  test.each<[string, (origin: string) => string, string]>([
    ['half of its JSON', (origin) => serviceAccount(origin).slice(0, 200), 'is not the JSON of one'],
    ['a path where nothing is', () => '/nowhere/key.json', 'cannot be read (ENOENT)'],
    ['another kind', () => '{"type":"external_account"}', 'has no usable type'],
    ['no email', (origin) => serviceAccount(origin, { client_email: 7 }), 'has no usable client_email'],
    ['a token_uri of a stranger', (origin) => serviceAccount(origin), 'is not Google'],
    [
      'a token_uri that only looks like Google’s',
      (origin) => serviceAccount(origin, { token_uri: 'https://oauth2.googleapis.com.evil.example/token' }),
      'is not Google',
    ],
    [
      'a key that is none',
      (origin) => serviceAccount(origin, { token_uri: undefined, private_key: 'nothing of this is one' }),
      'no RSA key',
    ],
  ])('%s', (_, key, message) => refused(key, new RegExp(message.replace(/[()]/g, '\\$&'))))
})

describe('what Google says to it', () => {
  test('a wrong signature is told, and no skew of the clock', async () => {
    await using rig = await start(hello)
    const key = serviceAccount(rig.upstream.origin, { private_key_id: 'kid-2' })
    await expect(rig.acquire({ key })).rejects.toMatchObject({
      code: 'credential_rejected',
      origin: 'upstream',
      message: 'Google refused the key for Vertex AI: Invalid JWT Signature.',
    })
  })

  test.each([
    ['ahead of', -3_600_000],
    ['behind', 3_600_000],
  ])('a clock that is %s Google’s is told', async (side, googleAheadMs) => {
    await using rig = await start(hello, { googleAheadMs })
    await expect(rig.acquire({ key: rig.key })).rejects.toMatchObject({
      code: 'credential_rejected',
      message: expect.stringContaining(`the clock of this machine is 3600 s ${side} Google's`),
    })
  })

  test('an outage is one of the upstream, and says nothing about the key', async () => {
    await using rig = await start(hello)
    rig.upstream.script(errorReply(503))
    await expect(rig.acquire({ key: rig.key })).rejects.toMatchObject({ code: 'upstream_unavailable' })
  })

  test('an answer without a token is none', async () => {
    await using rig = await start(hello)
    rig.upstream.script({ headers: { 'content-type': 'application/json' }, body: '{"id_token":"x"}' })
    await expect(rig.acquire({ key: rig.key })).rejects.toMatchObject({ code: 'upstream_protocol' })
  })
})

test.each([
  [{ key: '/a/path.json' }, true],
  [{ accessToken: 'ya29.mine' }, true],
  [{ key: 'a', accessToken: 'b' }, false],
  [{}, false],
])('%j as a credential: %s', (values, isOne) => {
  expect(vertex.credential.safeParse(values).success).toBe(isOne)
})
