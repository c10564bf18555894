import { type Clock, systemClock } from './clock.ts'

/**
 * What somebody has of one budget, and what he needs of it. Amounts are whole numbers of one unit: tokens, or billionths
 * of a dollar.
 */
export interface BudgetClaim {
  /** Whose budget, and of what. */
  readonly account: string
  /** The time that it is for: `2026-11-22`, `2026-11`. */
  readonly window: string
  /** Unix milliseconds at which that ends. */
  readonly endsAt: number
  readonly limit: number
  /** Used since the claim before: written down for good. */
  readonly spent: number
  /** Reserved for what is under way. With `granted` it replaces whatever this ledger had open before. */
  readonly held: number
  /** What has to be granted on top; 0 for nothing. */
  readonly need: number
  /** What would be welcome in place of `need`, so that the next ones need no claim. At least `need`. */
  readonly wanted: number
}

export interface BudgetState {
  /** At least `need`, or 0. */
  readonly granted: number
  /** Written down by all, `spent` among it. */
  readonly used: number
  /** Open with all, `held` and `granted` among it. */
  readonly open: number
}

/**
 * What was used of budgets, and what is reserved. Whatever is open when its process dies counts in full for an hour from
 * its last claim. Several may work on one ledger; each object is a holder of its own.
 */
export interface BudgetLedger {
  /**
   * All in one transaction, which is committed on return. Where one need cannot be met none is, and the rest of each claim
   * holds. Synchronous where it can be. Throws or rejects with a `DragomanError`, and then nothing of it holds.
   */
  claim(claims: readonly BudgetClaim[]): readonly BudgetState[] | Promise<readonly BudgetState[]>
}

/** How long something open counts that nobody speaks for any more. */
export const openBudgetMs = 3_600_000

/**
 * How much to grant. What fits is granted, and more of it the more is left, so that one holder cannot keep the end of a
 * budget from the others. What is left over in the end, less than one request may come to, is for one that is alone: a
 * budget is exceeded by no more than one reservation, and it can be used up.
 *
 * @param others open with other holders
 */
export function budgetGrant({ limit, held, need, wanted }: BudgetClaim, used: number, others: number): number {
  if (need <= 0) return 0
  const open = others + held
  const left = limit - used - open
  if (left >= need) return Math.min(left, Math.max(need, Math.min(wanted, Math.floor(left / 4))))
  return left > 0 && open === 0 ? need : 0
}

/** For claims in the order in which they came: what each is granted, where one that gets nothing leaves nothing to all. */
export function budgetStates(
  claims: readonly BudgetClaim[],
  accountOf: (claim: BudgetClaim) => { readonly used: number; readonly others: number },
): readonly BudgetState[] {
  const found = claims.map((claim) => ({ claim, ...accountOf(claim) }))
  const grants = found.map(({ claim, used, others }) => budgetGrant(claim, used, others))
  const areMet = claims.every(({ need }, i) => need <= 0 || grants[i] !== 0)
  return found.map(({ claim, used, others }, i) => {
    const granted = areMet ? (grants[i] ?? 0) : 0
    return { granted, used, open: others + claim.held + granted }
  })
}

export interface MemoryBudgets extends BudgetLedger {
  /** Takes over what others know to be used, where that is more. */
  learn(claim: Pick<BudgetClaim, 'account' | 'window' | 'endsAt'>, used: number): void
}

/** A `BudgetLedger` of this process, gone with it. Windows that are over are forgotten. */
export function memoryBudgets(options: { readonly clock?: Clock } = {}): MemoryBudgets {
  const { clock = systemClock } = options
  const accounts = new Map<string, { used: number; endsAt: number }>()
  let writes = 0
  const account = ({ account, window, endsAt }: Pick<BudgetClaim, 'account' | 'window' | 'endsAt'>) => {
    const key = `${window} ${account}`
    let found = accounts.get(key)
    if (!found) {
      found = { used: 0, endsAt }
      accounts.set(key, found)
    }
    return found
  }
  const forget = () => {
    const now = clock.now()
    for (const [key, { endsAt }] of accounts) if (endsAt + openBudgetMs < now) accounts.delete(key)
  }
  return {
    claim(claims) {
      if (writes++ % 256 === 0) forget()
      for (const claim of claims) account(claim).used += claim.spent
      return budgetStates(claims, (claim) => ({ used: account(claim).used, others: 0 }))
    },
    learn(claim, used) {
      const known = account(claim)
      known.used = Math.max(known.used, used)
    },
  }
}
