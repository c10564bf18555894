import { DragomanError } from '@dragoman/core'
import { expect, test } from 'vitest'
import type { TokenPoolOptions } from './pool-options.ts'
import {
  aborted,
  awaited,
  type FakeSignIn,
  failed,
  fakeSignIn,
  leased,
  ok,
  poolOf,
  refusalOf,
  revealed,
  source,
  type TestPool,
  turn,
} from './test-pool.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

function signingIn(count: number, options: Partial<TokenPoolOptions> = {}): TestPool & { signIn: FakeSignIn } {
  const signIn = fakeSignIn()
  return { ...poolOf(count, { acquire: signIn.acquire, ...options }), signIn }
}

/** With a session that lives that long. */
async function signedIn(count: number, lifeMs?: number, options: Partial<TokenPoolOptions> = {}) {
  const test = signingIn(count, options)
  const signedIn = test.pool.refresh()
  for (let at = 0; at < count; at++) {
    await test.signIn.resolve({ expiresAt: lifeMs === undefined ? undefined : test.clock.now() + lifeMs })
  }
  await signedIn
  return test
}

const rejected = (message = 'wrong password') => new DragomanError('credential_rejected', message)

test('the first lease signs in, and all who come meanwhile share it', async () => {
  const { pool, signIn, events } = signingIn(1)
  const leases = Array.from({ length: 50 }, () => awaited(pool))
  expect(pool.stats()).toMatchObject({ waiting: 50, refresh: { isEnabled: true, running: 1 } })
  expect(signIn.calls.map(({ values }) => values)).toEqual([{ apiKey: 'sk-key-of-many-characters-1' }])
  await signIn.resolve({ token: 't' })
  const credentials = new Set((await Promise.all(leases)).map(({ credential }) => credential))
  expect([...credentials].map(({ id, values }) => [id, revealed({ values })])).toEqual([['zai:1', { token: 't' }]])
  expect(signIn.calls).toHaveLength(1)
  expect(events).toMatchObject([{ type: 'refreshed', id: 'zai:1', durationMs: 0 }])
})

test('where all are busy each lease has one more account signed in, in the background', async () => {
  const { pool, signIn } = signingIn(3)
  const first = awaited(pool)
  await signIn.resolve()
  expect((await first).credential.id).toBe('zai:1')
  expect(leased(pool).credential.id).toBe('zai:1')
  expect(signIn.calls).toHaveLength(2)
  await signIn.resolve()
  expect(leased(pool).credential.id).toBe('zai:2')
  expect(signIn.calls).toHaveLength(2)
  leased(pool)
  expect(signIn.calls).toHaveLength(3)
})

test('requests one after the other need one account', async () => {
  const { pool, signIn } = signingIn(3)
  const first = awaited(pool)
  await signIn.resolve()
  ;(await first).settle(ok)
  for (let at = 0; at < 10; at++) leased(pool).settle(ok)
  expect(signIn.calls).toHaveLength(1)
  // Where it may not be used, another one is needed.
  const { credential } = leased(pool)
  const other = awaited(pool, { exclude: new Set([credential]) })
  await signIn.resolve()
  expect((await other).credential.id).toBe('zai:2')
})

test('a thousand accounts do not sign in at the same moment', async () => {
  const { pool, signIn } = signingIn(1_000)
  const leases = Array.from({ length: 1_000 }, () => awaited(pool))
  expect(signIn.calls).toHaveLength(8)
  // What nobody waits for runs beside it, eight at a time as well.
  pool.refresh()
  expect(signIn.calls).toHaveLength(16)
  for (let at = 0; at < 8; at++) await signIn.resolve()
  expect(signIn.calls).toHaveLength(16)
  await signIn.resolve()
  expect(signIn.calls).toHaveLength(17)
  await Promise.all(leases)
  pool.close()
})

test('accounts that do not get in give way to the next ones', async () => {
  const { pool, signIn } = signingIn(10)
  const waiting = awaited(pool)
  for (let at = 0; at < 8; at++) awaited(pool).catch(() => {})
  expect(signIn.calls).toHaveLength(8)
  for (let at = 0; at < 9; at++) await signIn.reject(rejected())
  expect(signIn.calls).toHaveLength(10)
  await signIn.resolve()
  expect((await waiting).credential.id).toBe('zai:10')
})

test('ahead of its end a session is renewed while the old one serves', async () => {
  const { pool, clock, signIn } = await signedIn(1, HOUR)
  await clock.advance(HOUR - 5 * MINUTE - 1)
  expect(signIn.calls).toHaveLength(1)
  await clock.advance(1)
  expect(signIn.calls).toHaveLength(2)
  expect(pool.status()).toMatchObject([{ state: 'ready', isRefreshing: true }])
  const old = leased(pool)
  await signIn.resolve({ token: 'new', expiresAt: clock.now() + HOUR })
  expect(revealed(leased(pool).credential)).toEqual({ token: 'new' })
  old.settle(ok)
  expect(pool.stats().refresh).toMatchObject({ succeeded: 2, failed: 0, running: 0, nextAt: clock.now() + 55 * MINUTE })
})

test('a short life is renewed when a tenth of it is left', async () => {
  const { clock, signIn } = await signedIn(1, 10 * MINUTE)
  await clock.advance(9 * MINUTE - 1)
  expect(signIn.calls).toHaveLength(1)
  await clock.advance(1)
  expect(signIn.calls).toHaveLength(2)
})

test('past its end leases wait for the new one', async () => {
  const { pool, clock, signIn } = await signedIn(1, 10 * MINUTE, { acquireTimeoutMs: 5 * MINUTE })
  await clock.advance(10 * MINUTE)
  const waiting = awaited(pool)
  expect(signIn.calls).toHaveLength(2)
  await signIn.resolve({ token: 'new' })
  expect(revealed((await waiting).credential)).toEqual({ token: 'new' })
})

test('a session that nobody uses is not renewed by the second', async () => {
  const { clock, signIn } = await signedIn(1, 1_000)
  await clock.advance(HOUR)
  expect(signIn.calls).toHaveLength(1)
})

test('the interval renews what does not expire', async () => {
  const { pool, clock, signIn } = await signedIn(1, undefined, { refreshIntervalMs: HOUR })
  expect(pool.stats().refresh).toMatchObject({ intervalMs: HOUR, nextAt: clock.now() + HOUR })
  await clock.advance(HOUR - 1)
  expect(signIn.calls).toHaveLength(1)
  await clock.advance(1)
  expect(signIn.calls).toHaveLength(2)
})

test('a rejected session is not leased again, and is renewed once', async () => {
  const { pool, signIn, events } = await signedIn(1)
  const leases = Array.from({ length: 5 }, () => leased(pool))
  for (const lease of leases) lease.settle(failed('credential_rejected'))
  expect(signIn.calls).toHaveLength(2)
  const waiting = awaited(pool)
  await signIn.resolve({ token: 'new' })
  const renewed = await waiting
  expect(revealed(renewed.credential)).toEqual({ token: 'new' })
  expect(pool.status()).toMatchObject([{ state: 'ready', consecutiveFailures: 1, failures: 5 }])
  renewed.settle(ok)
  expect(events.map(({ type }) => type)).toEqual(['refreshed', 'refreshed'])
})

test('a late 401 of an older session does nothing', async () => {
  const { pool, signIn } = await signedIn(1)
  const [late, early] = [leased(pool), leased(pool)]
  early.settle(failed('credential_rejected'))
  await signIn.resolve()
  late.settle(failed('credential_rejected'))
  expect(signIn.calls).toHaveLength(2)
  expect(pool.stats()).toMatchObject({ available: 1, consecutiveAuthFailures: 1 })
  leased(pool)
})

test('a service that rejects whatever it has just given is left alone for a while', async () => {
  const { pool, clock, signIn } = await signedIn(1)
  leased(pool).settle(failed('credential_rejected'))
  await signIn.resolve({ token: 'second' })
  leased(pool).settle(failed('credential_rejected'))
  expect(signIn.calls).toHaveLength(2)
  expect(refusalOf(pool).message).toBe(
    'zai has no usable credential: zai:1 is rejected (401) until 2026-01-01T00:00:30Z',
  )
  await clock.advance(30_000)
  leased(pool).settle(failed('credential_rejected'))
  expect(refusalOf(pool).retryAfterMs).toBe(60_000)
  expect(signIn.calls).toHaveLength(2)
  await clock.advance(60_000)
  leased(pool).settle(failed('credential_rejected'))
  expect(signIn.calls).toHaveLength(3)
  const probe = awaited(pool)
  await signIn.resolve({ token: 'third' })
  ;(await probe).settle(ok)
  expect(pool.status()).toMatchObject([{ state: 'ready', consecutiveFailures: 0 }])
})

test('a 401 for one model beside successes for another signs in once a minute at most', async () => {
  const { pool, clock, signIn } = await signedIn(1)
  for (let second = 0; second < 600; second++) {
    for (const [model, outcome] of [
      ['a', failed('credential_rejected')],
      ['b', ok],
    ] as const) {
      if (pool.status()[0]?.state === 'ready' && !pool.status()[0]?.isRefreshing)
        leased(pool, { model }).settle(outcome)
      if (pool.stats().refresh.running > 0) await signIn.resolve()
    }
    await clock.advance(1_000)
  }
  expect(signIn.calls.length).toBeGreaterThan(5)
  expect(signIn.calls.length).toBeLessThanOrEqual(11)
})

test('a rejected session that is being renewed anyway rests nothing', async () => {
  const { pool, clock, signIn } = await signedIn(1)
  await clock.advance(MINUTE)
  const lease = leased(pool)
  for (let at = 0; at < 2; at++) leased(pool, { model: `${at}` }).settle(failed('credential_forbidden'))
  expect(signIn.calls).toHaveLength(2)
  lease.settle(failed('credential_rejected'))
  await signIn.resolve({ token: 'new' })
  expect(revealed(leased(pool).credential)).toEqual({ token: 'new' })
})

test('two authentication failures in a row renew all, once', async () => {
  const { pool, clock, signIn } = await signedIn(3)
  await clock.advance(MINUTE)
  const fail = () => leased(pool, { model: 'm' }).settle(failed('credential_forbidden'))
  fail()
  expect(signIn.calls).toHaveLength(3)
  fail()
  expect(signIn.calls).toHaveLength(6)
  // The old sessions serve meanwhile.
  fail()
  for (let at = 0; at < 3; at++) await signIn.resolve()
  expect(signIn.calls).toHaveLength(6)
  expect(pool.stats().consecutiveAuthFailures).toBe(3)
})

test('a success between them renews none', async () => {
  const { pool, clock, signIn } = await signedIn(3)
  await clock.advance(MINUTE)
  leased(pool, { model: 'm' }).settle(failed('credential_forbidden'))
  leased(pool, { model: 'm' }).settle(ok)
  leased(pool, { model: 'm' }).settle(failed('credential_forbidden'))
  expect(signIn.calls).toHaveLength(3)
})

test('a 403 for a model of one that worked in the last minute makes no session suspect', async () => {
  const { pool, clock, signIn } = await signedIn(2)
  const refused = (model: string | undefined) => {
    for (let at = 0; at < 2; at++) leased(pool, { model }).settle(failed('credential_forbidden'))
  }
  for (const lease of [leased(pool), leased(pool)]) lease.settle(ok)
  await clock.advance(MINUTE - 1)
  refused('a')
  expect(pool.stats().consecutiveAuthFailures).toBe(0)
  await clock.advance(1)
  refused('b')
  expect(signIn.calls).toHaveLength(4)
})

test('all are renewed on suspicion once a minute at most', async () => {
  const { pool, clock, signIn } = await signedIn(2)
  const refused = async () => {
    for (let at = 0; at < 2; at++) leased(pool).settle(failed('credential_forbidden'))
    while (pool.stats().refresh.running > 0) await signIn.resolve()
    pool.resetAll()
  }
  await refused()
  expect(signIn.calls).toHaveLength(4)
  // Nor one that was not renewed then.
  pool.add([source('3')])
  pool.refresh('zai:3')
  await signIn.resolve()
  expect(signIn.calls).toHaveLength(5)
  await clock.advance(MINUTE - 1)
  await refused()
  expect(signIn.calls).toHaveLength(5)
  await clock.advance(1)
  await refused()
  expect(signIn.calls).toHaveLength(8)
})

test('what was renewed since the first of them is left alone', async () => {
  const { pool, clock, signIn } = await signedIn(2)
  await clock.advance(MINUTE)
  leased(pool, { model: 'm' }).settle(failed('credential_forbidden'))
  pool.refresh('zai:2')
  await signIn.resolve()
  leased(pool, { model: 'm' }).settle(failed('credential_forbidden'))
  expect(signIn.calls.slice(3).map(({ values }) => values.apiKey)).toEqual(['sk-key-of-many-characters-1'])
})

test('nobody who leaves ends what others wait for', async () => {
  const { pool, signIn } = signingIn(1)
  const controller = new AbortController()
  const leaving = awaited(pool, { signal: controller.signal })
  const staying = awaited(pool)
  controller.abort(new Error('left'))
  await expect(leaving).rejects.toThrow('left')
  expect(signIn.calls[0]?.signal.aborted).toBe(false)
  await signIn.resolve()
  ;(await staying).settle(aborted)
  expect(pool.stats()).toMatchObject({ inFlight: 0, waiting: 0 })
})

test('an acquisition has its time', async () => {
  const { pool, clock, signIn, events } = signingIn(1, { acquireTimeoutMs: 10_000 })
  const waiting = expect(awaited(pool)).rejects.toMatchObject({
    message: 'zai has no usable credential: zai:1 sign-in failed: upstream_timeout until 2026-01-01T00:00:15Z',
    retryAfterMs: 5_000,
  })
  await clock.advance(10_000)
  await waiting
  expect(signIn.calls[0]?.signal.aborted).toBe(true)
  expect(events).toMatchObject([{ type: 'refresh-failed', reason: 'upstream_timeout', until: clock.now() + 5_000 }])
})

test('after a failure the next try waits longer and longer, up to the cap', async () => {
  const { pool, clock, signIn } = signingIn(1, { maxCooldownMs: MINUTE })
  for (const waitMs of [5_000, 10_000, 20_000, 40_000, MINUTE, MINUTE]) {
    const waiting = expect(awaited(pool)).rejects.toMatchObject({ code: 'no_credential' })
    await signIn.reject(rejected())
    await waiting
    expect(pool.status()).toMatchObject([
      { state: 'cooling', reason: 'sign-in failed: credential_rejected', until: clock.now() + waitMs },
    ])
    await clock.advance(waitMs - 1)
    expect(refusalOf(pool).retryAfterMs).toBe(1)
    await clock.advance(1)
  }
  expect(pool.stats().refresh).toMatchObject({ failed: 6, succeeded: 0, lastError: 'zai:1: credential_rejected' })
  const waiting = awaited(pool)
  await signIn.resolve()
  ;(await waiting).settle(ok)
  expect(pool.status()).toMatchObject([{ state: 'ready' }])
})

test('while the old session is valid it serves on, and renewing is tried again', async () => {
  const { pool, clock, signIn } = await signedIn(1, HOUR)
  await clock.advance(55 * MINUTE)
  await signIn.reject(new DragomanError('upstream_unavailable', 'down'))
  expect(pool.status()).toMatchObject([{ state: 'ready' }])
  leased(pool).settle(ok)
  await clock.advance(5_000)
  expect(signIn.calls).toHaveLength(3)
  await signIn.resolve({ token: 'new' })
  expect(revealed(leased(pool).credential)).toEqual({ token: 'new' })
})

test.each([
  ['credential_disabled', { code: 'no_credential' }],
  ['upstream_challenge', { code: 'upstream_challenge', message: expect.stringMatching(/captcha.*; give a token of/) }],
] as const)('a sign-in that ends with %s disables, and whoever waits is told', async (code, told) => {
  const { pool, signIn } = signingIn(1)
  const waiting = expect(awaited(pool)).rejects.toMatchObject(told)
  await signIn.reject(new DragomanError(code, 'see sk-key-of-many-characters-1'))
  await waiting
  expect(pool.status()).toMatchObject([{ state: 'disabled', reason: expect.stringContaining('[secret]') }])
})

test('a renewal gets the last session over what was given, and what was given alone where that is rejected', async () => {
  const { pool, signIn } = await signedIn(1)
  pool.refresh()
  expect(signIn.calls[1]?.values).toEqual({ apiKey: 'sk-key-of-many-characters-1', token: 'session-1' })
  await signIn.reject(rejected('refresh token used'))
  expect(signIn.calls[2]?.values).toEqual({ apiKey: 'sk-key-of-many-characters-1' })
  await signIn.resolve({ token: 'new' })
  expect(revealed(leased(pool).credential)).toEqual({ token: 'new' })
  expect(pool.stats().refresh).toMatchObject({ succeeded: 2, failed: 0 })
})

test('a session that has expired when it is new is used, and renewed after a minute, then two, then four', async () => {
  const { pool, clock, signIn } = await signedIn(1, -HOUR)
  for (const [calls, minutes] of [
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 8],
    [5, 10],
    [6, 10],
  ] as const) {
    leased(pool).settle(ok)
    await clock.advance(minutes * MINUTE - 1)
    expect(signIn.calls).toHaveLength(calls)
    await clock.advance(1)
    expect(signIn.calls).toHaveLength(calls + 1)
    await signIn.resolve({ expiresAt: clock.now() - 1 })
  }
})

test('a refresh by hand renews all that are not disabled, or one, and tells what came of it', async () => {
  const { pool, signIn } = await signedIn(3)
  pool.disable('zai:2')
  const all = pool.refresh()
  await signIn.reject(new DragomanError('upstream_unavailable', 'down'))
  await signIn.resolve()
  expect(await all).toMatchObject([
    { id: 'zai:1', ok: false, error: { code: 'upstream_unavailable' } },
    { id: 'zai:3', ok: true },
  ])
  const one = pool.refresh('zai:2')
  await signIn.resolve()
  expect(await one).toEqual([{ id: 'zai:2', ok: true }])
  expect(pool.status()).toMatchObject([{ state: 'ready' }, { state: 'disabled' }, { state: 'ready' }])
})

test('a refresh by hand waits for no cooldown of failed ones', async () => {
  const { pool, signIn } = signingIn(1)
  awaited(pool).catch(() => {})
  await signIn.reject(rejected())
  const result = pool.refresh('zai:1')
  await signIn.resolve()
  expect(await result).toEqual([{ id: 'zai:1', ok: true }])
  leased(pool)
})

test('what cannot be renewed says so', async () => {
  const { pool } = poolOf(1)
  expect(await pool.refresh()).toMatchObject([{ id: 'zai:1', ok: false, error: { code: 'invalid_request' } }])
})

test('never two at a time, also where it was removed and added again', async () => {
  const { pool, signIn } = signingIn(1)
  awaited(pool).catch(() => {})
  pool.remove('zai:1')
  pool.add([source('1')])
  const waiting = awaited(pool)
  pool.refresh()
  expect(signIn.calls).toHaveLength(1)
  await signIn.resolve()
  ;(await waiting).settle(ok)
  expect(signIn.calls).toHaveLength(1)
})

test('a renewal that outlives its credential takes nothing from the one that came in its place', async () => {
  const calls: string[] = []
  const finish = new Map<string, () => void>()
  const { pool, clock } = poolOf(3, {
    refreshIntervalMs: HOUR,
    acquire: ({ id, values }) => {
      calls.push(id)
      return new Promise((resolve) => finish.set(id, () => resolve({ id, values })))
    },
  })
  const end = async (...ids: string[]) => {
    for (const id of ids) finish.get(id)?.()
    await turn()
  }
  pool.refresh()
  await end('zai:1', 'zai:2', 'zai:3')
  pool.refresh('zai:1')
  pool.remove('zai:1')
  pool.add([source('4')])
  pool.refresh('zai:4')
  await end('zai:4')
  await clock.advance(1_000)
  pool.refresh('zai:2')
  await end('zai:2')
  await end('zai:1')
  calls.length = 0
  await clock.advance(HOUR)
  expect(calls.sort()).toEqual(['zai:2', 'zai:3', 'zai:4'])
})

test('closing ends acquisitions and leaves no timer', async () => {
  const { pool, clock, signIn } = await signedIn(2, HOUR)
  const result = pool.refresh()
  pool.close()
  expect(clock.pending).toBe(0)
  expect(signIn.calls.slice(2).map(({ signal }) => signal.aborted)).toEqual([true, true])
  expect(await result).toMatchObject([{ ok: false }, { ok: false }])
  await turn()
  expect(clock.pending).toBe(0)
  expect(pool.stats().refresh.running).toBe(0)
  expect(await pool.refresh('zai:1')).toMatchObject([{ ok: false, error: { message: 'zai is closed' } }])
})

test('an acquisition that throws at once is a failure like every other', async () => {
  const { pool } = poolOf(1, {
    acquire: () => {
      throw new TypeError('oops')
    },
  })
  await expect(awaited(pool)).rejects.toMatchObject({ message: expect.stringContaining('sign-in failed: internal') })
})
