import { beforeAll, describe, expect, test } from 'vitest'
import { type PhaseFigures, type SimulationOptions, type SimulationResult, simulate } from './test-simulation.ts'

const runs: SimulationOptions[] = [
  // More attempts than targets, so that there are repeats to be held back.
  { strategy: 'least-busy', requests: 10_000, attempts: 10 },
  { strategy: 'affinity', requests: 10_000 },
  { strategy: 'first', requests: 1_000 },
  { strategy: 'round-robin', requests: 1_000 },
  { strategy: 'weighted', requests: 1_000 },
  { strategy: 'fastest', requests: 1_000 },
  { strategy: 'least-busy', requests: 1_000, hedgeAfterMs: 3_000, continuesCutText: true },
]

describe.each(runs)('with %j', (options) => {
  let result: SimulationResult
  const { strategy, requests, attempts = 3 } = options

  beforeAll(async () => {
    result = await simulate(options)
  }, 60_000)

  const phase = (name: string): PhaseFigures => {
    const found = result.phases.find((phase) => phase.name === name)
    if (!found) throw new Error(`There is no phase ${name}`)
    return found
  }
  const failed = ({ failed }: PhaseFigures) => [...failed.values()].reduce((sum, count) => sum + count, 0)

  test('every request ends once, in one way', () => {
    const ended = result.phases.map((phase) => phase.served + phase.cut + phase.left + failed(phase))
    expect(ended).toEqual(result.phases.map(({ requests }) => requests))
    expect(ended.reduce((sum, count) => sum + count, 0)).toBe(requests)
  })

  test('no request fails before its content commit while a healthy target of its plan is untried', () => {
    expect(result.unfair).toEqual([])
  })

  test.each(['calm', 'one down', 'two down', 'recovery', 'calm again'])(
    'no request fails before its content commit: %s',
    (name) => {
      expect(phase(name).failed).toEqual(new Map())
    },
  )

  test('one service that works is enough', () => {
    expect(failed(phase('all but one down'))).toBeLessThanOrEqual(0.01 * phase('all but one down').requests)
  })

  test('in calm a request costs one call', () => {
    for (const name of ['calm', 'recovery', 'calm again']) {
      expect(phase(name).calls / phase(name).requests).toBeLessThanOrEqual(1.1)
    }
  })

  test.each([
    ['one down', 1],
    ['two down', 2],
  ])('%s costs a dozen calls for each, however many requests come', (name, down) => {
    expect(phase(name).calls - phase(name).requests).toBeLessThanOrEqual(12 * down)
  })

  test('storms are bounded: for each request, and over all', () => {
    for (const { mostCalls } of result.phases) expect(mostCalls).toBeLessThanOrEqual(Math.max(attempts, 5) + 2)
    // The budget counts in steps of five seconds; here a minute may begin anywhere.
    expect(result.worstRepeats).toBeLessThan(0.22)
    expect(phase('storm of 429').calls / phase('storm of 429').requests).toBeLessThan(2)
  })

  test('streams that break after their content are counted apart, and go on where that is asked for', () => {
    const { cut, served, requests } = phase('cuts')
    if (options.continuesCutText) expect(cut).toBeLessThanOrEqual(Math.max(1, 0.01 * requests))
    else expect(cut).toBeGreaterThan(0.03 * requests)
    expect(served).toBeGreaterThan(0.85 * requests)
  })

  test('second calls come only where they are asked for, and within their share', () => {
    if (options.hedgeAfterMs === undefined) expect(result.hedges).toBe(0)
    else {
      expect(result.hedges).toBeGreaterThan(0)
      expect(result.hedges).toBeLessThanOrEqual(0.1)
    }
  })

  test('no target starves where requests are shared out: each has an eighth of the conversations or more', () => {
    const least = strategy === 'first' || strategy === 'fastest' ? 0 : 1 / 8
    expect(result.shares[0]).toBeGreaterThanOrEqual(least)
  })

  test('in the end nothing is left: no lease, no timer', () => {
    expect([result.inFlight, result.pendingTimers]).toEqual([0, 0])
  })
})

test('affinity keeps a conversation where it was, and so shares them out', async () => {
  const { shares } = await simulate({ strategy: 'affinity', requests: 1_000, seed: 7 })
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThan(1.5)
}, 60_000)

test('the same seed gives the same run', async () => {
  const once = () => simulate({ strategy: 'weighted', requests: 300, seed: 3 })
  expect(await once()).toEqual(await once())
}, 60_000)
