import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** How long others may hold the file before one gives up. Nobody holds it for longer than a statement takes. */
const BUSY_MS = 5_000

export interface FileLayout {
  /** What `PRAGMA user_version` of the file is once `schema` has run. */
  readonly version: number
  /** Runs on a file that is older, in one transaction. What is there already is left as it is. */
  readonly schema: string
  /** Whether a write is on the disk when it returns, or only in the log of the system. Default `system`. */
  readonly writtenTo?: 'disk' | 'system'
}

/**
 * Opens a file of SQLite that several processes may share; creates it where there is none, and its folder too. Nobody but
 * its owner may read it. Throws where it cannot be used.
 */
export function openFile(path: string, { version, schema, writtenTo = 'system' }: FileLayout): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  // Before SQLite creates it: the files beside it get the mode of this one.
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  const database = new DatabaseSync(path)
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
    toWriteAhead(database)
    database.exec(`PRAGMA synchronous = ${writtenTo === 'disk' ? 'FULL' : 'NORMAL'}`)
    const found = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    if (found > version) throw new Error('it was written by a newer version')
    if (found < version) inTransaction(database, () => database.exec(`${schema}; PRAGMA user_version = ${version}`))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** SQLite does not always wait before this change: of eight that start together one in some hundreds is refused. */
function toWriteAhead(database: DatabaseSync): void {
  const until = performance.now() + BUSY_MS
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  // Takes the right to write at once: one that began by reading could lose it to somebody else.
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
