import {
  type BudgetClaim,
  type BudgetLedger,
  type BudgetState,
  type ClientBudget,
  type Clock,
  DragomanError,
} from '@dragoman/core'
import { type BudgetPeriod, budgetWindow } from './budget-window.ts'
import { Purse } from './purse.ts'

export type BudgetUnit = 'nanoUsd' | 'tokens'

/** What a request may come to, or came to. Whole numbers; `nanoUsd` undefined where no price is known. */
export interface Spending {
  readonly nanoUsd: number | undefined
  readonly tokens: number
}

/** One limit of a key's budget. */
export interface BudgetLine {
  readonly unit: BudgetUnit
  readonly period: BudgetPeriod
  readonly limit: number
  readonly timeZone: string | undefined
}

export const nanoPerUsd = 1e9

/** Most of a budget is used. Told once for each window. */
export interface NearlyUsed {
  /** Id of the key. */
  readonly client: string
  readonly unit: BudgetUnit
  readonly period: BudgetPeriod
  /** The day or month, such as `2026-11-22`. */
  readonly window: string
  /** Whole numbers of the unit. */
  readonly used: number
  readonly limit: number
}

export function budgetLines(budget: ClientBudget | undefined): readonly BudgetLine[] {
  if (!budget) return []
  const { day, month, tokensPerDay, tokensPerMonth, timeZone } = budget
  const lines: BudgetLine[] = []
  const add = (unit: BudgetUnit, period: BudgetPeriod, limit: number | undefined) => {
    if (limit !== undefined) lines.push({ unit, period, limit: Math.round(limit), timeZone })
  }
  add('nanoUsd', 'day', day === undefined ? undefined : day * nanoPerUsd)
  add('nanoUsd', 'month', month === undefined ? undefined : month * nanoPerUsd)
  add('tokens', 'day', tokensPerDay)
  add('tokens', 'month', tokensPerMonth)
  return lines
}

/** Requests that are asked for at once, so that most need no transaction: their share in what is left bounds it. */
const requestsAhead = 64
/** Far above any request; so many times it for `requestsAhead` is a whole number still. */
const mostReserved = 2 ** 45
/** After this what was spent is written down, and what nobody needed since is given back. */
const settleMs = 100
/** An allotment in use is renewed, long before it would count no more. */
const renewMs = 1_200_000
const forgetEvery = 1_000
/** The part of a budget from which on it is nearly used. */
const nearlyAll = 0.8

/**
 * Reserves and settles. Most requests take from what this process has been allotted already, in memory; the ledger hears of
 * what was spent some times a second.
 */
export class Budgets {
  readonly #ledger: BudgetLedger
  readonly #clock: Clock
  /** By unit, period and key: those of the window that is on. */
  readonly #purses = new Map<string, Purse>()
  /** The same by the lines that a key's rights were made into, which stay as long as those do. */
  readonly #ofLine = new WeakMap<BudgetLine, Purse>()
  /** With something of theirs in the ledger, or to be written there. */
  readonly #active = new Set<Purse>()
  readonly #onNearlyUsed: ((budget: NearlyUsed) => void) | undefined
  #claiming: Promise<unknown> | undefined
  #cancelSettling: (() => void) | undefined
  #isSettlingSoon = false

  constructor(ledger: BudgetLedger, clock: Clock, onNearlyUsed?: (budget: NearlyUsed) => void) {
    this.#ledger = ledger
    this.#clock = clock
    this.#onNearlyUsed = onNearlyUsed
  }

  /**
   * Holds what a request may come to. Throws or rejects with `insufficient_quota`.
   *
   * @param owner id of the key
   */
  reserve(owner: string, lines: readonly BudgetLine[], spending: Spending): Hold | Promise<Hold> {
    const asked: Asked[] = []
    for (const line of lines) {
      // Without a price there is nothing to reserve in money; what the service charges may be known in the end.
      const amount = Math.min(spending[line.unit] ?? 0, mostReserved)
      const purse = this.#purseOf(owner, line)
      if (amount > 0 && purse.isUsedUp) throw this.#refusal(line, purse, amount)
      asked.push({ line, purse, amount })
    }
    return this.#take(asked)
  }

  #take(asked: readonly Asked[]): Hold | Promise<Hold> {
    const held = this.#hold(asked)
    if (held) return held
    if (this.#claiming) return this.#claiming.then(() => this.#take(asked))
    const short = asked.filter(lacks)
    const claims = short.map(({ purse, amount }) => purse.claimFor(amount, amount * requestsAhead))
    const apply = (states: readonly BudgetState[]): Hold | undefined => {
      this.#claimed(
        short.map(({ purse }) => purse),
        claims,
        states,
      )
      const refused = short.filter((_, i) => states[i]?.granted === 0)
      // Where one is refused all are: the one that it is about is short of something.
      const [about] = [...refused.filter(({ purse, amount }) => purse.left < amount), ...refused]
      if (about) throw this.#refusal(about.line, about.purse, about.amount)
      return this.#hold(asked)
    }
    const states = this.#ledger.claim(claims)
    if (!(states instanceof Promise)) return apply(states) ?? this.#take(asked)
    return this.#inTurn(states.then(apply)).then((held) => held ?? this.#take(asked))
  }

  /** Undefined where something is short. */
  #hold(asked: readonly Asked[]): Hold | undefined {
    if (asked.some(lacks)) return undefined
    for (const { purse, amount } of asked) purse.hold(amount)
    this.#settleIn(settleMs)
    return new Hold(asked, this.#onSettled)
  }

  #claimed(purses: readonly Purse[], claims: readonly BudgetClaim[], states: readonly BudgetState[]): void {
    for (const [i, purse] of purses.entries()) {
      const claim = claims[i]
      const state = states[i]
      if (!claim || !state) throw new DragomanError('internal', 'The ledger of budgets left a claim unanswered')
      purse.claimed(claim, state)
      this.#active.add(purse)
    }
  }

  /** Nobody claims while another claim is being looked at: two would each give back what the other holds. */
  #inTurn<T>(work: Promise<T>): Promise<T> {
    const over = work.then(
      () => {},
      () => {},
    )
    this.#claiming = over
    over.then(() => {
      if (this.#claiming === over) this.#claiming = undefined
    })
    return work
  }

  #purseOf(owner: string, line: BudgetLine): Purse {
    const now = this.#clock.now()
    const last = this.#ofLine.get(line)
    if (last && now >= last.window.from && now < last.window.endsAt) return last
    const purse = this.#currentPurse(owner, line, now)
    this.#ofLine.set(line, purse)
    return purse
  }

  #currentPurse(owner: string, { unit, period, limit, timeZone }: BudgetLine, now: number): Purse {
    const key = `${unit} ${period} ${owner}`
    const known = this.#purses.get(key)
    if (known && now >= known.window.from && now < known.window.endsAt) {
      known.limit = limit
      return known
    }
    const window = budgetWindow(period, now, timeZone)
    // The clock was put back a little.
    if (known?.window.label === window.label) {
      known.limit = limit
      return known
    }
    if (this.#purses.size > 0 && this.#purses.size % forgetEvery === 0) this.#forget(now)
    const account = `${unit} ${owner}`
    const purse = this.#activePurse(account, window.label) ?? new Purse(account, window, limit)
    purse.limit = limit
    this.#purses.set(key, purse)
    return purse
  }

  /** The clock was put back over the end of a window: two purses of one budget would not know what the other holds. */
  #activePurse(account: string, label: string): Purse | undefined {
    for (const purse of this.#active) if (purse.account === account && purse.window.label === label) return purse
    return undefined
  }

  readonly #onSettled = (asked: readonly Asked[]): void => {
    for (const { purse, line } of asked) {
      this.#active.add(purse)
      this.#tellOf(purse, line)
    }
    this.#settleIn(settleMs)
  }

  #tellOf(purse: Purse, { unit, period }: BudgetLine): void {
    const { used, limit, window } = purse
    if (!this.#onNearlyUsed || purse.isTold || used < limit * nearlyAll) return
    purse.isTold = true
    this.#onNearlyUsed({
      client: purse.account.slice(unit.length + 1),
      unit,
      period,
      window: window.label,
      used,
      limit,
    })
  }

  #settleIn(ms: number): void {
    if (this.#isSettlingSoon) return
    this.#isSettlingSoon = ms === settleMs
    this.#cancelSettling?.()
    this.#cancelSettling = this.#clock.schedule(() => {
      this.#cancelSettling = undefined
      this.#isSettlingSoon = false
      this.#settle()
    }, ms)
  }

  /** Tells the ledger of all that has changed, and comes back as long as something is open. */
  #settle(): void | Promise<void> {
    const goOn = () => {
      let isUnsettled = false
      for (const purse of this.#active) {
        if (purse.isEmpty) this.#active.delete(purse)
        else isUnsettled ||= purse.isUnsettled
      }
      if (isUnsettled) this.#settleIn(settleMs)
      else if (this.#active.size > 0) this.#settleIn(renewMs)
    }
    if (this.#active.size === 0) return
    if (this.#claiming) return this.#claiming.then(() => this.#settle())
    const purses = [...this.#active]
    const claims = purses.map((purse) => purse.claimToSettle())
    const apply = (states: readonly BudgetState[]) => this.#claimed(purses, claims, states)
    try {
      const states = this.#ledger.claim(claims)
      if (states instanceof Promise) {
        // What could not be written down is still there for the next time.
        return this.#inTurn(states.then(apply, () => {})).then(goOn)
      }
      apply(states)
    } catch {
      // As above.
    }
    goOn()
  }

  /** Writes down what was spent, and gives back what is free. */
  async close(): Promise<void> {
    await this.#settle()
    // What was kept for requests that may come is given back now.
    await this.#settle()
    this.#cancelSettling?.()
  }

  /** Windows that are over, of keys that nobody has used since. */
  #forget(now: number): void {
    for (const [key, purse] of this.#purses) if (now >= purse.window.endsAt && purse.isEmpty) this.#purses.delete(key)
  }

  #refusal(line: BudgetLine, purse: Purse, amount: number): DragomanError {
    const { unit, period, timeZone } = line
    this.#tellOf(purse, line)
    const { used, reserved, limit, window } = purse
    const shown = (value: number) => (unit === 'tokens' ? String(value) : `$${dollars(value)}`)
    const what = unit === 'tokens' ? ` of ${shown(limit)} tokens` : ''
    const of = unit === 'tokens' ? `${shown(used)} are used` : `${shown(used)} of ${shown(limit)} is used`
    const zone = timeZone && timeZone !== 'UTC' ? ` (midnight in ${timeZone})` : ''
    const message =
      `The budget${what} that this key has for ${period === 'day' ? 'the day' : 'the month'} ${window.label} does not ` +
      `suffice: ${of}, ${shown(reserved)} reserved by requests under way, and this request may need ${shown(amount)}. ` +
      `It opens again at ${new Date(window.endsAt).toISOString()}${zone}`
    return new DragomanError('insufficient_quota', message, { retryAfterMs: window.endsAt - this.#clock.now() })
  }
}

interface Asked {
  readonly line: BudgetLine
  readonly purse: Purse
  readonly amount: number
}

function lacks({ purse, amount }: Asked): boolean {
  return amount > 0 && !purse.has(amount)
}

/** What is held for one request. */
export class Hold {
  readonly #asked: readonly Asked[]
  readonly #onSettled: (asked: readonly Asked[]) => void

  constructor(asked: readonly Asked[], onSettled: (asked: readonly Asked[]) => void) {
    this.#asked = asked
    this.#onSettled = onSettled
  }

  /** @param spending what the request came to; money that is not known counts as what was held */
  settle(spending: Spending): void {
    for (const { line, purse, amount } of this.#asked) purse.settle(amount, spending[line.unit] ?? amount)
    this.#onSettled(this.#asked)
  }
}

/** To a hundredth of a cent, and finer where that would be nothing. */
function dollars(nano: number): string {
  const usd = nano / nanoPerUsd
  return usd.toFixed(Math.abs(usd) < 0.01 ? 6 : 4).replace(/(\.\d\d)(\d*?)0+$/, '$1$2')
}
