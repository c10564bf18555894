import { type BudgetClaim, type BudgetLedger, type BudgetState, memoryBudgets } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { Budgets, budgetLines, type Hold } from './budgets.ts'

const noon = Date.UTC(2026, 10, 22, 12)

function setUp({ isAsync = false } = {}) {
  const clock = handClock(noon)
  const memory = memoryBudgets({ clock })
  const claims: (readonly BudgetClaim[])[] = []
  let isBroken = false
  const ledger: BudgetLedger = {
    claim(given) {
      if (isBroken) throw new Error('full')
      claims.push(given)
      return isAsync ? later(() => memory.claim(given) as BudgetState[]) : memory.claim(given)
    },
  }
  const budgets = new Budgets(ledger, clock)
  const used = async (account: string, window = '2026-11-22') => {
    const claim = { account, window, endsAt: 0, limit: 0, spent: 0, held: 0, need: 0, wanted: 0 }
    return (await memory.claim([claim]))[0]?.used
  }
  return {
    clock,
    claims,
    budgets,
    used,
    setBroken: (broken: boolean) => {
      isBroken = broken
    },
  }
}

const later = <T>(act: () => T) => new Promise<T>((resolve) => setImmediate(() => resolve(act())))
const tokens = (count: number) => ({ nanoUsd: undefined, tokens: count })
const usd = (dollars: number) => ({ nanoUsd: Math.round(dollars * 1e9), tokens: 1 })
const perDay = (tokensPerDay: number) => budgetLines({ tokensPerDay })

test('most requests take from what was allotted, without the ledger', () => {
  const { budgets, claims } = setUp()
  for (let i = 0; i < 30; i++) budgets.reserve('key', perDay(100_000), tokens(100))
  expect(claims).toHaveLength(1)
})

test('what is spent is written down a moment later, and what nobody needed is given back after that', async () => {
  const { budgets, clock, claims, used } = setUp()
  const hold = await budgets.reserve('key', perDay(100_000), tokens(100))
  hold.settle(tokens(40))
  expect(await used('tokens key')).toBe(0)
  await clock.advance(100)
  expect(await used('tokens key')).toBe(40)
  expect(claims.at(-1)).toMatchObject([{ spent: 40, held: 6_360 }])
  await clock.advance(100)
  expect(claims.at(-1)).toMatchObject([{ spent: 0, held: 0 }])
  expect(clock.pending).toBe(0)
})

test('a budget is used to its end, and no further by more than one request', async () => {
  const { budgets } = setUp()
  const lines = perDay(1_000)
  let spent = 0
  for (;;) {
    try {
      const hold = await budgets.reserve('key', lines, tokens(300))
      hold.settle(tokens(300))
      spent += 300
    } catch {
      break
    }
  }
  expect(spent).toBe(1_200)
})

test('requests at once are refused as soon as the next may exceed it', async () => {
  const { budgets } = setUp()
  const reserve = () => budgets.reserve('key', perDay(1_000), tokens(300))
  const holds = [reserve(), reserve(), reserve()] as Hold[]
  expect(reserve).toThrow(
    'The budget of 1000 tokens that this key has for the day 2026-11-22 does not suffice: 0 are used, 900 reserved by ' +
      'requests under way, and this request may need 300. It opens again at 2026-11-23T00:00:00.000Z',
  )
  holds[0]?.settle(tokens(10))
  expect(reserve).not.toThrow()
})

test('what one that was alone got beyond the limit is not for several at once', async () => {
  const { budgets } = setUp()
  const refused = await budgets.reserve('key', perDay(1_000), tokens(1_000_000))
  refused.settle(tokens(0))
  const reserve = () => budgets.reserve('key', perDay(1_000), tokens(600))
  await reserve()
  expect(reserve).toThrow('600 reserved by requests under way')
})

test.each([Number.POSITIVE_INFINITY, 1e300])(
  'a request that asks for %d leaves no other number than it found',
  async (asked) => {
    const { budgets, clock, used } = setUp()
    const hold = await budgets.reserve('key', perDay(1_000), tokens(asked))
    hold.settle(tokens(10))
    await clock.advance(200)
    expect(await used('tokens key')).toBe(10)
    await budgets.reserve('key', perDay(1_000), tokens(900))
    expect(() => budgets.reserve('key', perDay(1_000), tokens(900))).toThrow('10 are used, 900 reserved')
  },
)

test('a clock that is put back over midnight and comes forward again finds what is held for the day', async () => {
  const { budgets, clock } = setUp()
  let shift = 0
  const shifting = { ...clock, now: () => clock.now() + shift }
  const shifted = new Budgets(memoryBudgets({ clock: shifting }), shifting)
  const lines = perDay(1_000)
  await shifted.reserve('key', lines, tokens(600))
  shift = 86_400_000
  await shifted.reserve('key', lines, tokens(600))
  for (const back of [0, 86_400_000]) {
    shift = back
    expect(() => shifted.reserve('key', lines, tokens(600))).toThrow('600 reserved by requests under way')
  }
  await budgets.close()
})

test('a refusal says what is used and when it opens again', async () => {
  const { budgets } = setUp()
  const lines = budgetLines({ month: 5, timeZone: 'Europe/Berlin' })
  const hold = await budgets.reserve('key', lines, usd(4.98))
  hold.settle(usd(5.004))
  expect(() => budgets.reserve('key', lines, usd(0.0005))).toThrow(
    expect.objectContaining({
      code: 'insufficient_quota',
      retryAfterMs: Date.UTC(2026, 10, 30, 23) - noon,
      message:
        'The budget that this key has for the month 2026-11 does not suffice: $5.004 of $5.00 is used, $0.00 reserved ' +
        'by requests under way, and this request may need $0.0005. ' +
        'It opens again at 2026-11-30T23:00:00.000Z (midnight in Europe/Berlin)',
    }),
  )
})

test('a refused request takes nothing from the other budgets of its key', async () => {
  const { budgets, used, clock } = setUp()
  const lines = budgetLines({ tokensPerDay: 1_000, tokensPerMonth: 100 })
  expect(() => {
    const first = budgets.reserve('key', lines, tokens(90)) as Hold
    first.settle(tokens(90))
    budgets.reserve('key', lines, tokens(90))
    budgets.reserve('key', lines, tokens(90))
  }).toThrow(/the month 2026-11/)
  await clock.advance(100)
  expect(await used('tokens key')).toBe(90)
})

test('a new day has a budget of its own, and what was begun before belongs to the day before', async () => {
  const { budgets, clock, used } = setUp()
  const lines = perDay(100)
  const hold = await budgets.reserve('key', lines, tokens(100))
  expect(() => budgets.reserve('key', lines, tokens(1))).toThrow(/2026-11-22/)
  await clock.advance(12 * 3_600_000)
  const next = await budgets.reserve('key', lines, tokens(100))
  hold.settle(tokens(70))
  next.settle(tokens(20))
  await clock.advance(100)
  expect([await used('tokens key'), await used('tokens key', '2026-11-23')]).toEqual([70, 20])
})

test('a long request keeps what it holds', async () => {
  const { budgets, clock, claims } = setUp()
  const hold = await budgets.reserve('key', perDay(100), tokens(50))
  await clock.advance(2 * 3_600_000)
  // Once in the first moment, then every twenty minutes.
  expect(claims.slice(1).map(([claim]) => claim?.held)).toEqual(Array.from({ length: 1 + 5 }, () => 50))
  hold.settle(tokens(50))
  await clock.advance(200)
  expect(clock.pending).toBe(0)
})

test('an asynchronous ledger is asked by one after the other', async () => {
  const { budgets, claims } = setUp({ isAsync: true })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, async () => budgets.reserve('key', perDay(1_000), tokens(100))),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  expect(claims.length).toBeLessThanOrEqual(20)
  await budgets.close()
})

test('what cannot be written down is written later', async () => {
  const { budgets, clock, used, setBroken } = setUp()
  const hold = await budgets.reserve('key', perDay(1_000), tokens(100))
  hold.settle(tokens(60))
  setBroken(true)
  await clock.advance(300)
  setBroken(false)
  await clock.advance(200)
  expect(await used('tokens key')).toBe(60)
})

test('money that is only known in the end counts as well', async () => {
  const { budgets } = setUp()
  const lines = budgetLines({ day: 1 })
  const hold = await budgets.reserve('key', lines, tokens(10))
  hold.settle({ nanoUsd: 2e9, tokens: 10 })
  expect(() => budgets.reserve('key', lines, usd(0.01))).toThrow(/\$2\.00 of \$1\.00 is used/)
})

test('closing writes everything down and gives everything back', async () => {
  const { budgets, used, claims, clock } = setUp()
  const hold = await budgets.reserve('key', perDay(10_000), tokens(100))
  hold.settle(tokens(33))
  await budgets.close()
  expect(await used('tokens key')).toBe(33)
  expect(claims.at(-1)).toMatchObject([{ held: 0, spent: 0 }])
  expect(clock.pending).toBe(0)
})
