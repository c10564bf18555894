import type { Lease } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { LeaseQueue } from './lease-queue.ts'
import { awaited, failed, fakeSignIn, idsOf, leased, ok, poolOf, refusalOf, source, turn } from './test-pool.ts'

test('first come, first served', async () => {
  const { pool, clock } = poolOf(1, { maxConcurrent: 1 })
  const order: string[] = []
  let running = leased(pool)
  const waiters = ['a', 'b', 'c'].map((name) =>
    awaited(pool).then((lease) => {
      order.push(name)
      return lease
    }),
  )
  expect(pool.stats()).toMatchObject({ waiting: 3, inFlight: 1, available: 0 })
  for (const waiter of waiters) {
    running.settle(ok)
    running = await waiter
    expect(pool.stats().inFlight).toBe(1)
  }
  running.settle(ok)
  expect(order).toEqual(['a', 'b', 'c'])
  expect(pool.stats()).toMatchObject({ waiting: 0, inFlight: 0 })
  expect(clock.pending).toBe(0)
})

test('nobody waits while one is free', () => {
  const { pool } = poolOf(2, { maxConcurrent: 1 })
  expect(idsOf(pool, 2)).toEqual(['zai:1', 'zai:2'])
  awaited(pool).catch(() => {})
  pool.close()
})

test('who cannot use what became free does not hold up those behind him', async () => {
  const { pool } = poolOf(2, { maxConcurrent: 1 })
  leased(pool, { model: 'm' }).settle(failed('rate_limited', 60_000))
  const [two, one] = [leased(pool), leased(pool)]
  expect([one, two].map(({ credential }) => credential.id)).toEqual(['zai:1', 'zai:2'])
  const forModel = awaited(pool, { model: 'm' })
  const other = awaited(pool)
  one.settle(ok)
  expect((await other).credential.id).toBe('zai:1')
  two.settle(ok)
  expect((await forModel).credential.id).toBe('zai:2')
})

test('waiting ends by its time, and says what was waited for', async () => {
  const { pool, clock } = poolOf(1, { maxConcurrent: 2 })
  idsOf(pool, 2)
  const waiting = awaited(pool, { waitMs: 5_000 })
  const outcome = expect(waiting).rejects.toMatchObject({
    code: 'no_credential',
    message: 'zai had no free credential within 5000 ms: zai:1 is at its limit of 2',
  })
  await clock.advance(5_000)
  await outcome
  expect(pool.stats().waiting).toBe(0)
  expect(refusalOf(pool, { waitMs: 0 }).message).toMatch(/within 0 ms/)
})

test('by default it takes 30 seconds, or what the pool says', async () => {
  for (const [waitMs, ms] of [
    [undefined, 30_000],
    [7_000, 7_000],
  ] as const) {
    const { pool, clock } = poolOf(1, { maxConcurrent: 1, waitMs })
    leased(pool)
    const waiting = expect(awaited(pool)).rejects.toMatchObject({ code: 'no_credential' })
    await clock.advance(ms - 1)
    expect(pool.stats().waiting).toBe(1)
    await clock.advance(1)
    await waiting
  }
})

test('who leaves gets the reason and no lease', async () => {
  const { pool, clock } = poolOf(1, { maxConcurrent: 1 })
  const lease = leased(pool)
  const controller = new AbortController()
  const waiting = awaited(pool, { signal: controller.signal })
  const reason = new Error('left')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  lease.settle(ok)
  expect(pool.stats()).toMatchObject({ waiting: 0, inFlight: 0 })
  expect(clock.pending).toBe(0)
})

test('who has left without a word is passed over', async () => {
  const { pool } = poolOf(1, { maxConcurrent: 1 })
  const lease = leased(pool)
  const silent = { aborted: false, reason: new Error('left'), addEventListener() {}, removeEventListener() {} }
  const gone = expect(awaited(pool, { signal: silent })).rejects.toBe(silent.reason)
  const next = awaited(pool)
  silent.aborted = true
  lease.settle(ok)
  await gone
  ;(await next).settle(ok)
  expect(pool.stats()).toMatchObject({ waiting: 0, inFlight: 0 })
})

test('no more wait than may', () => {
  const { pool } = poolOf(1, { maxConcurrent: 1, maxWaiting: 2 })
  leased(pool)
  const waiting = [awaited(pool), awaited(pool)]
  expect(refusalOf(pool)).toMatchObject({ code: 'overloaded', message: '2 requests wait for a credential of zai' })
  for (const each of waiting) each.catch(() => {})
  pool.close()
})

test('whoever waits for one that begins to cool is told at once', async () => {
  const { pool } = poolOf(1, { maxConcurrent: 1 })
  const lease = leased(pool, { model: 'm' })
  const forModel = expect(awaited(pool, { model: 'm' })).rejects.toMatchObject({
    code: 'rate_limit_exceeded',
    retryAfterMs: 9_000,
  })
  const forOther = awaited(pool, { model: 'n' })
  lease.settle(failed('rate_limited', 9_000))
  await forModel
  expect((await forOther).credential.id).toBe('zai:1')
})

test('whoever waits for one that is removed or disabled is told at once', async () => {
  for (const end of ['remove', 'disable'] as const) {
    const { pool } = poolOf(1, { maxConcurrent: 1 })
    leased(pool)
    const waiting = expect(awaited(pool)).rejects.toMatchObject({ code: 'no_credential' })
    pool[end]('zai:1')
    await waiting
  }
})

test('what is added, enabled or reset serves whoever waits', async () => {
  const { pool } = poolOf(2, { maxConcurrent: 1 })
  leased(pool).settle(failed('credential_exhausted'))
  leased(pool)
  const waiting = [awaited(pool), awaited(pool), awaited(pool)]
  pool.reset('zai:1')
  expect((await waiting[0])?.credential.id).toBe('zai:1')
  pool.add([source('3')])
  expect((await waiting[1])?.credential.id).toBe('zai:3')
  pool.add([source('4')])
  expect((await waiting[2])?.credential.id).toBe('zai:4')
})

test('a cooldown that ends meanwhile serves whoever waits for another one', async () => {
  const { pool, clock } = poolOf(2, { maxConcurrent: 1 })
  leased(pool).settle(failed('credential_exhausted', 10_000))
  leased(pool)
  const waiting = awaited(pool)
  await clock.advance(10_000)
  const probe = await waiting
  expect(probe.credential.id).toBe('zai:1')
  probe.settle(ok)
  expect(clock.pending).toBe(0)
})

test('who waits for a renewal gets the new session, also where the old one is excluded', async () => {
  const signIn = fakeSignIn()
  const { pool } = poolOf(1, { acquire: signIn.acquire })
  const first = awaited(pool)
  await signIn.resolve()
  const lease = await first
  lease.settle(failed('credential_rejected'))
  const again = awaited(pool, { exclude: new Set([lease.credential]) })
  expect(pool.stats()).toMatchObject({ waiting: 1, cooling: 0 })
  await signIn.resolve()
  expect((await again).credential).not.toBe(lease.credential)
})

test('leases are granted one by one, whatever the order of settling', async () => {
  const { pool } = poolOf(3, { maxConcurrent: 1 })
  const open = Array.from({ length: 3 }, () => leased(pool))
  const got: Promise<Lease>[] = Array.from({ length: 30 }, () => awaited(pool))
  for (const waiting of got) {
    open.splice(1, 1)[0]?.settle(ok)
    open.push(await waiting)
    expect(pool.status().map(({ inFlight }) => inFlight)).toEqual([1, 1, 1])
  }
  await turn()
  for (const lease of open) lease.settle(ok)
  expect(pool.stats()).toMatchObject({ inFlight: 0, waiting: 0 })
})

test('closing refuses those who wait', async () => {
  const { pool, clock } = poolOf(1, { maxConcurrent: 1 })
  leased(pool)
  const waiting = expect(awaited(pool)).rejects.toMatchObject({ code: 'no_credential', message: 'zai is closed' })
  pool.close()
  await waiting
  expect(clock.pending).toBe(0)
})

test('those who wait for several models are served in the order in which they came', async () => {
  const { pool } = poolOf(1, { maxConcurrent: 1 })
  let running = leased(pool)
  const order: string[] = []
  const excluded = leased(poolOf(1).pool).credential
  const waiters = ['a', 'b', 'a', 'c', 'b'].map((model, at) =>
    awaited(pool, { model, exclude: at % 2 === 0 ? undefined : new Set([excluded]) }).then((lease) => {
      order.push(`${at}`)
      return lease
    }),
  )
  for (const waiter of waiters) {
    running.settle(ok)
    running = await waiter
  }
  expect(order).toEqual(['0', '1', '2', '3', '4'])
})

test('those who wait for another model are not asked one by one', () => {
  const asked: unknown[] = []
  const queue = new LeaseQueue(handClock())
  const { signal } = new AbortController()
  for (let at = 0; at < 1_000; at++) queue.wait({ signal, model: 'a' }, 1_000, () => undefined).catch(() => {})
  queue.refuseWhere((need) => void asked.push(need))
  expect(queue.first((need) => asked.push(need) < 0)).toBeUndefined()
  expect(asked).toEqual([{ model: 'a' }, { model: 'a' }])
  expect(queue.size).toBe(1_000)
})

test('those who run out of time together get one error, and those who came with other wishes their own', async () => {
  const { pool, clock } = poolOf(1, { maxConcurrent: 1 })
  leased(pool)
  const wishes = [{}, {}, { model: 'm' }, { model: 'm' }, { waitMs: 29_999 }]
  const errors = wishes.map((wish) => awaited(pool, wish).catch((error: unknown) => error))
  await clock.advance(30_000)
  const [one, two, three, four, five] = await Promise.all(errors)
  expect(two).toBe(one)
  expect(four).toBe(three)
  expect(new Set([one, three, five]).size).toBe(3)
})
