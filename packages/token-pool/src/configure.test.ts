import { credential } from '@dragoman/core'
import { expect, test } from 'vitest'
import { memoryVault } from './memory-vault.ts'
import { awaited, failed, idsOf, leased, ok, poolOf, refusalOf, source } from './test-pool.ts'

test('other settings change no state: leases that run count, what rests goes on resting', async () => {
  const { pool } = poolOf(3)
  const running = leased(pool)
  leased(pool).settle(failed('rate_limited'))
  pool.disable('zai:3')
  const before = pool.stats().credentials
  pool.configure({ maxConcurrent: 1, strategy: 'round-robin' })
  expect(pool.stats()).toMatchObject({ credentials: before, inFlight: 1, strategy: 'round-robin', available: 0 })
  const waiting = awaited(pool)
  running.settle(ok)
  const next = await waiting
  expect(next.credential.id).toBe('zai:1')
  next.settle(ok)
  expect(pool.stats()).toMatchObject({ inFlight: 0, available: 1, cooling: 1, disabled: 1 })
})

test('whoever waits is served at once where more leases are allowed', async () => {
  const { pool } = poolOf(2, { maxConcurrent: 1 })
  idsOf(pool, 2)
  const waiting = [awaited(pool), awaited(pool)]
  pool.configure({ maxConcurrent: 2 })
  const ids = (await Promise.all(waiting)).map((lease) => lease.credential.id)
  expect(ids.sort()).toEqual(['zai:1', 'zai:2'])
})

test('what is full before and after can still be waited for', async () => {
  const { pool } = poolOf(1, { maxConcurrent: 1 })
  const running = leased(pool)
  pool.configure({ maxConcurrent: 1, strategy: 'round-robin' })
  const waiting = awaited(pool)
  running.settle(ok)
  expect((await waiting).credential.id).toBe('zai:1')
})

test('fewer leases than run are allowed: none more until they are that few', () => {
  const { pool } = poolOf(1)
  const running = [leased(pool), leased(pool)]
  pool.configure({ maxConcurrent: 1, waitMs: 0 })
  for (const lease of running) {
    expect(refusalOf(pool).code).toBe('no_credential')
    lease.settle(ok)
  }
  leased(pool)
})

test('weights count from then on, for what was used before as well', () => {
  const credentials = [source('a', { weight: 3 }), source('b', { weight: 1 })]
  const { pool } = poolOf(0, { credentials })
  for (let n = 0; n < 40; n++) leased(pool).settle(ok)
  pool.configure({ strategy: 'weighted' })
  const ids = idsOf(pool, 400)
  expect(ids.filter((id) => id === 'zai:1')).toHaveLength(300)
})

test('what is new gets its part and no more, whatever was used before', () => {
  const { pool } = poolOf(2, { strategy: 'weighted' })
  for (let n = 0; n < 100; n++) leased(pool).settle(ok)
  pool.configure({ strategy: 'weighted', maxConcurrent: 1_000 })
  pool.add([source('3')])
  expect(idsOf(pool, 30).filter((id) => id === 'zai:3')).toHaveLength(10)
})

test('what rests for a model is stepped over as before', () => {
  const { pool } = poolOf(2)
  leased(pool, { model: 'm' }).settle(failed('rate_limited'))
  pool.configure({ strategy: 'round-robin' })
  const affinityKey = () => {
    throw new Error('asked, although there is no choice')
  }
  expect(idsOf(pool, 2, { model: 'm', affinityKey })).toEqual(['zai:2', 'zai:2'])
})

test('a session is found again only by a pool for the same places', async () => {
  const vault = memoryVault()
  let signIns = 0
  const poolFor = (places: string) =>
    poolOf(1, { vault, places, acquire: async ({ id }) => credential({ token: `session-${++signIns}` }, id) }).pool
  const tokenOf = async (places: string) => (await awaited(poolFor(places))).credential.values.token?.reveal()
  expect(await tokenOf('a.example')).toBe('session-1')
  expect(await tokenOf('b.example')).toBe('session-2')
  expect(await tokenOf('a.example')).toBe('session-1')
})
