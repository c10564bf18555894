import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { RetryBudget } from './retry-budget.ts'

/** What has happened before, each `count` times. */
interface Past {
  readonly calls?: number
  readonly failures?: number
  readonly repeats?: number
}

function budgetAfter({ calls = 0, failures = 0, repeats = 0 }: Past) {
  const clock = handClock()
  const budget = new RetryBudget(clock)
  for (let i = 0; i < repeats; i++) budget.mayRepeat() // before anything failed, so all are granted
  for (let i = 0; i < calls; i++) budget.called()
  for (let i = 0; i < failures; i++) budget.failed()
  return { budget, clock }
}

test.each<[string, Past, boolean]>([
  ['nothing has happened', {}, true],
  ['nine calls have failed, most of them repeats', { calls: 9, failures: 9, repeats: 8 }, true],
  ['ten of ten calls have failed', { calls: 10, failures: 10 }, true],
  ['ten of ten have failed, one of them a repeat', { calls: 10, failures: 10, repeats: 1 }, true],
  ['ten of ten have failed, two of them repeats', { calls: 10, failures: 10, repeats: 2 }, false],
  ['this one would be the fifth part', { calls: 99, failures: 50, repeats: 19 }, false],
  ['this one would be less than the fifth part', { calls: 100, failures: 50, repeats: 19 }, true],
  ['most calls succeed', { calls: 10_000, failures: 10, repeats: 10 }, true],
])('when %s (%j), a repeat is allowed: %s', (_when, past, isAllowed) => {
  expect(budgetAfter(past).budget.mayRepeat()).toBe(isAllowed)
})

test('two hundred requests that fail together share a fifth of all calls', () => {
  const budget = new RetryBudget(handClock())
  let calls = 0
  let repeats = 0
  let waiting = 200
  while (waiting > 0) {
    const round = waiting
    waiting = 0
    for (let i = 0; i < round; i++, calls++) budget.called()
    for (let i = 0; i < round; i++) {
      budget.failed()
      if (!budget.mayRepeat()) continue
      repeats++
      waiting++
    }
  }
  expect(repeats).toBeGreaterThan(200 * 0.2)
  expect(repeats).toBeLessThan(calls * 0.2)
})

test('what a budget refused is not counted', () => {
  const { budget } = budgetAfter({ calls: 10, failures: 10, repeats: 2 })
  for (let i = 0; i < 100; i++) budget.mayRepeat()
  for (let i = 0; i < 5; i++) budget.called() // 3 of 15 would be a fifth, 3 of 16 are less
  expect(budget.mayRepeat()).toBe(true)
})

test('what is a minute old is forgotten', async () => {
  const { budget, clock } = budgetAfter({ calls: 10, failures: 10, repeats: 2 })
  await clock.advance(60_000 - 1)
  expect(budget.mayRepeat()).toBe(false)
  await clock.advance(1)
  for (let i = 0; i < 9; i++) {
    budget.called()
    budget.failed()
    expect(budget.mayRepeat()).toBe(true)
  }
})

test('the window slides: what is younger than a minute still counts', async () => {
  const { budget, clock } = budgetAfter({ calls: 5, failures: 5, repeats: 2 })
  await clock.advance(30_000)
  for (let i = 0; i < 5; i++) {
    budget.called()
    budget.failed()
  }
  expect(budget.mayRepeat()).toBe(false)
  await clock.advance(30_000)
  expect(budget.mayRepeat()).toBe(true)
  await clock.advance(3_600_000)
  expect(budget.mayRepeat()).toBe(true)
})
