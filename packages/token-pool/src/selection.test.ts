import { expect, test } from 'vitest'
import { failed, idsOf, leased, ok, poolOf, source } from './test-pool.ts'

test('a key stays with its credential', () => {
  const { pool } = poolOf(3)
  leased(pool, { affinityKey: 'k' }).settle(ok)
  leased(pool, { affinityKey: 'l' }).settle(ok)
  for (let round = 0; round < 3; round++) {
    const [k, l] = [leased(pool, { affinityKey: 'k' }), leased(pool, { affinityKey: 'l' })]
    expect([k.credential.id, l.credential.id]).toEqual(['zai:1', 'zai:2'])
    k.settle(ok)
    l.settle(ok)
  }
  expect(idsOf(pool, 1)).toEqual(['zai:3'])
})

test('unless it has more than twice the load of the least; the key comes back', () => {
  const { pool } = poolOf(2)
  const affinityKey = 'k'
  const first = leased(pool, { affinityKey })
  expect(idsOf(pool, 2, { affinityKey })).toEqual(['zai:1', 'zai:2'])
  expect(idsOf(pool, 2, { affinityKey })).toEqual(['zai:1', 'zai:1'])
  expect(idsOf(pool, 1, { affinityKey })).toEqual(['zai:2'])
  first.settle(ok)
  expect(idsOf(pool, 1, { affinityKey })).toEqual(['zai:1'])
})

test('a key moves on from what is out, and stays where it went', async () => {
  const { pool, clock } = poolOf(3)
  const [affinityKey, model] = ['k', 'm']
  const end = (how: Parameters<ReturnType<typeof leased>['settle']>[0]) => {
    const lease = leased(pool, { affinityKey, model })
    lease.settle(how)
    return lease.credential
  }
  expect(end(ok).id).toBe('zai:1')
  expect(end(failed('rate_limited', 1_000)).id).toBe('zai:1')
  const second = end(ok)
  expect(second.id).toBe('zai:2')
  await clock.advance(1_000)
  expect(end(ok).id).toBe('zai:2')
  const elsewhere = leased(pool, { affinityKey, model, exclude: new Set([second]) }).credential.id
  expect(idsOf(pool, 1, { affinityKey, model })).toEqual([elsewhere])
  pool.disable(elsewhere)
  expect(idsOf(pool, 1, { affinityKey, model })).not.toEqual([elsewhere])
})

test('a key waits for nobody: another one serves while its own is full, and it comes back', () => {
  const { pool } = poolOf(3, { maxConcurrent: 1 })
  const affinityKey = 'k'
  const first = leased(pool, { affinityKey })
  const second = leased(pool, { affinityKey })
  expect(second.credential.id).toBe('zai:2')
  first.settle(ok)
  second.settle(ok)
  expect(idsOf(pool, 1, { affinityKey })).toEqual(['zai:1'])
})

test('a key is forgotten an hour after its last use', async () => {
  const { pool, clock } = poolOf(2)
  leased(pool, { affinityKey: 'k' }).settle(ok)
  await clock.advance(3_599_999)
  expect(leased(pool, { affinityKey: 'k' }).credential.id).toBe('zai:1')
  await clock.advance(3_600_000)
  expect(leased(pool, { affinityKey: 'k' }).credential.id).toBe('zai:2')
})

test('a function is asked for the key only where there is a choice', () => {
  const { pool } = poolOf(2)
  let asked = 0
  const affinityKey = () => {
    asked++
    return 'k'
  }
  leased(pool, { affinityKey }).settle(ok)
  expect(leased(pool, { affinityKey }).credential.id).toBe('zai:1')
  expect(asked).toBe(2)
  pool.disable('zai:1')
  expect(leased(pool, { affinityKey }).credential.id).toBe('zai:2')
  expect(asked).toBe(2)
})

test('a function that knows no key leaves it to the strategy', () => {
  const { pool } = poolOf(2)
  expect(idsOf(pool, 4, { affinityKey: () => undefined })).toEqual(['zai:1', 'zai:2', 'zai:1', 'zai:2'])
})

test.each(['least-used', 'round-robin', 'weighted'] as const)(
  '%s: of 1,000 only those are leased that are in',
  (strategy) => {
    const { pool } = poolOf(1_000, { strategy })
    const open = Array.from({ length: 1_000 }, () => leased(pool, { model: 'm' }))
    const out = new Set<string>()
    for (const [at, lease] of open.entries()) {
      if (at % 10 === 0) lease.settle(ok)
      else {
        out.add(lease.credential.id)
        lease.settle(failed('rate_limited', 60_000))
      }
    }
    const ids = idsOf(pool, 500, { model: 'm' })
    expect(ids.filter((id) => out.has(id))).toEqual([])
    expect(new Set(ids).size).toBe(100)
    const others = idsOf(pool, 1_000, { model: 'n' })
    expect(others.filter((id) => out.has(id)).length).toBeGreaterThan(800)
  },
)

test.each([
  [2, 3],
  [1, 1],
])('weighted is in proportion where %i may run at once and %i do', (maxConcurrent, load) => {
  const credentials = [source('a', { weight: 3 }), source('b', { weight: 1 }), source('c', { weight: 1 })]
  const { pool } = poolOf(0, { strategy: 'weighted', maxConcurrent, credentials })
  const open: ReturnType<typeof leased>[] = []
  const counts: Record<string, number> = {}
  for (let at = 0; at < 600; at++) {
    const lease = leased(pool)
    counts[lease.credential.id] = (counts[lease.credential.id] ?? 0) + 1
    open.push(lease)
    if (open.length >= load) open.shift()?.settle(ok)
  }
  for (const [id, part] of [
    ['zai:1', 360],
    ['zai:2', 120],
    ['zai:3', 120],
  ] as const) {
    expect(Math.abs((counts[id] ?? 0) - part)).toBeLessThanOrEqual(4)
  }
})
