import { isDragomanError, type Lease } from '@dragoman/core'
import { expect, test } from 'vitest'
import { awaited, failed, fakeSignIn, leased, ok, poolOf, refusalOf, revealed } from './test-pool.ts'

const HOUR = 3_600_000
const DAYS_18 = 1_587_827_000

test('fault 7: after a 429 the next key serves at once, and nobody sleeps', async () => {
  const { pool, clock } = poolOf(2)
  const first = leased(pool, { model: 'm' })
  first.settle(failed('rate_limited', 2_000))
  const exclude = new Set([first.credential])
  const second = leased(pool, { model: 'm', exclude })
  expect([first, second].map(({ credential }) => credential.id)).toEqual(['zai:1', 'zai:2'])
  expect(clock.pending).toBe(0)
  second.settle(failed('rate_limited', 5_000))
  expect(refusalOf(pool, { model: 'm', exclude })).toMatchObject({
    code: 'rate_limit_exceeded',
    status: 429,
    retryAfterMs: 2_000,
  })
  expect(leased(pool, { model: 'another' })).toBeDefined()
  expect(clock.pending).toBe(0)
})

test('fault 8: a wait of 18 days is capped, shown, and ended by one probe', async () => {
  const { pool, clock } = poolOf(1)
  leased(pool).settle(failed('credential_exhausted', DAYS_18))
  expect(pool.status()).toMatchObject([
    { state: 'cooling', until: clock.now() + 600_000, askedUntil: clock.now() + DAYS_18 },
  ])
  await clock.advance(599_999)
  expect(refusalOf(pool)).toMatchObject({ code: 'insufficient_quota', retryAfterMs: 1 })
  await clock.advance(1)
  const probe = leased(pool)
  expect(refusalOf(pool).message).toContain('zai:1 was out of quota and is being tried')
  probe.settle(failed('credential_exhausted', DAYS_18))
  expect(refusalOf(pool).retryAfterMs).toBe(600_000)
  await clock.advance(600_000)
  leased(pool).settle(ok)
  expect(pool.status()).toMatchObject([{ state: 'ready', consecutiveFailures: 0 }])
  expect([leased(pool), leased(pool)]).toHaveLength(2)
})

test('fault 9: quota that is back early is found by the next probe, without an admin', async () => {
  const { pool, clock, events } = poolOf(2)
  for (let at = 0; at < 2; at++) leased(pool).settle(failed('credential_exhausted', DAYS_18))
  expect(pool.stats()).toMatchObject({ available: 0, cooling: 2 })
  await clock.advance(600_000)
  leased(pool).settle(ok)
  leased(pool).settle(ok)
  expect(pool.stats()).toMatchObject({ available: 2, cooling: 0, disabled: 0 })
  expect(events.map(({ type }) => type)).toEqual(['cooling', 'cooling', 'recovered', 'recovered'])
})

test('fault 10: a hundred leases of an expired session make one sign-in, and all go on with the new one', async () => {
  const signIn = fakeSignIn()
  const { pool } = poolOf(1, { acquire: signIn.acquire })
  const first = awaited(pool)
  await signIn.resolve({ token: 'expired' })
  ;(await first).settle(ok)

  const call = (lease: Lease) => (revealed(lease.credential).token === 'expired' ? failed('credential_rejected') : ok)
  const request = async () => {
    const lease = leased(pool)
    await Promise.resolve()
    lease.settle(call(lease))
    const again = await pool.lease({ signal: new AbortController().signal, exclude: new Set([lease.credential]) })
    again.settle(call(again))
    return revealed(again.credential).token
  }
  const requests = Promise.all(Array.from({ length: 100 }, request))
  await Promise.resolve()
  await signIn.resolve({ token: 'new' })
  expect(new Set(await requests)).toEqual(new Set(['new']))
  expect(signIn.calls).toHaveLength(2)
  expect(pool.stats()).toMatchObject({ inFlight: 0, waiting: 0, available: 1, refresh: { succeeded: 2 } })
})

test('fault 10: the others go on while one signs in', async () => {
  const signIn = fakeSignIn()
  const { pool } = poolOf(2, { acquire: signIn.acquire })
  const [first] = [awaited(pool), awaited(pool)]
  for (let at = 0; at < 2; at++) await signIn.resolve()
  const lease = await first
  lease.settle(failed('credential_rejected'))
  const ids = Array.from({ length: 5 }, () => leased(pool).credential.id)
  expect(ids).not.toContain(lease.credential.id)
  expect(pool.status().find(({ id }) => id === lease.credential.id)).toMatchObject({
    state: 'ready',
    isRefreshing: true,
  })
})

test('fault 11: a banned key is used once, and not again by itself', async () => {
  const { pool, clock } = poolOf(3)
  const uses: string[] = []
  for (let round = 0; round < 5; round++) {
    for (;;) {
      try {
        const lease = leased(pool)
        uses.push(lease.credential.id)
        lease.settle(failed('credential_disabled'))
      } catch (error) {
        expect(isDragomanError(error) && error.code).toBe('no_credential')
        expect(isDragomanError(error) && error.retryAfterMs).toBeUndefined()
        break
      }
    }
    await clock.advance(24 * HOUR)
  }
  expect(uses).toEqual(['zai:1', 'zai:2', 'zai:3'])
  expect(pool.stats()).toMatchObject({ disabled: 3, available: 0 })
  pool.enable('zai:2')
  expect(leased(pool).credential.id).toBe('zai:2')
})

test.each([
  ['back', -HOUR],
  ['ahead', HOUR],
])(
  'fault 83: a wall clock that jumps %s an hour leaves nothing stuck and shows no negative time',
  async (_, jumpMs) => {
    const signIn = fakeSignIn()
    const { pool, clock } = poolOf(2, { acquire: signIn.acquire, maxConcurrent: 1, acquireTimeoutMs: 10_000 })
    const leases = [awaited(pool), awaited(pool)]
    for (let at = 0; at < 2; at++) await signIn.resolve({ expiresAt: clock.now() + HOUR })
    const [one, two] = await Promise.all(leases)
    one?.settle(failed('rate_limited', 60_000))
    const waiting = expect(awaited(pool, { waitMs: 2_000 })).rejects.toMatchObject({ code: 'no_credential' })
    await clock.advance(1_000)

    clock.jump(jumpMs)
    expect(pool.status()[0]).toMatchObject({
      state: 'cooling',
      until: clock.now() + 59_000,
      lastUsedAt: clock.now() - 1_000,
    })
    expect(refusalOf(pool, { waitMs: 0 }).message).toContain('zai:2 is at its limit of 1')
    await clock.advance(1_000)
    await waiting
    two?.settle(ok)
    expect(leased(pool).credential.id).toBe('zai:2')
    await clock.advance(57_999)
    expect(pool.status()[0]).toMatchObject({ state: 'cooling', until: clock.now() + 1 })
    await clock.advance(1)
    leased(pool).settle(ok)
    expect(pool.status()[0]).toMatchObject({ state: 'ready' })

    // Sessions are renewed when their life is over by the clock that cannot be set.
    await clock.advance(54 * 60_000 - 1)
    expect(signIn.calls).toHaveLength(2)
    await clock.advance(1)
    expect(signIn.calls).toHaveLength(4)
    for (const { until = clock.now() } of pool.status()) expect(until).toBeGreaterThanOrEqual(clock.now())
    pool.close()
    expect(clock.pending).toBe(0)
  },
)
