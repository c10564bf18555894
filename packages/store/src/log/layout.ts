import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { type FileLayout, openFile } from '../drivers/sqlite-file.ts'

/** Rows of one file of the text index: what a search looks at in one go, and what is removed at once. */
export const INDEX_ROWS = 131_072

/** Where everything of a log is. */
export interface LogFolder {
  readonly database: string
  readonly segments: string
  readonly index: string
}

export function logFolder(folder: string): LogFolder {
  return { database: join(folder, 'log.db'), segments: join(folder, 'segments'), index: join(folder, 'search') }
}

export function indexFile({ index }: LogFolder, number: number): string {
  return join(index, `${String(number).padStart(6, '0')}.db`)
}

const logLayout: FileLayout = {
  version: 1,
  schema: `
    CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, json BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS blocks (
      block INTEGER PRIMARY KEY, count INTEGER NOT NULL, min_at REAL NOT NULL, max_at REAL NOT NULL, masks BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS columns (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS names (
      facet TEXT NOT NULL, code INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (facet, code)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS rollups (
      level INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (level, at)
    );
    CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS bodies (seq INTEGER PRIMARY KEY, segment INTEGER NOT NULL, parts TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS segments (
      id INTEGER PRIMARY KEY, file TEXT NOT NULL, day TEXT NOT NULL, state TEXT NOT NULL, bytes INTEGER NOT NULL,
      disk_bytes INTEGER NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL
    )`,
}

const indexLayout: FileLayout = {
  version: 1,
  schema: `CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5 (
      user, answer, tools, error, content = '', columnsize = 0, tokenize = 'unicode61'
    )`,
}

/** A wait for others happens on the log's own thread; after it the batch is tried again. */
const BUSY_MS = 100
/** Pages of the write-ahead file before they are brought home: with less, what is written twice is written more often. */
const CHECKPOINT_PAGES = 4_000

/** Opens the log to write it. Throws where it cannot be used. */
export function openLogDatabase({ database }: LogFolder, maxBytes: number | undefined): DatabaseSync {
  const opened = openFile(database, logLayout)
  opened.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  if (maxBytes !== undefined) {
    const page = Number(opened.prepare('PRAGMA page_size').get()?.page_size)
    opened.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / page))}`)
  }
  return opened
}

export function openIndex(folder: LogFolder, number: number): DatabaseSync {
  const opened = openFile(indexFile(folder, number), indexLayout)
  opened.exec(`PRAGMA busy_timeout = ${BUSY_MS}`)
  return opened
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
}

/** Puts a damaged log aside, with all that belongs to it, so that a person can look at it. Answers where it is. */
export function putAside(folder: LogFolder, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(':', '-')
  let aside = `${folder.database}.damaged-${stamp}`
  for (let i = 2; existsSync(aside); i++) aside = `${folder.database}.damaged-${stamp}-${i}`
  makeFolder(aside)
  const { database, segments, index } = folder
  for (const [path, name] of [
    [database, 'log.db'],
    [`${database}-wal`, 'log.db-wal'],
    [`${database}-shm`, 'log.db-shm'],
    [segments, 'segments'],
    [index, 'search'],
  ] as const) {
    if (existsSync(path)) renameSync(path, join(aside, name))
  }
  return aside
}

/** SQLite's primary code of an error, where it has one. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 255
    : undefined
}

/** The file is no database, or its contents contradict themselves. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error)
  return code === 11 || code === 26
}

/** Busy, locked, read-only, input or output, full, cannot be opened: what may be over in a while. */
export function mayPass(error: unknown): boolean {
  const code = sqliteCode(error)
  if (code !== undefined) return [5, 6, 8, 10, 13, 14].includes(code)
  return error instanceof Error && 'syscall' in error
}
