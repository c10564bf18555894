import { handClock } from '@dragoman/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Health } from './health.ts'
import { hashOf } from './rendezvous.ts'
import { type Contender, inOrder, type Strategy, strategies } from './strategies.ts'
import { contendersOf, seeded, targetOf, viewOf } from './test-routing.ts'

const ids = (order: readonly Contender[]) => order.map(({ name }) => name.slice(2)).join('')

/** How often each is first. */
function firsts(times: number, order: (turn: number) => readonly Contender[]): number[] {
  const counts = new Map<string, number>()
  for (let turn = 0; turn < times; turn++) {
    const name = order(turn)[0]?.name ?? ''
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
}

/** Has these calls under way and these times to the first token, by the number of the target. */
function busy(inFlight: readonly number[], firstTokenMs: readonly (number | undefined)[] = []): Health {
  const health = new Health(handClock())
  for (const [index, calls] of inFlight.entries()) {
    for (let i = 0; i < calls; i++) health.started(targetOf(`p/${index}`))
  }
  for (const [index, ms] of firstTokenMs.entries()) {
    if (ms === undefined) continue
    const facts = health.started(targetOf(`p/${index}`))
    health.firstOutput(facts, ms)
    health.ended(facts, undefined)
  }
  return health
}

const anyContenders = fc
  .array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 0, maxLength: 8 })
  .chain((weights) =>
    fc
      .tuple(...weights.map(() => fc.option(fc.double({ min: 0, max: 9, noNaN: true }), { nil: undefined })))
      .map((costs) => contendersOf(weights).map((contender, index) => ({ ...contender, cost: costs[index] }))),
  )

test.each(strategies)('%s puts every target into the order, once', (strategy) => {
  const anyCalls = fc.array(fc.nat(30), { maxLength: 8 })
  const anyTimes = fc.array(fc.option(fc.nat(9_000), { nil: undefined }), { maxLength: 8 })
  fc.assert(
    fc.property(anyContenders, anyCalls, anyTimes, fc.nat(), fc.string(), (contenders, calls, times, turn, key) => {
      const view = viewOf({ health: busy(calls, times), turn, random: seeded(turn), affinityKey: () => key })
      const order = inOrder(strategy, contenders, view)
      expect(order.toSorted(byName)).toEqual(contenders.toSorted(byName))
    }),
    { numRuns: 50 },
  )
})

const byName = (a: Contender, b: Contender) => (a.name < b.name ? -1 : 1)

test('first is the order of configuration', () => {
  expect(ids(inOrder('first', contendersOf([1, 9, 1]), viewOf({ turn: 2 })))).toBe('012')
})

test('round-robin gives each the same number of turns', () => {
  const contenders = contendersOf([1, 5, 1])
  expect(firsts(300, (turn) => inOrder('round-robin', contenders, viewOf({ turn })))).toEqual([100, 100, 100])
  expect(ids(inOrder('round-robin', contenders, viewOf({ turn: 4 })))).toBe('120')
})

test.each<[Strategy, number[], number[]]>([
  ['random', [1, 9, 1], [0.333, 0.333, 0.333]],
  ['weighted', [1, 2, 5], [0.125, 0.25, 0.625]],
  // Nothing is under way: all are equally busy.
  ['least-busy', [1, 2, 5], [0.125, 0.25, 0.625]],
])('%s shares out by %j', (strategy, weights, shares) => {
  const contenders = contendersOf(weights)
  const random = seeded(7)
  const counts = firsts(8_000, () => inOrder(strategy, contenders, viewOf({ random })))
  for (const [index, share] of shares.entries()) expect((counts[index] ?? 0) / 8_000).toBeCloseTo(share, 1.7)
})

test('the second place by weight is drawn as well', () => {
  const contenders = contendersOf([1, 2, 5])
  const random = seeded(3)
  const seconds = firsts(8_000, () => inOrder('weighted', contenders, viewOf({ random })).slice(1))
  // 1/8 · 2/7 + 5/8 · 2/3 for the one of weight 2, and so on.
  for (const [index, share] of [0.25, 0.452, 0.298].entries())
    expect((seconds[index] ?? 0) / 8_000).toBeCloseTo(share, 1.7)
})

test('least-busy goes by the calls under way over the weight', () => {
  expect(ids(inOrder('least-busy', contendersOf([1, 1, 4]), viewOf({ health: busy([2, 3, 4]) })))).toBe('201')
})

test('requests that come at once are spread by least-busy as the weights say', () => {
  const health = busy([])
  const contenders = contendersOf([1, 3])
  const random = seeded(11)
  for (let i = 0; i < 40; i++) {
    const [chosen] = inOrder('least-busy', contenders, viewOf({ health, random }))
    if (chosen) health.started(chosen.target)
  }
  expect(health.of('p/0')?.inFlight).toBe(10)
  expect(health.of('p/1')?.inFlight).toBe(30)
})

test('fastest goes by the time to the first token, and one request at a time tries whom nobody knows', () => {
  const contenders = contendersOf([1, 1, 1])
  expect(ids(inOrder('fastest', contenders, viewOf({ health: busy([], [300, 100, 200]) })))).toBe('120')
  expect(ids(inOrder('fastest', contenders, viewOf({ health: busy([], [300, 100]) })))).toBe('210')
  expect(ids(inOrder('fastest', contenders, viewOf({ health: busy([0, 0, 1], [300, 100]) })))).toBe('102')
})

test('a small part of the requests tries another than the fastest, whichever it is', () => {
  const health = busy([], [100, 9_000, 9_000])
  const random = seeded(5)
  const counts = firsts(8_000, () => inOrder('fastest', contendersOf([1, 1, 1]), viewOf({ health, random })))
  expect(counts).toHaveLength(3)
  expect(counts[0]).toBeGreaterThan(7_760)
  for (const count of counts.slice(1)) expect(count / 8_000).toBeCloseTo(0.01, 2)
})

const keys = Array.from({ length: 2_000 }, (_, index) => `client conversation-${index}`)
const homeOf = (contenders: readonly Contender[], key: string, health?: Health) =>
  inOrder('affinity', contenders, viewOf({ affinityKey: () => key, health }))[0]?.name

test('by affinity a conversation has its place, and the places have their shares of them', () => {
  const contenders = contendersOf([1, 1, 2])
  const homes = keys.map((key) => homeOf(contenders, key))
  expect(keys.map((key) => homeOf([...contenders].reverse(), key))).toEqual(homes)
  const share = (name: string) => homes.filter((home) => home === name).length / keys.length
  expect(share('p/0')).toBeCloseTo(0.25, 1.2)
  expect(share('p/1')).toBeCloseTo(0.25, 1.2)
  expect(share('p/2')).toBeCloseTo(0.5, 1.2)
})

test('when a target comes or goes, only the conversations move that gain or lose theirs', () => {
  const [four, five] = [contendersOf([1, 1, 1, 1]), contendersOf([1, 1, 1, 1, 1])]
  const moved = keys.filter((key) => homeOf(four, key) !== homeOf(five, key))
  for (const key of moved) expect(homeOf(five, key)).toBe('p/4')
  expect(moved.length / keys.length).toBeCloseTo(0.2, 1.2)
})

test('keys that differ in little are spread as well as others', () => {
  for (const count of [2, 3, 7]) {
    const contenders = contendersOf(Array(count).fill(1))
    const counts = firsts(2_000, (turn) => {
      const home = homeOf(contenders, `open ${turn}`)
      return contenders.filter(({ name }) => name === home)
    })
    expect(counts).toHaveLength(count)
    for (const times of counts) expect((times * count) / 2_000).toBeGreaterThan(0.85)
  }
})

test('two deployments with one name are two places', () => {
  const [one] = contendersOf([1])
  if (!one) throw new Error('there is one')
  const twins = [one, { ...one, salt: hashOf('p/0 1') }]
  const first = keys.filter((key) => inOrder('affinity', twins, viewOf({ affinityKey: () => key }))[0] === one)
  expect(first.length / keys.length).toBeCloseTo(0.5, 1.2)
})

test('by affinity one that is more than twice as busy as the least busy is left aside, but not for a few calls', () => {
  const contenders = contendersOf([1, 1, 1])
  const key = keys.find((key) => homeOf(contenders, key) === 'p/1') ?? ''
  expect(homeOf(contenders, key, busy([0, 4, 0]))).toBe('p/1')
  expect(homeOf(contenders, key, busy([0, 5, 0]))).not.toBe('p/1')
  expect(homeOf(contenders, key, busy([10, 24, 10]))).toBe('p/1')
  expect(homeOf(contenders, key, busy([10, 25, 10]))).not.toBe('p/1')
})

test('by affinity a request that belongs to no conversation goes to the least busy', () => {
  expect(ids(inOrder('affinity', contendersOf([1, 1, 1]), viewOf({ health: busy([3, 1, 2]) })))).toBe('120')
})
