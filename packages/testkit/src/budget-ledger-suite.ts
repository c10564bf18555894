import type { BudgetClaim, BudgetLedger } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import { type HandClock, handClock } from './clock.ts'

export interface OpenedBudgets {
  readonly ledger: BudgetLedger
  close?(): Promise<void>
}

/**
 * What every `BudgetLedger` promises its one holder, as tests. `open` gives an empty one that goes by this clock.
 *
 *     testBudgetLedger('memory', ({ clock }) => ({ ledger: memoryBudgets({ clock }) }))
 */
export function testBudgetLedger(
  name: string,
  open: (options: { readonly clock: HandClock }) => OpenedBudgets | Promise<OpenedBudgets>,
): void {
  const opened = async () => {
    const clock = handClock()
    const { ledger, close } = await open({ clock })
    const claim = async (change: Partial<BudgetClaim>) => {
      const [state] = await ledger.claim([claimOf(clock, change)])
      return state
    }
    return { clock, ledger, claim, [Symbol.asyncDispose]: async () => close?.() }
  }

  describe(`budget ledger ${name}`, () => {
    test('grants what is needed, and more while much is left', async () => {
      await using budget = await opened()
      expect(await budget.claim({ need: 10, wanted: 10 })).toEqual({ granted: 10, used: 0, open: 10 })
      expect(await budget.claim({ held: 10, need: 10, wanted: 400 })).toEqual({ granted: 247, used: 0, open: 257 })
    })

    test('what is held replaces what was open before', async () => {
      await using budget = await opened()
      await budget.claim({ need: 900, wanted: 900 })
      expect(await budget.claim({ held: 0, need: 950, wanted: 950 })).toMatchObject({ granted: 950, open: 950 })
    })

    test('grants nothing that does not fit beside what is held', async () => {
      await using budget = await opened()
      await budget.claim({ need: 900, wanted: 900 })
      expect(await budget.claim({ held: 900, need: 101, wanted: 101 })).toEqual({ granted: 0, used: 0, open: 900 })
      expect(await budget.claim({ held: 900, need: 100, wanted: 100 })).toMatchObject({ granted: 100 })
    })

    test('what is left over goes to one that is alone, and then nothing is left', async () => {
      await using budget = await opened()
      await budget.claim({ spent: 999 })
      expect(await budget.claim({ need: 50, wanted: 50 })).toEqual({ granted: 50, used: 999, open: 50 })
      expect(await budget.claim({ held: 50, need: 50, wanted: 50 })).toMatchObject({ granted: 0 })
      expect(await budget.claim({ spent: 50 })).toEqual({ granted: 0, used: 1_049, open: 0 })
      expect(await budget.claim({ need: 1, wanted: 1 })).toMatchObject({ granted: 0 })
    })

    test('one need that cannot be met leaves none met, and the rest of the claims holds', async () => {
      await using budget = await opened()
      const day = claimOf(budget.clock, { spent: 995, need: 10, wanted: 10, held: 1 })
      const month = claimOf(budget.clock, { window: '2026-01', spent: 995, need: 10, wanted: 10, limit: 9_000 })
      expect(await budget.ledger.claim([day, month])).toEqual([
        { granted: 0, used: 995, open: 1 },
        { granted: 0, used: 995, open: 0 },
      ])
    })

    test('accounts and windows are apart', async () => {
      await using budget = await opened()
      await budget.claim({ spent: 1_000 })
      expect(await budget.claim({ need: 1, wanted: 1 })).toMatchObject({ granted: 0 })
      expect(await budget.claim({ account: 'other', need: 1, wanted: 1 })).toMatchObject({ granted: 1, used: 0 })
      expect(await budget.claim({ window: '2026-01-02', need: 1, wanted: 1 })).toMatchObject({ granted: 1, used: 0 })
    })

    test('sums stay exact in billionths of a dollar', async () => {
      await using budget = await opened()
      for (let i = 0; i < 10; i++) await budget.claim({ spent: 900_000_000_000_001, limit: 9e15 })
      expect(await budget.claim({ limit: 9e15 })).toMatchObject({ used: 9_000_000_000_000_010 })
    })
  })
}

function claimOf(clock: HandClock, change: Partial<BudgetClaim>): BudgetClaim {
  const endsAt = clock.now() + 86_400_000
  return {
    account: 'key',
    window: '2026-01-01',
    endsAt,
    limit: 1_000,
    spent: 0,
    held: 0,
    need: 0,
    wanted: 0,
    ...change,
  }
}
