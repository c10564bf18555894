import { resolve } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, type StateStore, systemClock } from '@dragoman/core'
import { attempt } from './attempt.ts'
import { type FileLayout, inTransaction, openFile } from './sqlite-file.ts'

export interface SqliteStateOptions {
  /** The file. It is created where there is none, and its folder too; nobody but its owner may read it. */
  readonly path: string
  readonly clock?: Clock | undefined
}

export interface SqliteState extends StateStore {
  /** Closes the file. Whatever is asked of it later rejects. */
  close(): Promise<void>
}

/**
 * A `StateStore` in a file of SQLite, for one machine: it survives a restart, and several processes may share it. Throws
 * `internal` where the file cannot be opened. What was written survives the end of the process, and a loss of power but
 * for the last moments.
 */
export function sqliteState({ path, clock = systemClock }: SqliteStateOptions): SqliteState {
  return new SqliteStore(
    attempt('The state store cannot be opened', () => openFile(resolve(path), layout)),
    clock,
  )
}

/** Of rows whose time is over, at most this many are removed at every so manyth write: always more than can come up. */
const CLEANED_AT_ONCE = 64
const WRITES_BETWEEN_CLEANINGS = 16

/** A write need not be on the disk: its value expires. */
const layout: FileLayout = {
  version: 1,
  schema: `
    CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS state_expires_at ON state (expires_at) WHERE expires_at IS NOT NULL`,
}

interface Row {
  readonly value: string
  readonly expiresAt: number | null
}

/** Everything happens within the call: SQLite is quicker than a turn of the event loop. */
class SqliteStore implements SqliteState {
  readonly #database: DatabaseSync
  readonly #clock: Clock
  readonly #read: StatementSync
  readonly #write: StatementSync
  readonly #writeIfAbsent: StatementSync
  readonly #replace: StatementSync
  readonly #remove: StatementSync
  readonly #removeValue: StatementSync
  readonly #page: StatementSync
  readonly #clean: StatementSync
  #writes = 0

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database
    this.#clock = clock
    const live = '(expires_at IS NULL OR expires_at > :now)'
    const insert = 'INSERT INTO state (key, value, expires_at) VALUES (:key, :value, :expiresAt) ON CONFLICT (key)'
    const update = 'DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at'
    const prepare = (sql: string) => database.prepare(sql)
    this.#read = prepare(`SELECT value, expires_at AS expiresAt FROM state WHERE key = :key AND ${live}`)
    this.#write = prepare(`${insert} ${update}`)
    this.#writeIfAbsent = prepare(`${insert} ${update} WHERE state.expires_at <= :now`)
    this.#replace = prepare(
      `UPDATE state SET value = :value, expires_at = :expiresAt WHERE key = :key AND value = :expected AND ${live}`,
    )
    this.#remove = prepare('DELETE FROM state WHERE key = :key')
    this.#removeValue = prepare('DELETE FROM state WHERE key = :key AND value = :value')
    this.#page = prepare(
      `SELECT key FROM state WHERE key >= :from AND key <= :to AND key IS NOT :after AND ${live} ORDER BY key LIMIT :limit`,
    )
    this.#clean = prepare(
      `DELETE FROM state WHERE key IN (SELECT key FROM state WHERE expires_at <= :now LIMIT ${CLEANED_AT_ONCE})`,
    )
  }

  async get(key: string): Promise<string | undefined> {
    return attempt('The state store failed', () => this.#row(key)?.value)
  }

  async set(key: string, value: string, options: { ttlMs?: number; ifAbsent?: boolean } = {}): Promise<boolean> {
    const { ttlMs, ifAbsent = false } = options
    return this.#change(() => {
      if (ifAbsent) return this.#insert(key, value, ttlMs)
      this.#write.run({ key, value, expiresAt: this.#expiry(ttlMs) })
      return true
    })
  }

  async increment(key: string, by: number, { ttlMs }: { ttlMs: number }): Promise<number> {
    return this.#change(() =>
      inTransaction(this.#database, () => {
        const before = this.#row(key)
        const after = Number(before?.value ?? 0) + by
        const expiresAt = before ? before.expiresAt : this.#expiry(ttlMs)
        this.#write.run({ key, value: String(after), expiresAt })
        return after
      }),
    )
  }

  async delete(key: string): Promise<void> {
    this.#change(() => this.#remove.run({ key }))
  }

  async lock(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
    // Whoever holds an expired lock must not open its successor's.
    const mine = crypto.randomUUID()
    if (!this.#change(() => this.#insert(key, mine, ttlMs))) return undefined
    return async () => {
      this.#change(() => this.#removeValue.run({ key, value: mine }))
    }
  }

  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    { ttlMs }: { ttlMs?: number } = {},
  ): Promise<boolean> {
    return this.#change(() => {
      if (expected === undefined) return this.#insert(key, value, ttlMs)
      const now = this.#clock.now()
      return this.#replace.run({ key, value, expected, expiresAt: this.#expiry(ttlMs), now }).changes > 0
    })
  }

  /** In the order of their bytes; the cursor is the last key of a page, so that nothing is missed when others go. */
  async scan(prefix: string, limit: number, cursor?: string): Promise<{ keys: readonly string[]; cursor?: string }> {
    const rows = attempt('The state store failed', () =>
      this.#page.all({
        from: cursor ?? prefix,
        // The last of all characters: it stands in no key.
        to: `${prefix}\u{10ffff}`,
        after: cursor ?? null,
        limit: limit + 1,
        now: this.#clock.now(),
      }),
    )
    const keys = rows.slice(0, limit).map(({ key }) => String(key))
    const last = keys.at(-1)
    return rows.length > limit && last !== undefined ? { keys, cursor: last } : { keys }
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  #row(key: string): Row | undefined {
    // The columns are those that the statement names.
    return this.#read.get({ key, now: this.#clock.now() }) as Row | undefined
  }

  /** False where there is a value. */
  #insert(key: string, value: string, ttlMs: number | undefined): boolean {
    const now = this.#clock.now()
    return this.#writeIfAbsent.run({ key, value, expiresAt: this.#expiry(ttlMs), now }).changes > 0
  }

  #expiry(ttlMs: number | undefined): number | null {
    return ttlMs === undefined ? null : this.#clock.now() + ttlMs
  }

  #change<T>(work: () => T): T {
    return attempt('The state store failed', () => {
      const result = work()
      if (this.#writes++ % WRITES_BETWEEN_CLEANINGS === 0) this.#clean.run({ now: this.#clock.now() })
      return result
    })
  }
}
