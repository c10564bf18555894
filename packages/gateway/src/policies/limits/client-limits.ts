import {
  type BudgetLedger,
  type ClientRights,
  type Clock,
  DragomanError,
  isDragomanError,
  type LogEntry,
  memoryBudgets,
  systemClock,
} from '@dragoman/core'
import type { Admission, AdmissionQuery, Admitted } from '../../admission.ts'
import type { Target } from '../../deployments.ts'
import { type BudgetLine, Budgets, budgetLines, type Hold, type NearlyUsed, type Spending } from './budgets.ts'
import { assertPermitted, permittedAmong, permittedTargets } from './permission.ts'
import { type RateState, Rates, type Taken } from './rates.ts'
import { type Estimate, estimateOf, reservedSpending, spentOn } from './reservation.ts'

export interface ClientLimitsOptions {
  /** Where budgets are kept. Default: in memory, gone with the process. */
  readonly budgets?: BudgetLedger | undefined
  readonly clock?: Clock | undefined
  /** Told once for each budget and window that four fifths of it are used. Must not throw. */
  readonly onNearlyUsed?: ((budget: NearlyUsed) => void) | undefined
}

/** The models, the rates and the budgets of client keys. */
export interface ClientLimits extends Admission {
  /** How much of its rates a key has left; undefined where it has none. */
  rates(rights: ClientRights): RateState | undefined
  /** Writes down what was spent, and gives back what is reserved and not used. */
  close(): Promise<void>
}

/**
 * Holds requests to what their keys may do. Models are compared by what their names mean. Requests and tokens per minute
 * are counted in this process. Budgets are reserved in the ledger before the call, and settled after it.
 */
export function clientLimits(options: ClientLimitsOptions = {}): ClientLimits {
  const { clock = systemClock } = options
  const rates = new Rates(clock)
  const budgets = new Budgets(options.budgets ?? memoryBudgets({ clock }), clock, options.onNearlyUsed)
  /** Ids of providers that say themselves what they charge. */
  const charging = new Set<string>()
  const isCharging = ({ entry }: Target) => charging.has(entry.id)
  return {
    admit(query) {
      const { rights, endpoint } = query
      const targets = permittedTargets(query)
      assertPermitted(query, targets)
      // Counting tokens takes none.
      const lines = endpoint === 'messages/count_tokens' ? noLines : linesOf(rights)
      const isCounted =
        lines.length > 0 || (rights.tokensPerMinute !== undefined && endpoint !== 'messages/count_tokens')
      const estimate = isCounted ? estimateOf(query) : nothing
      const taken = rates.take(rights, query.calls * (estimate.promptTokens + estimate.completionTokens))
      const request = { query, targets, taken, charging }
      if (lines.length === 0) return new OneRequest(request, reservedTokens(query, estimate), undefined)
      const refused = (cause: unknown) => {
        taken?.undo()
        return isDragomanError(cause) && cause.scope === 'client' ? cause : unavailable(cause)
      }
      try {
        let reserved = reservedSpending(query, targets, estimate)
        // What it will be is not known, but a budget that is used up has nothing left for it.
        if (reserved.nanoUsd === undefined && targets.some(isCharging)) reserved = { ...reserved, nanoUsd: 1 }
        const hold = budgets.reserve(rights.id, lines, reserved)
        if (hold instanceof Promise)
          return hold.then(
            (held) => new OneRequest(request, reserved, held),
            (cause) => {
              throw refused(cause)
            },
          )
        return new OneRequest(request, reserved, hold)
      } catch (cause) {
        throw refused(cause)
      }
    },
    rates: (rights) => rates.of(rights),
    close: () => budgets.close(),
  }
}

const noLines: readonly BudgetLine[] = []
const nothing: Estimate = { promptTokens: 0, completionTokens: 0, images: 0 }

function reservedTokens({ calls }: AdmissionQuery, { promptTokens, completionTokens }: Estimate): Spending {
  return { nanoUsd: undefined, tokens: calls * (promptTokens + completionTokens) }
}

/** Compiled once for each key: rights do not change, they are replaced. */
const compiled = new WeakMap<ClientRights, readonly BudgetLine[]>()

function linesOf(rights: ClientRights): readonly BudgetLine[] {
  if (!rights.budget) return noLines
  let lines = compiled.get(rights)
  if (!lines) {
    lines = budgetLines(rights.budget)
    compiled.set(rights, lines)
  }
  return lines
}

interface Request {
  readonly query: AdmissionQuery
  readonly targets: readonly Target[]
  readonly taken: Taken | undefined
  readonly charging: Set<string>
}

class OneRequest implements Admitted {
  readonly #request: Request
  readonly #reserved: Spending
  readonly #hold: Hold | undefined

  constructor(request: Request, reserved: Spending, hold: Hold | undefined) {
    this.#request = request
    this.#reserved = reserved
    this.#hold = hold
  }

  get targets(): readonly Target[] {
    return this.#request.targets
  }

  permitted(targets: readonly Target[]): readonly Target[] {
    return permittedAmong(targets, this.#request.query)
  }

  settle(entry: LogEntry): void {
    const { taken, charging } = this.#request
    if (!taken && !this.#hold) return
    const spent = spentOn(entry, this.#reserved)
    taken?.settle(spent.tokens)
    this.#hold?.settle(spent)
    if (this.#reserved.nanoUsd !== undefined || !entry.cost) return
    for (const { provider } of entry.attempts) charging.add(provider)
  }
}

function unavailable(cause: unknown): DragomanError {
  const message = "What this key's budget has left cannot be looked up at the moment: try again"
  return new DragomanError('overloaded', message, { cause, retryAfterMs: 1_000 })
}
