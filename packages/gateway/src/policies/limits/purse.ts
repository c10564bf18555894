import type { BudgetClaim, BudgetState } from '@dragoman/core'
import type { BudgetWindow } from './budget-window.ts'

/**
 * What this process may spend of one budget in one window. The ledger has given it an allotment; of that, some is held for
 * requests under way, some is spent and still to be written down, and the rest is free. Whole numbers of the budget's unit.
 */
export class Purse {
  readonly account: string
  readonly window: BudgetWindow
  /** As of the last request: it may be set anew. */
  limit: number
  /** Somebody has been told that most of it is used. */
  isTold = false
  #allotted = 0
  #held = 0
  #spent = 0
  #isUsed = false
  /** With all who share the budget, as of the last claim. */
  #used = 0
  #open = 0

  constructor(account: string, window: BudgetWindow, limit: number) {
    this.account = account
    this.window = window
    this.limit = limit
  }

  get free(): number {
    return this.#allotted - this.#held - this.#spent
  }

  get held(): number {
    return this.#held
  }

  /** Used by all, as far as it is known here. */
  get used(): number {
    return this.#used + this.#spent
  }

  /** Reserved by all, as far as it is known here, without what is free here. */
  get reserved(): number {
    return Math.max(0, this.#open - this.#allotted) + this.#held
  }

  get left(): number {
    return this.limit - this.used - this.reserved
  }

  /** Nothing can be granted any more: what was used never gets less. */
  get isUsedUp(): boolean {
    return this.used >= this.limit
  }

  /** The ledger has to hear of it: something is to be written down, or to be given back. */
  get isUnsettled(): boolean {
    return this.#spent !== 0 || this.free !== 0
  }

  get isEmpty(): boolean {
    return this.#allotted === 0 && this.#held === 0 && this.#spent === 0
  }

  /** Whether a request may take so much. What one that was alone got beyond the limit is not for several at once. */
  has(amount: number): boolean {
    return this.free >= amount && (this.#held === 0 || this.left >= amount)
  }

  /** From `free`, which has to be enough. */
  hold(amount: number): void {
    this.#held += amount
    this.#isUsed = true
  }

  /** What was held for a request came to something. */
  settle(held: number, spent: number): void {
    this.#held -= held
    this.#spent += spent
  }

  /** To make room for a request. What is free is given back in the same breath. */
  claimFor(need: number, wanted: number): BudgetClaim {
    return this.#claim(this.#held, need, wanted)
  }

  /** To write down what was spent, and to give back what nobody needed since the last time. */
  claimToSettle(): BudgetClaim {
    const kept = this.#isUsed ? Math.max(0, this.free) : 0
    this.#isUsed = false
    return this.#claim(this.#held + kept, 0, 0)
  }

  /** What came of a claim. Requests may have held and settled since it was made. */
  claimed({ spent, held }: BudgetClaim, { granted, used, open }: BudgetState): void {
    this.#allotted = held + granted
    this.#spent -= spent
    this.#used = used
    this.#open = open
  }

  #claim(held: number, need: number, wanted: number): BudgetClaim {
    const { account, window, limit } = this
    return { account, window: window.label, endsAt: window.endsAt, limit, spent: this.#spent, held, need, wanted }
  }
}
