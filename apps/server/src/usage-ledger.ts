import { join } from 'node:path'
import {
  type BudgetClaim,
  type BudgetLedger,
  type BudgetState,
  type Clock,
  type LogEntry,
  memoryBudgets,
  type UsageQuery,
  type UsageRow,
  type UsageSum,
} from '@dragoman/core'
import type { LedgerTrouble, SqliteLedger } from '@dragoman/store/sqlite-ledger'
import type { Logger } from 'pino'
import { usageRows } from './usage-rows.ts'

export interface ServerLedger extends BudgetLedger {
  /** Returns at once. */
  record(entry: LogEntry): void
  /** With everything that was recorded before. Rejects with `internal` where the file cannot be used. */
  sums(query: UsageQuery): Promise<readonly UsageSum[]>
  close(): Promise<void>
}

/** A file that could not be opened is tried again after this, and trouble that goes on is told again. */
const againMs = 60_000
/** Rows that wait for the file. */
const mostWaiting = 10_000

/**
 * What was used and what is reserved, in `ledger.db` of the store's folder, opened by whoever needs it first. It never
 * stops an answer: while the file cannot be used rows wait, and are lost when there are too many; budgets go on from what
 * was last known of them, in memory, and are written down when the file is back. All of that is said in the log.
 *
 * @param onLoss told how many rows are lost since the start, when there are more
 */
export function serverLedger(
  folder: string,
  clock: Clock,
  log: Pick<Logger, 'warn'>,
  onLoss?: (lost: number) => void,
): ServerLedger {
  return new Ledger(join(folder, 'ledger.db'), clock, log, onLoss)
}

type Owed = BudgetClaim

class Ledger implements ServerLedger {
  readonly #path: string
  readonly #clock: Clock
  readonly #log: Pick<Logger, 'warn'>
  readonly #onLoss: ((lost: number) => void) | undefined
  readonly #memory
  #opened: SqliteLedger | undefined
  #opening: Promise<SqliteLedger | undefined> | undefined
  #triedAt: number | undefined
  #waiting: UsageRow[] = []
  #lost = 0
  #toldAt: number | undefined
  /** Spent while the file could not be written, by account and window. */
  readonly #owed = new Map<string, Owed>()
  #isClosed = false

  constructor(path: string, clock: Clock, log: Pick<Logger, 'warn'>, onLoss?: (lost: number) => void) {
    this.#onLoss = onLoss
    this.#path = path
    this.#clock = clock
    this.#log = log
    this.#memory = memoryBudgets({ clock })
  }

  record(entry: LogEntry): void {
    for (const row of usageRows(entry)) {
      if (this.#opened) this.#opened.append(row)
      else this.#wait(row)
    }
  }

  #wait(row: UsageRow): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(row)
    else this.#onLoss?.(++this.#lost)
    this.#open()
  }

  async sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    const ledger = this.#opened ?? (await this.#open())
    // Throws what stands against it.
    return (ledger ?? (await this.#openFile())).sums(query)
  }

  claim(claims: readonly BudgetClaim[]): readonly BudgetState[] | Promise<readonly BudgetState[]> {
    if (this.#opened) return this.#claimFrom(this.#opened, claims)
    const opening = this.#open()
    if (!opening) return this.#claimFromMemory(claims)
    return opening.then((ledger) => (ledger ? this.#claimFrom(ledger, claims) : this.#claimFromMemory(claims)))
  }

  #claimFrom(ledger: SqliteLedger, claims: readonly BudgetClaim[]): readonly BudgetState[] {
    try {
      const states =
        this.#owed.size === 0 ? ledger.claim(claims) : ledger.claim(this.#withOwed(claims)).slice(0, claims.length)
      this.#owed.clear()
      for (const [i, claim] of claims.entries()) this.#memory.learn(claim, states[i]?.used ?? 0)
      return states
    } catch (err) {
      this.#tell(err, 'budgets are counted in memory until it can be written again')
      return this.#claimFromMemory(claims)
    }
  }

  #claimFromMemory(claims: readonly BudgetClaim[]): readonly BudgetState[] {
    // It counts for this process alone, and is done when it returns.
    const states = this.#memory.claim(claims) as readonly BudgetState[]
    for (const [i, claim] of claims.entries()) {
      const key = `${claim.window} ${claim.account}`
      const spent = (this.#owed.get(key)?.spent ?? 0) + claim.spent
      this.#owed.set(key, { ...claim, spent, held: claim.held + (states[i]?.granted ?? 0), need: 0, wanted: 0 })
    }
    return states
  }

  /** The same claims, then what else is owed. */
  #withOwed(claims: readonly BudgetClaim[]): readonly BudgetClaim[] {
    const rest = new Map(this.#owed)
    const merged = claims.map((claim) => {
      const key = `${claim.window} ${claim.account}`
      const owed = rest.get(key)
      rest.delete(key)
      return owed ? { ...claim, spent: claim.spent + owed.spent } : claim
    })
    return [...merged, ...rest.values()]
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const ledger = await this.#opening
    if (!ledger) return
    if (this.#owed.size > 0) this.#claimFrom(ledger, [])
    await ledger.close()
  }

  /** Undefined where it was tried a moment ago. Does not reject. */
  #open(): Promise<SqliteLedger | undefined> | undefined {
    if (this.#opening) return this.#opening
    const now = this.#clock.elapsed()
    if (this.#isClosed || (this.#triedAt !== undefined && now - this.#triedAt < againMs)) return undefined
    this.#triedAt = now
    const opening = this.#openFile().then(
      (ledger) => {
        this.#opened = ledger
        for (const row of this.#waiting.splice(0)) ledger.append(row)
        return ledger
      },
      (err) => {
        this.#opening = undefined
        this.#tell(err, 'usage waits to be written, and budgets are counted in memory')
        return undefined
      },
    )
    this.#opening = opening
    return opening
  }

  async #openFile(): Promise<SqliteLedger> {
    const { sqliteLedger } = await import('@dragoman/store/sqlite-ledger')
    const onTrouble = ({ cause, waiting, lost }: LedgerTrouble) => {
      if (lost > 0) this.#onLoss?.(this.#lost + lost)
      this.#tell(cause, `${waiting} rows of usage wait to be written, ${lost} are lost`)
    }
    return sqliteLedger({ path: this.#path, clock: this.#clock, onTrouble })
  }

  #tell(err: unknown, consequence: string): void {
    const now = this.#clock.elapsed()
    if (this.#toldAt !== undefined && now - this.#toldAt < againMs) return
    this.#toldAt = now
    const lost = this.#lost > 0 ? ` (${this.#lost} rows are lost)` : ''
    this.#log.warn({ err }, `${this.#path} cannot be used: ${consequence}${lost}`)
  }
}
