import { Secret } from '@dragoman/core'
import { createGateway } from '@dragoman/gateway'
import { openAICompatible } from '@dragoman/provider-openai-compatible'
import {
  canary,
  cut,
  errorReply,
  eventStream,
  htmlPage,
  leaked,
  type Reply,
  sse,
  startFakeUpstream,
} from '@dragoman/testkit'
import { TokenPool } from '@dragoman/token-pool'
import pino from 'pino'
import { expect, test } from 'vitest'
import { rawRequest, startTestServer } from '../test-server.ts'
import { says, startRig, ways } from './test-rig.ts'

test.each(ways)('fault 65: what belongs to one provider does not reach the next ($lane, $asked)', async (way) => {
  await using a = await startFakeUpstream()
  await using b = await startFakeUpstream()
  const cookie = canary('cookie-of-a')
  const answers = { 'set-cookie': `session=${cookie}`, 'x-trace': canary('trace-of-a') }
  a.script(errorReply(500, 'Try later', answers), errorReply(429, 'Too many', answers), errorReply(401, 'No', answers))
  b.always(says('hi'))
  await using rig = await startRig({ lane: way.lane, targets: [a.origin, b.origin] })
  for (let n = 0; n < 3; n++) {
    const answer = await rig.ask({ stream: way.stream })
    expect(answer).toMatchObject({ status: 200, content: 'hi' })
    expect(rig.leaks(answer.text, [...answer.headers])).toEqual([])
  }
  expect(b.requests).toHaveLength(3)
  const { a: keyOfA = '', b: keyOfB = '' } = rig.keys
  for (const { rawHeaders, path, text, headers } of b.requests) {
    expect(headers.authorization).toBe(`Bearer ${keyOfB}`)
    expect(headers.cookie).toBeUndefined()
    // Canaries begin alike; what follows is of their own.
    const secrets = Object.fromEntries([keyOfA, cookie, canary('trace-of-a')].map((text) => [text, text.slice(-30)]))
    expect(leaked(secrets, [rawHeaders, path, text])).toEqual([])
  }
  expect(
    leaked(
      { key: keyOfB.slice(-30) },
      a.requests.map(({ rawHeaders, text }) => [rawHeaders, text]),
    ),
  ).toEqual([])
})

test('fault 66: secrets show in no answer, no log, no record, no page and no error, whatever goes wrong', async () => {
  const secrets = {
    'an upstream key': canary('u1'),
    'another upstream key': canary('u2'),
    'a client key': canary('c1'),
    'the admin key': canary('a1'),
    'a wrong key': canary('w1'),
  }
  const [key, other, client, admin, wrong] = Object.values(secrets)
  await using upstream = await startFakeUpstream()
  const seen: unknown[] = []
  const keep = (line: string) => void seen.push(line)
  const log = pino({ base: null, level: 'trace' }, { write: keep })
  const provider = openAICompatible.create({ baseUrl: `${upstream.origin}/v1` })
  const pool = new TokenPool({
    name: 'a',
    credentials: [key, other].map((text = '') => ({ values: { apiKey: new Secret(text) } })),
    onEvent: (event) => seen.push(event),
  })
  const gateway = createGateway({
    providers: [{ id: 'a', provider, credentials: pool }],
    limits: { attempts: 1 },
    record: (entry) => seen.push(entry),
  })
  const own = { pool, problems: [], reload: async () => ({ credentials: [], problems: [] }), close: async () => {} }
  await using server = await startTestServer(undefined, {
    log,
    gateway,
    keys: [{ name: 'team', key: new Secret(client ?? '') }],
    admin: { key: new Secret(admin ?? '') },
    credentials: new Map([['a', own]]),
  })
  const post = { method: 'POST', headers: { authorization: `Bearer ${client}`, 'content-type': 'application/json' } }
  const body = (stream: boolean) => JSON.stringify({ model: 'a/m', stream, messages: [{ role: 'user', content: 'x' }] })

  // An upstream that repeats the key that it was given, in every way in which it can fail.
  const troubles: ((used: string) => Reply)[] = [
    ...[400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 503].map(
      (status) => (used: string) => errorReply(status, `The key ${used} of Bearer ${used} at ?key=${used} is not good`),
    ),
    (used) => errorReply(418, { detail: { authorization: `Bearer ${used}`, headers: { 'x-api-key': used } } }),
    (used) => ({ ...htmlPage(), body: `<html><body>${used}</body></html>` }),
    (used) => ({ headers: { 'content-type': 'application/json' }, body: `{"error": "${used}"` }),
    (used) => ({ headers: { 'content-type': 'text/event-stream' }, body: [`data: ${used}\n\n`] }),
    (used) => eventStream(sse({ error: { message: used, code: used, type: used } })),
    (used) => ({ headers: { 'content-type': 'text/event-stream' }, body: [`data: {"id":"${used}`, cut()] }),
  ]
  for (const trouble of troubles) {
    for (const stream of [true, false]) {
      upstream.always(({ headers }) => trouble(headers.authorization?.replace('Bearer ', '') ?? ''))
      pool.resetAll()
      seen.push(await rawRequest(server.url, { ...post, path: '/v1/chat/completions', body: body(stream) }))
      seen.push(pool.stats(), String(pool), JSON.stringify(pool))
    }
  }
  // Keys in every place that a client can put them, right and wrong.
  const places = (text = ''): Record<string, string>[] => [
    { authorization: `Bearer ${text}` },
    { authorization: `Basic ${text}` },
    { 'x-api-key': text },
    { 'api-key': text },
    { cookie: `key=${text}` },
    { referer: `http://127.0.0.1/?api_key=${text}` },
  ]
  for (const path of ['/', '/health', '/v1/models', '/v1/models/none', '/admin/tokens/stats', '/admin/none', '/none']) {
    for (const headers of [...places(client), ...places(admin), ...places(wrong)]) {
      seen.push(await rawRequest(server.url, { path, headers, localAddress: nextAddress() }))
    }
    for (const text of [client, admin, wrong]) {
      const query = `?api_key=${text}&key=${text}`
      seen.push(await rawRequest(server.url, { path: `${path}${query}`, localAddress: nextAddress() }))
    }
  }
  seen.push(await rawRequest(server.url, { ...post, path: '/v1/chat/completions', body: `{"model": "${wrong}` }))
  await provider.close()
  pool.close()

  expect(upstream.requests.some(({ headers }) => headers.authorization === `Bearer ${key}`)).toBe(true)
  expect(leaked(secrets, seen)).toEqual([])
})

let clients = 0
/** Wrong keys of one address are slowed (fault 60). */
function nextAddress(): string {
  return `127.2.${++clients >> 8}.${clients & 255}`
}
