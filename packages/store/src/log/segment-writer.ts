import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, rmSync, writevSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { inTransaction } from '../drivers/sqlite-file.ts'
import { makeFolder } from './layout.ts'
import { type Compression, compressSegment } from './segment-frames.ts'

interface Segment {
  readonly id: number
  readonly file: string
  readonly day: string
  /** What is written and belongs to a row; what is behind it is of a batch that never came to its end. */
  bytes: number
}

/** Most operating systems take this many pieces in one call. */
const PIECES_AT_ONCE = 1024

/** Bodies, one after the other, in a file for each day; a new one also where it has become large. */
export class SegmentWriter {
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #segmentBytes: number
  readonly #insert: StatementSync
  readonly #grow: StatementSync
  #open: Segment | undefined
  #descriptor: number | undefined
  #compression: { readonly id: number; readonly run: Compression } | undefined

  constructor(folder: string, database: DatabaseSync, segmentBytes: number) {
    this.#folder = folder
    this.#database = database
    this.#segmentBytes = segmentBytes
    makeFolder(folder)
    this.#insert = database.prepare(
      `INSERT INTO segments (file, day, state, bytes, disk_bytes, first_seq, last_seq) VALUES (?, ?, 'open', 0, 0, ?, ?)`,
    )
    this.#grow = database.prepare('UPDATE segments SET bytes = ?, disk_bytes = ?, last_seq = ? WHERE id = ?')
    this.#removeForeign()
    const row = database.prepare(`SELECT id, file, day, bytes FROM segments WHERE state = 'open'`).get()
    // The columns are those that the statement names.
    if (row) this.#open = row as unknown as Segment
  }

  /** Inside the transaction of the rows: where the next body begins. Starts a new file where it is time for one. */
  begin(day: string, seq: number): { readonly id: number; readonly offset: number } {
    if (this.#open && (this.#open.day !== day || this.#open.bytes >= this.#segmentBytes)) this.#closeFile()
    if (!this.#open) {
      this.#database.exec(`UPDATE segments SET state = 'closed' WHERE state = 'open'`)
      const id = Number(this.#database.prepare('SELECT coalesce(max(id), 0) + 1 AS id FROM segments').get()?.id)
      const file = `${day}-${id}.seg`
      this.#insert.run(file, day, seq, seq)
      this.#open = { id, file, day, bytes: 0 }
    }
    this.#descriptor ??= this.#openFile(this.#open)
    return { id: this.#open.id, offset: this.#open.bytes }
  }

  /** Writes `pieces` where `begin` said; they count once the transaction is over and `commit` was called. */
  write(pieces: readonly Uint8Array[], seq: number): number {
    if (!this.#open || this.#descriptor === undefined) throw new Error('no segment is open')
    let position = this.#open.bytes
    for (let i = 0; i < pieces.length; i += PIECES_AT_ONCE) {
      position += writeAll(this.#descriptor, pieces.slice(i, i + PIECES_AT_ONCE), position)
    }
    this.#grow.run(position, position, seq, this.#open.id)
    return position
  }

  commit(bytes: number): void {
    if (this.#open) this.#open.bytes = bytes
  }

  /** After a transaction that failed: what the file has beyond its rows is written over. */
  reload(): void {
    this.#closeFile()
    const row = this.#database.prepare(`SELECT id, file, day, bytes FROM segments WHERE state = 'open'`).get()
    this.#open = row ? (row as unknown as Segment) : undefined
  }

  /** Compresses a little of a segment that is closed; false when there is nothing to do. */
  compressSome(): boolean {
    if (!this.#compression) {
      const row = this.#database
        .prepare(`SELECT id, file, bytes FROM segments WHERE state = 'closed' ORDER BY id`)
        .get()
      if (!row) return false
      const run = compressSegment(join(this.#folder, String(row.file)), Number(row.bytes))
      this.#compression = { id: Number(row.id), run }
    }
    const { id, run } = this.#compression
    const size = run.step()
    if (size === undefined) return true
    this.#compression = undefined
    const before = String(this.#database.prepare('SELECT file FROM segments WHERE id = ?').get(id)?.file)
    this.#database
      .prepare(`UPDATE segments SET state = 'compressed', file = ?, disk_bytes = ? WHERE id = ?`)
      .run(`${before}.zst`, size, id)
    rmSync(join(this.#folder, before), { force: true })
    return true
  }

  /** Removes the file of the oldest segment, if it is not the one that is written; its rows go by and by. */
  removeOldest(): { readonly diskBytes: number } | undefined {
    const row = this.#database
      .prepare(`SELECT id, file, disk_bytes FROM segments WHERE state != 'removed' ORDER BY id`)
      .get()
    if (!row || Number(row.id) === this.#open?.id) return undefined
    if (this.#compression?.id === row.id) {
      this.#compression?.run.abandon()
      this.#compression = undefined
    }
    this.#database.prepare(`UPDATE segments SET state = 'removed', disk_bytes = 0 WHERE id = ?`).run(row.id ?? null)
    rmSync(join(this.#folder, String(row.file)), { force: true })
    return { diskBytes: Number(row.disk_bytes) }
  }

  /** The day of the oldest segment that has a file and is not the one that is written. */
  oldest(): { readonly lastSeq: number } | undefined {
    const row = this.#database
      .prepare(`SELECT id, last_seq FROM segments WHERE state NOT IN ('removed', 'open') ORDER BY id`)
      .get()
    return row && { lastSeq: Number(row.last_seq) }
  }

  /** Removes at most `limit` rows of bodies whose file is gone; false when there are none. */
  removeRows(limit: number): boolean {
    const gone = this.#database.prepare(`SELECT id, last_seq FROM segments WHERE state = 'removed' ORDER BY id`).get()
    if (!gone) return false
    inTransaction(this.#database, () => {
      const { changes } = this.#database
        .prepare('DELETE FROM bodies WHERE seq IN (SELECT seq FROM bodies WHERE seq <= ? ORDER BY seq LIMIT ?)')
        .run(gone.last_seq ?? 0, limit)
      if (Number(changes) < limit) this.#database.prepare('DELETE FROM segments WHERE id = ?').run(gone.id ?? 0)
    })
    return true
  }

  close(): void {
    this.#compression?.run.abandon()
    this.#compression = undefined
    this.#closeFile()
  }

  #openFile({ file, bytes }: Segment): number {
    const descriptor = openSync(join(this.#folder, file), bytes === 0 ? 'w' : 'r+', 0o600)
    // Of a batch that was not finished when the process ended.
    if (fstatSync(descriptor).size > bytes) ftruncateSync(descriptor, bytes)
    return descriptor
  }

  #closeFile(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
    this.#open = undefined
  }

  /** Files without a row: of a transaction that did not end, or a compression that was cut. */
  #removeForeign(): void {
    const known = new Set(
      this.#database
        .prepare(`SELECT file FROM segments WHERE state != 'removed'`)
        .all()
        .map(({ file }) => String(file)),
    )
    for (const file of readdirSync(this.#folder)) {
      if (/\.seg(\.zst(\.part)?)?$/.test(file) && !known.has(file)) {
        rmSync(join(this.#folder, file), { force: true, recursive: true })
      }
    }
  }
}

function writeAll(descriptor: number, pieces: readonly Uint8Array[], position: number): number {
  let written = writevSync(descriptor, pieces, position)
  let total = 0
  for (const piece of pieces) total += piece.length
  while (written < total) {
    // A disk that is nearly full takes a part, and says why with the next call.
    const rest = Buffer.concat(pieces).subarray(written)
    written += writevSync(descriptor, [rest], position + written)
  }
  return total
}
