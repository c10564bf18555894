import { DragomanError, Secret } from '@dragoman/core'
import {
  canary,
  chatChunks,
  errorReply,
  eventStream,
  type FakeUpstream,
  gate,
  sse,
  startFakeUpstream,
} from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { broughtBy, byKey, rateLimited, replyTo, session, startPoolRig } from './test-pool-rig.ts'
import { says, ways } from './test-rig.ts'

const minute = 60_000
const day = 24 * 60 * minute

const keysOf = (upstream: FakeUpstream) => upstream.requests.map(broughtBy)

describe('fault 7: 429 with a wait of two seconds', () => {
  test.each(ways)('fault 7: the next key serves at once ($lane, $asked)', async ({ lane, stream }) => {
    await using upstream = await startFakeUpstream()
    upstream.always(byKey({ key1: rateLimited({ 'retry-after': '2' }) }))
    await using rig = await startPoolRig(upstream, { lane })
    // The clock stands still, so nothing slept.
    expect(await rig.ask({ stream })).toMatchObject({ status: 200, content: 'hi' })
    expect(rig.trail()).toEqual(['a:1: rate_limited', 'a:2: ok'])
    expect(await rig.ask({ stream })).toMatchObject({ status: 200 })
    expect(keysOf(upstream)).toEqual(['key1', 'key2', 'key2'])

    await rig.clock.advance(2_000)
    upstream.always(says('hi'))
    expect(await rig.ask({ stream })).toMatchObject({ status: 200 })
    expect(keysOf(upstream).at(-1)).toBe('key1')
    expect(rig.leaks()).toEqual([])
  })

  test.each(ways)(
    'fault 7: the model that was limited is out, others are not ($lane, $asked)',
    async ({ lane, stream }) => {
      await using upstream = await startFakeUpstream()
      upstream.script(rateLimited({ 'retry-after': '2' }))
      upstream.always(says('hi'))
      await using rig = await startPoolRig(upstream, { lane, keys: 1 })
      expect((await rig.ask({ stream })).status).toBe(429)
      expect((await rig.ask({ stream, model: 'other' })).status).toBe(200)
      expect((await rig.ask({ stream })).status).toBe(429)
      expect(upstream.requests).toHaveLength(2)
    },
  )

  test.each(ways)('fault 7: when all are out, the soonest time is told ($lane, $asked)', async ({ lane, stream }) => {
    await using upstream = await startFakeUpstream()
    upstream.always(byKey({ key1: rateLimited({ 'retry-after': '30' }), key2: rateLimited({ 'retry-after': '7' }) }))
    await using rig = await startPoolRig(upstream, { lane })
    for (const calls of [2, 2]) {
      const { status, headers, error, text } = await rig.ask({ stream })
      expect([status, error?.code, headers.get('retry-after')]).toEqual([429, 'rate_limit_exceeded', '7'])
      expect(error?.message).toContain('a:1 is rate-limited until 2026-01-01T00:00:30')
      expect(error?.message).toContain('a:2 is rate-limited until 2026-01-01T00:00:07')
      expect(upstream.requests).toHaveLength(calls)
      expect(rig.leaks(text)).toEqual([])
    }
    await rig.clock.advance(7_000)
    upstream.always(says('back'))
    expect(await rig.ask({ stream })).toMatchObject({ status: 200, content: 'back' })
  })
})

test('fault 7: where more keys are left than calls, the client may try again', async () => {
  await using upstream = await startFakeUpstream()
  const limited = rateLimited({ 'retry-after': '3600' })
  upstream.always(byKey({ key1: limited, key2: limited, key3: limited }))
  await using rig = await startPoolRig(upstream, { keys: 5 })
  const { status, error, headers } = await rig.ask()
  expect([status, error?.code, headers.get('retry-after')]).toEqual([503, 'no_credential', '1'])
  expect(headers.get('x-should-retry')).not.toBe('false')
  expect(error?.message).toContain('others are left')
  expect(rig.pool.stats().inFlight).toBe(0)
  expect(await rig.ask()).toMatchObject({ status: 200, content: 'hi' })
})

test('a probe proves that a key works when its answer begins, not when it ends', async () => {
  await using upstream = await startFakeUpstream()
  const rest = gate()
  const [role = {}, one = {}, ...others] = chatChunks({ text: ['one', 'two'] })
  upstream.script(
    rateLimited({ 'retry-after': '1' }),
    eventStream([...sse(role, one), rest, ...sse(...others, '[DONE]')]),
  )
  upstream.always(says('hi'))
  await using rig = await startPoolRig(upstream, { keys: 1 })
  expect((await rig.ask()).status).toBe(429)
  await rig.clock.advance(1_000)
  const probing = rig.ask({ stream: true })
  await rest.reached
  await expect.poll(() => rig.pool.status()[0]?.models).toEqual([])
  expect(await rig.ask()).toMatchObject({ status: 200, content: 'hi' })
  rest.open()
  expect(await probing).toMatchObject({ status: 200, content: 'onetwo' })
})

test('fault 8: a wait of 18 days is shown, and probed by one request after the cap', async () => {
  await using upstream = await startFakeUpstream()
  upstream.always(rateLimited({ 'retry-after': '1587827' }))
  await using rig = await startPoolRig(upstream, { keys: 1 })
  expect((await rig.ask()).status).toBe(429)
  const [status] = rig.pool.status()
  expect(status?.models[0]).toMatchObject({
    until: rig.clock.now() + 10 * minute,
    askedUntil: rig.clock.now() + 1_587_827_000,
  })
  await rig.clock.advance(10 * minute - 1)
  expect((await rig.ask()).status).toBe(429)
  expect(upstream.requests).toHaveLength(1)

  await rig.clock.advance(1)
  const probe = gate()
  upstream.always(async (exchange) => {
    probe.arrive()
    await probe.opened
    return replyTo(exchange, says('back'))
  })
  const probing = rig.ask()
  await probe.reached
  // All others are told at once, and do not come along.
  expect((await rig.ask()).status).toBe(429)
  expect(upstream.requests).toHaveLength(2)
  probe.open()
  expect(await probing).toMatchObject({ status: 200, content: 'back' })
  expect((await rig.ask()).status).toBe(200)
  expect(rig.clock.elapsed()).toBeLessThan(day)
})

test('fault 9: quota that is back early is found by a probe, without anybody acting', async () => {
  await using upstream = await startFakeUpstream()
  const exhausted = {
    error: { message: 'You are out of credits', type: 'insufficient_quota', code: 'insufficient_quota' },
  }
  upstream.always(errorReply(429, exhausted, { 'retry-after': '86400' }))
  await using rig = await startPoolRig(upstream, { keys: 1 })
  const { status, error, headers } = await rig.ask()
  expect([status, error?.code, headers.get('x-should-retry')]).toEqual([429, 'insufficient_quota', 'false'])
  expect(rig.pool.stats()).toMatchObject({ available: 0, cooling: 1 })

  upstream.always(says('paid'))
  await rig.clock.advance(10 * minute)
  expect(await rig.ask({ model: 'other' })).toMatchObject({ status: 200, content: 'paid' })
  expect(rig.pool.stats()).toMatchObject({ available: 1, cooling: 0 })
  expect(rig.events.map(({ type }) => type)).toContain('recovered')
})

describe('fault 10: 401', () => {
  test('fault 10: of a key that cannot be renewed: it is out, the others go on', async () => {
    await using upstream = await startFakeUpstream()
    upstream.always(byKey({ key1: errorReply(401) }))
    await using rig = await startPoolRig(upstream, { keys: 3 })
    for (let n = 0; n < 6; n++) expect((await rig.ask()).status).toBe(200)
    expect(keysOf(upstream).filter((key) => key === 'key1')).toHaveLength(1)
    expect(rig.pool.stats()).toMatchObject({ available: 2, cooling: 1 })
  })

  test.each(ways)(
    'fault 10: a hundred requests with an expired session are one renewal ($lane, $asked)',
    async (way) => {
      await using upstream = await startFakeUpstream()
      const [valid, refused] = [canary('second-session'), gate()]
      upstream.always((exchange) => {
        if (broughtBy(exchange) === valid) return replyTo(exchange, says('hi'))
        return { ...errorReply(401), before: [refused] }
      })
      let signIns = 0
      await using rig = await startPoolRig(upstream, {
        lane: way.lane,
        keys: 1,
        acquire: async (source) => session(source, signIns++ === 0 ? canary('first-session') : valid),
      })
      const asked = Array.from({ length: 100 }, () => rig.ask({ stream: way.stream }))
      await upstream.received(100)
      refused.open()
      const answers = await Promise.all(asked)
      expect(answers.filter(({ status, content }) => status === 200 && content === 'hi')).toHaveLength(100)
      expect(signIns).toBe(2)
      expect(rig.pool.stats()).toMatchObject({ available: 1, inFlight: 0, refresh: { succeeded: 2, failed: 0 } })
      expect(rig.leaks(answers.map(({ text }) => text))).toEqual([])
    },
  )

  test('fault 10: while one session is renewed, the other account serves', async () => {
    await using upstream = await startFakeUpstream()
    upstream.always((exchange) => {
      return replyTo(exchange, broughtBy(exchange) === canary('stale') ? errorReply(401) : says('hi'))
    })
    const never = new Promise<never>(() => {})
    const signedIn = new Map<string, number>()
    await using rig = await startPoolRig(upstream, {
      acquire(source) {
        const times = (signedIn.get(source.id) ?? 0) + 1
        signedIn.set(source.id, times)
        if (source.id === 'a:2') return Promise.resolve(session(source, canary('good')))
        return times === 1 ? Promise.resolve(session(source, canary('stale'))) : never
      },
    })
    for (let n = 0; n < 4; n++) expect(await rig.ask()).toMatchObject({ status: 200, content: 'hi' })
    expect(signedIn.get('a:1')).toBe(2)
  })

  test('fault 10: an account whose sign-in fails is out, and says why', async () => {
    await using upstream = await startFakeUpstream()
    upstream.always(errorReply(401))
    await using rig = await startPoolRig(upstream, {
      keys: 1,
      acquire: async () => {
        throw new DragomanError('credential_rejected', 'The password is wrong', { origin: 'upstream' })
      },
    })
    const { status, error } = await rig.ask()
    expect([status, error?.code]).toEqual([503, 'no_credential'])
    expect(error?.message).toMatch(/a:1 .*sign-in failed/)
    expect(upstream.requests).toHaveLength(0)
  })
})

test.each(ways)(
  'fault 11: a banned account is used once, and then not until a person acts ($lane, $asked)',
  async (way) => {
    const banned = {
      error: { message: 'Your account is closed', code: 'account_deactivated', type: 'invalid_request_error' },
    }
    await using upstream = await startFakeUpstream()
    upstream.always(errorReply(403, banned))
    await using rig = await startPoolRig(upstream, { lane: way.lane, keys: 2 })
    for (let n = 0; n < 5; n++) {
      expect((await rig.ask({ stream: way.stream })).error?.code).toBe('no_credential')
      await rig.clock.advance(day)
    }
    expect(keysOf(upstream).sort()).toEqual(['key1', 'key2'])
    expect(rig.pool.stats()).toMatchObject({ available: 0, disabled: 2 })

    upstream.always(says('again'))
    expect(rig.pool.enable('a:2')).toBe(true)
    expect(await rig.ask({ stream: way.stream })).toMatchObject({ status: 200, content: 'again' })
  },
)

test('fault 11: a 403 that names no banned account is not for ever', async () => {
  await using upstream = await startFakeUpstream()
  upstream.script(errorReply(403, 'You may not use this model'))
  upstream.always(says('hi'))
  await using rig = await startPoolRig(upstream, { keys: 1 })
  expect((await rig.ask()).status).toBe(503)
  expect((await rig.ask()).status).toBe(503)
  expect((await rig.ask({ model: 'other' })).status).toBe(200)
  await rig.clock.advance(10 * minute)
  expect((await rig.ask()).status).toBe(200)
  expect(upstream.requests).toHaveLength(3)
})

test('a client that leaves cools nothing, and no lease stays behind', async () => {
  await using upstream = await startFakeUpstream()
  const silence = gate()
  upstream.always({ body: [silence] })
  await using rig = await startPoolRig(upstream, { keys: 1 })
  const controller = new AbortController()
  const asked = fetch(`${rig.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }] }),
    signal: controller.signal,
  })
  const exchange = await upstream.received(1)
  expect(rig.pool.stats().inFlight).toBe(1)
  controller.abort()
  await expect(asked).rejects.toThrow()
  await exchange.closed
  await upstream.idle()
  expect(rig.pool.stats()).toMatchObject({ inFlight: 0, available: 1, cooling: 0 })
})

test('values that were given never show, whatever happens to them', async () => {
  await using upstream = await startFakeUpstream()
  const secret = canary('password')
  upstream.always(errorReply(401, `The token ${secret} is wrong`))
  await using rig = await startPoolRig(upstream, {
    keys: 2,
    pool: { credentials: [{ values: { apiKey: new Secret(secret) }, from: 'data/tokens.txt:1' }] },
  })
  const { text } = await rig.ask()
  expect(rig.leaks(text)).toEqual([])
  expect(JSON.stringify([text, rig.events, rig.pool.stats()])).not.toContain(secret.slice(0, -4))
})
