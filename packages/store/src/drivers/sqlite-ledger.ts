import { resolve } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  type BudgetClaim,
  type BudgetLedger,
  type BudgetState,
  budgetStates,
  type Clock,
  openBudgetMs,
  systemClock,
  type UsageLedger,
  type UsageQuery,
  type UsageRow,
  type UsageSum,
} from '@dragoman/core'
import { attempt } from './attempt.ts'
import { inTransaction, openFile } from './sqlite-file.ts'
import { sumUsage } from './usage-sums.ts'

export interface SqliteLedgerOptions {
  /** The file. It is created where there is none, and its folder too; nobody but its owner may read it. */
  readonly path: string
  readonly clock?: Clock | undefined
  /** Told when rows of usage could not be written, and how many were given up for good. They are tried again. */
  readonly onTrouble?: ((trouble: LedgerTrouble) => void) | undefined
}

export interface LedgerTrouble {
  readonly cause: unknown
  /** Rows that wait to be written. */
  readonly waiting: number
  /** Rows that were given up since the ledger was opened, because too many waited. */
  readonly lost: number
}

export interface SqliteLedger extends UsageLedger, BudgetLedger {
  claim(claims: readonly BudgetClaim[]): readonly BudgetState[]
}

const layout = {
  version: 1,
  schema: `
    CREATE TABLE IF NOT EXISTS usage (
      id INTEGER PRIMARY KEY,
      request_id TEXT NOT NULL,
      at INTEGER NOT NULL,
      client TEXT NOT NULL,
      provider TEXT NOT NULL,
      model TEXT NOT NULL,
      credential TEXT,
      prompt_tokens INTEGER NOT NULL,
      cache_read_tokens INTEGER NOT NULL,
      cache_write_tokens INTEGER NOT NULL,
      completion_tokens INTEGER NOT NULL,
      reasoning_tokens INTEGER NOT NULL,
      cost REAL,
      estimated INTEGER NOT NULL,
      outcome TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS usage_at ON usage (at);
    CREATE TABLE IF NOT EXISTS budget_settlement (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      account TEXT NOT NULL,
      window TEXT NOT NULL,
      holder TEXT NOT NULL,
      amount INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS budget_used (
      account TEXT NOT NULL,
      window TEXT NOT NULL,
      amount INTEGER NOT NULL,
      PRIMARY KEY (account, window)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS budget_open (
      account TEXT NOT NULL,
      window TEXT NOT NULL,
      holder TEXT NOT NULL,
      amount INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (account, window, holder)
    ) WITHOUT ROWID;
  `,
}

/**
 * Usage and budgets in a file of SQLite that several processes of one machine may share. Throws `internal` where the file
 * cannot be opened. What was written survives the end of the process, and a loss of power but for the last moments.
 */
export function sqliteLedger({ path, clock = systemClock, onTrouble }: SqliteLedgerOptions): SqliteLedger {
  const database = attempt('The usage ledger cannot be opened', () => openFile(resolve(path), layout))
  return new Ledger(database, clock, onTrouble)
}

/** Rows are written so long after the first that waits. */
const BATCH_MS = 100
/** So many at once: more would keep requests waiting for some milliseconds. */
const BATCH_ROWS = 250
const MOST_WAITING = 50_000
/** After a failure. */
const AGAIN_MS = 1_000

class Ledger implements SqliteLedger {
  readonly #database: DatabaseSync
  readonly #clock: Clock
  readonly #onTrouble: SqliteLedgerOptions['onTrouble']
  readonly #holder = crypto.randomUUID()
  readonly #insert: StatementSync
  readonly #settle: StatementSync
  readonly #addUsed: StatementSync
  readonly #readUsed: StatementSync
  readonly #readOthers: StatementSync
  readonly #open: StatementSync
  readonly #leave: StatementSync
  readonly #expire: StatementSync
  #waiting: UsageRow[] = []
  #lost = 0
  #cancelBatch: (() => void) | undefined

  constructor(database: DatabaseSync, clock: Clock, onTrouble: SqliteLedgerOptions['onTrouble']) {
    this.#database = database
    this.#clock = clock
    this.#onTrouble = onTrouble
    const prepare = (sql: string) => database.prepare(sql)
    this.#insert = prepare(
      `INSERT INTO usage (request_id, at, client, provider, model, credential, prompt_tokens, cache_read_tokens,
        cache_write_tokens, completion_tokens, reasoning_tokens, cost, estimated, outcome)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#settle = prepare('INSERT INTO budget_settlement (at, account, window, holder, amount) VALUES (?, ?, ?, ?, ?)')
    this.#addUsed = prepare(
      `INSERT INTO budget_used (account, window, amount) VALUES (?, ?, ?)
        ON CONFLICT (account, window) DO UPDATE SET amount = amount + excluded.amount`,
    )
    this.#readUsed = prepare('SELECT amount FROM budget_used WHERE account = ? AND window = ?')
    this.#readOthers = prepare(
      `SELECT coalesce(sum(amount), 0) AS amount FROM budget_open
        WHERE account = ? AND window = ? AND holder <> ? AND expires_at > ?`,
    )
    this.#open = prepare(
      `INSERT INTO budget_open (account, window, holder, amount, expires_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (account, window, holder)
        DO UPDATE SET amount = excluded.amount, expires_at = excluded.expires_at`,
    )
    this.#leave = prepare('DELETE FROM budget_open WHERE account = ? AND window = ? AND holder = ?')
    this.#expire = prepare('DELETE FROM budget_open WHERE account = ? AND expires_at <= ?')
  }

  append(row: UsageRow): void {
    if (this.#waiting.length >= MOST_WAITING || !this.#database.isOpen) {
      this.#lost++
      return
    }
    this.#waiting.push(row)
    if (this.#cancelBatch) return
    this.#writeIn(BATCH_MS)
  }

  async sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    await this.flush()
    return sumUsage((sql) => attempt('The usage ledger failed', () => this.#database.prepare(sql)), query)
  }

  async flush(): Promise<void> {
    while (this.#waiting.length > 0) if (!this.#writeBatch()) return
  }

  claim(claims: readonly BudgetClaim[]): readonly BudgetState[] {
    return attempt('The ledger of budgets failed', () => inTransaction(this.#database, () => this.#claim(claims)))
  }

  #claim(claims: readonly BudgetClaim[]): readonly BudgetState[] {
    const holder = this.#holder
    const now = Math.floor(this.#clock.now())
    for (const { account, window, spent } of claims) {
      if (spent === 0) continue
      this.#settle.run(now, account, window, holder, spent)
      this.#addUsed.run(account, window, spent)
    }
    const states = budgetStates(claims, ({ account, window }) => ({
      used: amountOf(this.#readUsed.get(account, window)),
      others: amountOf(this.#readOthers.get(account, window, holder, now)),
    }))
    for (const [i, { account, window, held }] of claims.entries()) {
      const open = held + (states[i]?.granted ?? 0)
      if (open > 0) this.#open.run(account, window, holder, open, now + openBudgetMs)
      else {
        this.#leave.run(account, window, holder)
        this.#expire.run(account, now)
      }
    }
    return states
  }

  async close(): Promise<void> {
    await this.flush()
    this.#cancelBatch?.()
    this.#cancelBatch = undefined
    if (this.#database.isOpen) this.#database.close()
  }

  #writeIn(ms: number): void {
    this.#cancelBatch = this.#clock.schedule(() => {
      this.#cancelBatch = undefined
      if (!this.#writeBatch()) this.#writeIn(AGAIN_MS)
      else if (this.#waiting.length > 0) this.#writeIn(0)
    }, ms)
  }

  /** False where nothing could be written. */
  #writeBatch(): boolean {
    const rows = this.#waiting.slice(0, BATCH_ROWS)
    try {
      inTransaction(this.#database, () => {
        for (const row of rows) this.#write(row)
      })
      this.#waiting.splice(0, rows.length)
      return true
    } catch (cause) {
      this.#onTrouble?.({ cause, waiting: this.#waiting.length, lost: this.#lost })
      return false
    }
  }

  #write(row: UsageRow): void {
    this.#insert.run(
      row.requestId,
      Math.floor(row.at),
      row.client,
      row.provider,
      row.model,
      row.credential ?? null,
      whole(row.promptTokens),
      whole(row.cacheReadTokens),
      whole(row.cacheWriteTokens),
      whole(row.completionTokens),
      whole(row.reasoningTokens),
      row.cost === undefined || !Number.isFinite(row.cost) ? null : row.cost,
      row.estimated ? 1 : 0,
      row.outcome,
    )
  }
}

/** Services report what they like, and one row that cannot be written would keep back all others. */
function whole(tokens: number): number {
  return Number.isFinite(tokens) ? Math.round(tokens) : 0
}

function amountOf(row: Record<string, unknown> | undefined): number {
  return Number(row?.amount ?? 0)
}
