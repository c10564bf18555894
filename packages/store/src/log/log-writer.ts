import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { inTransaction } from '../drivers/sqlite-file.ts'
import {
  type Batch,
  countBodies,
  JSON_LENGTH,
  MAX_NAMES,
  PART_COUNT,
  PART_NUMBERS,
  ROW_NUMBERS,
  textParts,
} from './batch-layout.ts'
import {
  type AllColumns,
  BLOCK_ROWS,
  columnGroups,
  columnNames,
  columnsId,
  decodeGroup,
  emptyColumns,
  encodeGroup,
  Masks,
  maskedColumns,
  type NamedFacet,
  namedFacets,
} from './columns.ts'
import { type IndexedText, IndexWriter } from './index-writer.ts'
import { isDamage, type LogFolder, openLogDatabase } from './layout.ts'
import { Rollups } from './rollups.ts'
import { SegmentWriter } from './segment-writer.ts'

export interface LogWriterOptions {
  readonly folder: LogFolder
  readonly segmentBytes: number
  readonly maxBytes?: number | undefined
  /** Names of the process that sends the batches, in the order of its codes, which begin at 1. Grows. */
  readonly names: Readonly<Record<NamedFacet, readonly string[]>>
}

/** The block that rows are being added to. */
interface Tail {
  block: number
  count: number
  columns: AllColumns
  masks: Masks
  minAt: number
  maxAt: number
}

/** Rows that are removed in one transaction, which is as long as anything is held. */
const ROWS_AT_ONCE = 256

/** Everything that changes the files of a log. One thread has one; nobody else writes. */
export class LogWriter {
  readonly database: DatabaseSync
  readonly #segments: SegmentWriter
  readonly #index: IndexWriter
  readonly #rollups: Rollups
  readonly #insertEntry: StatementSync
  readonly #insertBodies: StatementSync
  readonly #writeColumns: StatementSync
  readonly #writeBlock: StatementSync
  readonly #insertName: StatementSync
  /** Codes of the file by name. */
  readonly #names = new Map<NamedFacet, Map<string, number>>()
  /** Codes of the file by those of the process that sends the batches. */
  readonly #codes: Record<NamedFacet, number[]> = { model: [0], provider: [0], client: [0], error: [0] }
  readonly #sent: Readonly<Record<NamedFacet, readonly string[]>>
  #tail: Tail
  #isStale = false

  constructor({ folder, segmentBytes, maxBytes, names }: LogWriterOptions) {
    this.#sent = names
    this.database = openLogDatabase(folder, maxBytes)
    try {
      const prepare = (sql: string) => this.database.prepare(sql)
      this.#insertEntry = prepare('INSERT INTO entries (seq, json) VALUES (?, ?)')
      this.#insertBodies = prepare('INSERT INTO bodies (seq, segment, parts) VALUES (?, ?, ?)')
      this.#writeColumns = prepare(
        'INSERT INTO columns (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data',
      )
      this.#writeBlock = prepare(
        `INSERT INTO blocks (block, count, min_at, max_at, masks) VALUES (?, ?, ?, ?, ?) ON CONFLICT (block) DO UPDATE
         SET count = excluded.count, min_at = excluded.min_at, max_at = excluded.max_at, masks = excluded.masks`,
      )
      this.#insertName = prepare('INSERT INTO names (facet, code, name) VALUES (?, ?, ?)')
      for (const facet of namedFacets) this.#names.set(facet, new Map())
      this.#tail = this.#load()
      this.#segments = new SegmentWriter(folder.segments, this.database, segmentBytes)
      this.#index = new IndexWriter(folder)
      this.#rollups = new Rollups(this.database)
    } catch (error) {
      this.database.close()
      throw error
    }
  }

  /** Writes all rows or none. Answers how many bodies could not be written. */
  write(batch: Batch, withBodies = true): number {
    const texts: IndexedText[] = []
    const bodyPieces: Uint8Array[] = []
    let bodiesEnd: number | undefined
    if (this.#isStale) this.#reload()
    try {
      inTransaction(this.database, () => {
        bodiesEnd = this.#writeRows(batch, withBodies, texts, bodyPieces)
      })
    } catch (error) {
      // What is in memory is ahead of the file now.
      this.#isStale = true
      throw error
    }
    if (bodiesEnd !== undefined) this.#segments.commit(bodiesEnd)
    if (texts.length > 0) this.#indexTexts(texts)
    return withBodies ? 0 : countBodies(batch)
  }

  /** Sums up some rows; false when all are. */
  sumUp(): boolean {
    return this.#rollups.step()
  }

  compressSome(): boolean {
    return this.#segments.compressSome()
  }

  /** Removes some rows of a block all of which began before `beforeAt`; answers how many, 0 when there is none. */
  removeRows(beforeAt: number): number {
    const row = this.database
      .prepare('SELECT block, max_at FROM blocks WHERE block != ? ORDER BY block LIMIT 1')
      .get(this.#tail.block)
    if (!row || Number(row.max_at) >= beforeAt) return 0
    const block = Number(row.block)
    const [first, last] = [block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS - 1]
    const left = this.database.prepare('SELECT min(seq) AS seq FROM entries WHERE seq BETWEEN ? AND ?').get(first, last)
    const from = Number(left?.seq ?? last)
    const to = Math.min(from + ROWS_AT_ONCE - 1, last)
    const removed = inTransaction(this.database, () => {
      const { changes } = this.database.prepare('DELETE FROM entries WHERE seq BETWEEN ? AND ?').run(from, to)
      this.database.prepare('DELETE FROM bodies WHERE seq BETWEEN ? AND ?').run(from, to)
      if (to === last) this.#removeBlock(block)
      return Number(changes)
    })
    if (to === last) this.#index.removeBefore(last + 1)
    return removed
  }

  /** Removes the oldest file of bodies where all of its entries are gone, or more than `keepBytes` are kept. */
  removeSegment(keepBytes: number): boolean {
    const { kept } = this.database.prepare('SELECT coalesce(sum(disk_bytes), 0) AS kept FROM segments').get() ?? {}
    if (Number(kept) > keepBytes && this.#segments.removeOldest()) return true
    const oldest = this.#segments.oldest()
    const { first } = this.database.prepare('SELECT min(block) AS first FROM blocks').get() ?? {}
    if (!oldest || oldest.lastSeq >= Number(first ?? 0) * BLOCK_ROWS) return false
    return this.#segments.removeOldest() !== undefined
  }

  /** Removes rows of bodies whose file is gone; false when there are none left. */
  removeBodyRows(): boolean {
    return this.#segments.removeRows(ROWS_AT_ONCE)
  }

  close(): void {
    this.#segments.close()
    this.#index.close()
    if (this.database.isOpen) this.database.close()
  }

  #removeBlock(block: number): void {
    const [from, to] = [columnsId(block, 0), columnsId(block + 1, 0) - 1]
    this.database.prepare('DELETE FROM columns WHERE id BETWEEN ? AND ?').run(from, to)
    this.database.prepare('DELETE FROM blocks WHERE block = ?').run(block)
  }

  #writeRows(batch: Batch, withBodies: boolean, texts: IndexedText[], pieces: Uint8Array[]): number | undefined {
    const { rows, parts, bytes } = batch
    this.#learnNames()
    const place = withBodies && countBodies(batch) > 0 ? this.#beginBodies(batch.now) : undefined
    let bodyOffset = place?.offset ?? 0
    let offset = 0
    let part = 0
    let lastSeq = 0
    for (let i = 0; i < batch.count; i++) {
      const at = i * ROW_NUMBERS
      const seq = this.#addColumns(rows, at)
      const jsonEnd = offset + (rows[at + JSON_LENGTH] ?? 0)
      this.#insertEntry.run(seq, bytes.subarray(offset, jsonEnd))
      offset = jsonEnd
      const ended = part + (rows[at + PART_COUNT] ?? 0)
      if (ended === part) continue
      const kept: (number | string)[][] = []
      const text: IndexedText = { seq, user: null, answer: null, tools: null, error: null }
      for (; part < ended; part++) {
        const [kind = 0, length = 0, timings = 0, cut = 0] = parts.subarray(part * PART_NUMBERS)
        const content = bytes.subarray(offset, offset + length + timings)
        offset += length + timings
        if (kind >= textParts.user) setText(text, kind, content)
        else if (place) {
          const sha256 = createHash('sha256').update(content.subarray(0, length)).digest('base64url')
          kept.push([kind, bodyOffset, length, timings, sha256, cut])
          pieces.push(content)
          bodyOffset += content.length
        }
      }
      if (place && kept.length > 0) this.#insertBodies.run(seq, place.id, JSON.stringify(kept))
      if (text.user ?? text.answer ?? text.tools ?? text.error) texts.push(text)
      lastSeq = seq
    }
    this.#writeTail()
    return place && this.#segments.write(pieces, lastSeq)
  }

  #learnNames(): void {
    for (const facet of namedFacets) {
      const [codes, known] = [this.#codes[facet], this.#names.get(facet)]
      for (const name of this.#sent[facet].slice(codes.length - 1)) {
        let code = known?.get(name)
        if (code === undefined && known && known.size < 2 * MAX_NAMES) {
          code = known.size + 1
          this.#insertName.run(facet, code, name)
          known.set(name, code)
        }
        codes.push(code ?? 0)
      }
    }
  }

  #beginBodies(now: number): { readonly id: number; readonly offset: number } {
    return this.#segments.begin(
      new Date(now).toISOString().slice(0, 10),
      this.#tail.block * BLOCK_ROWS + this.#tail.count,
    )
  }

  /** The number of the row. */
  #addColumns(rows: Float64Array, at: number): number {
    if (this.#tail.count === BLOCK_ROWS) {
      this.#writeTail()
      this.#tail = emptyTail(this.#tail.block + 1)
    }
    const tail = this.#tail
    const row = tail.count++
    for (const [i, name] of columnNames.entries()) {
      const value = rows[at + i] ?? 0
      tail.columns[name][row] = isNamed(name) ? (this.#codes[name][value] ?? 0) : value
    }
    for (const [i, name] of maskedColumns.entries()) tail.masks.add(i, tail.columns[name][row] ?? 0)
    const startedAt = rows[at] ?? 0
    tail.minAt = Math.min(tail.minAt, startedAt)
    tail.maxAt = Math.max(tail.maxAt, startedAt)
    return tail.block * BLOCK_ROWS + row
  }

  #writeTail(): void {
    const { block, count, columns, masks, minAt, maxAt } = this.#tail
    if (count === 0) return
    for (const group of columnGroups.keys()) {
      this.#writeColumns.run(columnsId(block, group), encodeGroup(columns, group, count))
    }
    this.#writeBlock.run(block, count, minAt, maxAt, masks.bytes())
  }

  #indexTexts(texts: readonly IndexedText[]): void {
    try {
      this.#index.add(texts)
    } catch (error) {
      // The rows are written: they are only not found by their words.
      if (isDamage(error)) this.#index.discard()
    }
  }

  #reload(): void {
    for (const facet of namedFacets) {
      this.#names.get(facet)?.clear()
      this.#codes[facet].length = 1
    }
    this.#tail = this.#load()
    this.#segments.reload()
    this.#isStale = false
  }

  #load(): Tail {
    for (const row of this.database.prepare('SELECT facet, code, name FROM names').all()) {
      this.#names.get(row.facet as NamedFacet)?.set(String(row.name), Number(row.code))
    }
    const row = this.database.prepare('SELECT * FROM blocks ORDER BY block DESC LIMIT 1').get()
    if (!row) return emptyTail(0)
    const tail = emptyTail(Number(row.block), Masks.from(row.masks as Uint8Array))
    tail.count = Number(row.count)
    tail.minAt = Number(row.min_at)
    tail.maxAt = Number(row.max_at)
    const read = this.database.prepare('SELECT data FROM columns WHERE id = ?')
    for (const group of columnGroups.keys()) {
      const found = {}
      decodeGroup(read.get(columnsId(tail.block, group))?.data as Uint8Array, group, tail.count, found)
      for (const [name, values] of Object.entries(found)) {
        tail.columns[name as keyof AllColumns].set(values as Float64Array)
      }
    }
    return tail
  }
}

function emptyTail(block: number, masks = new Masks()): Tail {
  const [minAt, maxAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return { block, count: 0, columns: emptyColumns(), masks, minAt, maxAt }
}

function isNamed(name: string): name is NamedFacet {
  return name === 'model' || name === 'provider' || name === 'client' || name === 'error'
}

function setText(text: IndexedText, kind: number, content: Uint8Array): void {
  const words = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString()
  if (kind === textParts.user) text.user = words
  else if (kind === textParts.answer) text.answer = words
  else if (kind === textParts.tools) text.tools = words
  else text.error = words
}
