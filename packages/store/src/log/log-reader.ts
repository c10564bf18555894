import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { KeptBody, LogFilter, LoggedBody, SuggestedField, TotalsQuery, UsageTotals } from '@dragoman/core'
import { hashOf, type NamedFacet } from './columns.ts'
import { type Conditions, conditionsOf } from './conditions.ts'
import { Facets } from './facets.ts'
import { indexNumbers } from './index-writer.ts'
import { INDEX_ROWS, indexFile, isDamage, type LogFolder } from './layout.ts'
import { matchesEntry } from './match-entry.ts'
import { readSearch } from './search-words.ts'
import { readSegment } from './segment-frames.ts'
import { readTotals } from './totals.ts'

export interface PageQuery {
  readonly filter: LogFilter
  readonly text?: string | undefined
  readonly before?: string | undefined
  readonly limit: number
}

/** Entries as JSON. */
export interface FoundPage {
  readonly lines: readonly string[]
  readonly next?: string | undefined
  readonly truncated?: boolean | undefined
}

export interface FoundRequest {
  readonly line: string
  readonly bodies: readonly Numbered<KeptBody>[]
}

/** `kind` by its number: this side does without the names. */
export type Numbered<T extends KeptBody> = Omit<T, 'kind'> & { readonly kind: number }

export interface StoredStats {
  readonly entries: number
  readonly bytes: number
  readonly bodyBytes: number
  readonly oldestAt?: number | undefined
}

/** As the writer puts them down. */
type StoredPart = readonly [kind: number, offset: number, bytes: number, timings: number, sha256: string, cut: number]

/** How long one page may be looked for. */
const PAGE_MS = 2_000
/** Rows between two looks at the time. */
const ROWS_BETWEEN_LOOKS = 256

/** Everything that is asked of a log. Reads beside the thread that writes, and never holds it up. */
export class LogReader {
  readonly #folder: LogFolder
  readonly #database: DatabaseSync
  readonly #readEntry: StatementSync
  readonly #facets: Facets
  readonly #indexes = new Map<number, DatabaseSync>()

  constructor(folder: LogFolder) {
    this.#folder = folder
    this.#database = new DatabaseSync(folder.database, { readOnly: true })
    this.#readEntry = this.#database.prepare('SELECT json FROM entries WHERE seq = ?')
    this.#facets = new Facets(this.#database)
  }

  page({ filter, text, before, limit }: PageQuery): FoundPage {
    const words = text === undefined ? undefined : readSearch(text)
    if (words?.isEmpty) return { lines: [] }
    return this.#atOneTime(() => {
      const wanted = { ...words?.filter, ...defined(filter) }
      const conditions = conditionsOf(wanted, this.#facets, words?.names)
      const start = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before)
      const page = new Page((seq) => this.#line(seq), limit, conditions.isUncertain ? wanted : undefined)
      const until = performance.now() + PAGE_MS
      const isOver = () => performance.now() > until
      const stopped = words?.match
        ? this.#searchIndex(words.match, conditions, start, page, isOver)
        : this.#facets.scan(conditions, start, (seq) => page.take(seq), isOver)
      return page.result(stopped)
    })
  }

  read(id: string): FoundRequest | undefined {
    return this.#atOneTime(() => {
      const found = this.#find(id)
      if (!found) return undefined
      const bodies = this.#parts(found.seq).map(([kind, , bytes, , sha256, cut]) => keptBody(kind, bytes, sha256, cut))
      return { line: found.line, bodies }
    })
  }

  body(id: string, wanted: number): Numbered<LoggedBody> | undefined {
    // The file of a segment has another name once it is compressed, which may happen between two looks.
    for (let attempts = 0; attempts < 2; attempts++) {
      try {
        return this.#atOneTime(() => {
          const found = this.#find(id)
          const part = found && this.#parts(found.seq).find(([stored]) => stored === wanted)
          return found && part && this.#readBody(found.seq, part)
        })
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      }
    }
    return undefined
  }

  totals(query: TotalsQuery): UsageTotals[] {
    return this.#atOneTime(() => readTotals(this.#database, query, this.#facets))
  }

  suggest(field: SuggestedField, prefix: string, limit: number): string[] {
    return this.#atOneTime(() => {
      const wanted = prefix.toLowerCase()
      const names = this.#facets.namesOf(field as NamedFacet).filter((name) => name.toLowerCase().includes(wanted))
      const begins = (name: string) => (name.toLowerCase().startsWith(wanted) ? 0 : 1)
      return names.sort((a, b) => begins(a) - begins(b) || (a < b ? -1 : 1)).slice(0, limit)
    })
  }

  stats(): StoredStats {
    return this.#atOneTime(() => {
      const row = this.#database.prepare('SELECT coalesce(sum(disk_bytes), 0) AS bytes FROM segments').get()
      const bodyBytes = Number(row?.bytes)
      const { database, index } = this.#folder
      const files = [database, `${database}-wal`, ...readdirSync(index).map((file) => join(index, file))]
      const bytes = files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), bodyBytes)
      return { entries: this.#facets.rows, bytes, bodyBytes, oldestAt: this.#facets.oldestAt }
    })
  }

  close(): void {
    for (const index of this.#indexes.values()) if (index.isOpen) index.close()
    this.#indexes.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  /** All reads of one question see the same rows. */
  #atOneTime<T>(read: () => T): T {
    this.#database.exec('BEGIN')
    try {
      this.#facets.refresh()
      return read()
    } finally {
      // What failed may have ended it.
      if (this.#database.isTransaction) this.#database.exec('COMMIT')
    }
  }

  #searchIndex(
    match: string,
    conditions: Conditions,
    before: number,
    page: Page,
    isOver: () => boolean,
  ): number | undefined {
    const matches = this.#facets.matcher(conditions)
    const numbers = indexNumbers(this.#folder)
    this.#forgetIndexes(numbers)
    for (const number of numbers) {
      const first = number * INDEX_ROWS
      const end = Math.min(before, first + INDEX_ROWS)
      if (first >= before || !this.#facets.mayHold(first, end - 1, conditions)) continue
      if (isOver()) return end
      let looked = 0
      for (const seq of this.#hits(number, match, end)) {
        if (matches(seq) && !page.take(seq)) return seq
        if (++looked % ROWS_BETWEEN_LOOKS === 0 && isOver()) return seq
      }
    }
    return undefined
  }

  *#hits(number: number, match: string, before: number): Iterable<number> {
    try {
      const rows = this.#index(number)
        .prepare('SELECT rowid AS seq FROM texts WHERE texts MATCH ? AND rowid < ? ORDER BY rowid DESC')
        .iterate(match, before)
      for (const { seq } of rows) yield Number(seq)
    } catch (error) {
      // Its words are not found; the thread that writes will begin it anew.
      if (!isDamage(error)) throw error
    }
  }

  #index(number: number): DatabaseSync {
    const opened = this.#indexes.get(number)
    if (opened) return opened
    const index = new DatabaseSync(indexFile(this.#folder, number), { readOnly: true })
    this.#indexes.set(number, index)
    return index
  }

  #forgetIndexes(there: readonly number[]): void {
    for (const [number, index] of this.#indexes) {
      if (there.includes(number)) continue
      index.close()
      this.#indexes.delete(number)
    }
  }

  #find(id: string): { readonly seq: number; readonly line: string } | undefined {
    for (const seq of this.#facets.withHash(hashOf(id))) {
      const line = this.#line(seq)
      if (line !== undefined && JSON.parse(line).id === id) return { seq, line }
    }
    return undefined
  }

  #line(seq: number): string | undefined {
    const json = this.#readEntry.get(seq)?.json
    if (!(json instanceof Uint8Array)) return undefined
    return Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString()
  }

  #parts(seq: number): StoredPart[] {
    const row = this.#database
      .prepare(`SELECT parts FROM bodies JOIN segments ON segments.id = segment WHERE seq = ? AND state != 'removed'`)
      .get(seq)
    return row ? JSON.parse(String(row.parts)) : []
  }

  #readBody(seq: number, [kind, offset, bytes, timings, sha256, cut]: StoredPart): Numbered<LoggedBody> | undefined {
    const segment = this.#database
      .prepare('SELECT file, state FROM bodies JOIN segments ON segments.id = segment WHERE seq = ?')
      .get(seq)
    const path = join(this.#folder.segments, String(segment?.file))
    const stored = readSegment(path, segment?.state === 'compressed', offset, bytes + timings)
    const content = stored?.subarray(0, bytes)
    // After a loss of power the file may be behind its row.
    if (!stored || !content || createHash('sha256').update(content).digest('base64url') !== sha256) return undefined
    const body = { ...keptBody(kind, bytes, sha256, cut), content }
    return timings === 0 ? body : { ...body, timings: JSON.parse(stored.subarray(bytes).toString()) }
  }
}

/** Entries of one page, as they are found. */
class Page {
  readonly #line: (seq: number) => string | undefined
  readonly #limit: number
  readonly #verify: LogFilter | undefined
  readonly #lines: string[] = []
  #last = 0
  #hasMore = false

  constructor(line: (seq: number) => string | undefined, limit: number, verify: LogFilter | undefined) {
    this.#line = line
    this.#limit = limit
    this.#verify = verify
  }

  /** False when it is full, and one more was found. */
  take(seq: number): boolean {
    const line = this.#line(seq)
    if (line === undefined || (this.#verify && !matchesEntry(JSON.parse(line), this.#verify))) return true
    if (this.#lines.length === this.#limit) {
      this.#hasMore = true
      return false
    }
    this.#lines.push(line)
    this.#last = seq
    return true
  }

  /** `stopped`: the row up to which was looked, where that was not the end. */
  result(stopped: number | undefined): FoundPage {
    if (this.#hasMore) return { lines: this.#lines, next: String(this.#last) }
    return stopped === undefined
      ? { lines: this.#lines }
      : { lines: this.#lines, next: String(stopped), truncated: true }
  }
}

function defined(filter: LogFilter): LogFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

function keptBody(kind: number, bytes: number, sha256: string, cut: number): Numbered<KeptBody> {
  return { kind, bytes, sha256: Buffer.from(sha256, 'base64url').toString('hex'), truncated: cut === 1 }
}
