import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { inTransaction } from '../drivers/sqlite-file.ts'
import { type AllColumns, BLOCK_ROWS, type Columns, columnGroups, columnsId, decodeGroup } from './columns.ts'
import { Cube } from './cube.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Kinds of rows of `rollups`: a cube of an hour or a day, whole or by one dimension at a time. */
export const level = { hour: 0, hourSingle: 1, day: 2, daySingle: 3 } as const

/** Blocks that are summed up at once: some milliseconds. */
const BLOCKS_AT_ONCE = 32

/**
 * Brings the sums up to the rows. What is summed up is written with how far it goes, in one transaction: whenever the
 * process ends, the next one goes on from there.
 */
export class Rollups {
  readonly #database: DatabaseSync
  readonly #read: StatementSync
  readonly #write: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#read = database.prepare('SELECT data FROM rollups WHERE level = ? AND at = ?')
    this.#write = database.prepare(
      'INSERT INTO rollups (level, at, data) VALUES (?, ?, ?) ON CONFLICT (level, at) DO UPDATE SET data = excluded.data',
    )
  }

  /** False when there is nothing left. */
  step(): boolean {
    const from = summedUpTo(this.#database)
    const hours = new Map<number, Cube>()
    const upTo = sumRows(this.#database, from, BLOCKS_AT_ONCE, hours)
    if (upTo === from) return false
    const days = new Map<number, Cube>()
    for (const [hour, cube] of hours) cubeOf(days, Math.floor(hour / DAY_MS) * DAY_MS).addAll(cube)
    inTransaction(this.#database, () => {
      for (const [at, cube] of hours) this.#add(at, cube, level.hour, level.hourSingle)
      for (const [at, cube] of days) this.#add(at, cube, level.day, level.daySingle)
      this.#database
        .prepare(`INSERT INTO state VALUES ('summed', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
        .run(upTo)
    })
    return true
  }

  #add(at: number, cube: Cube, whole: number, single: number): void {
    for (const [kind, added] of [
      [whole, cube],
      [single, cube.singles()],
    ] as const) {
      const before = this.#read.get(kind, at)
      // `data` is a BLOB.
      const sum = before ? Cube.unpack(before.data as Uint8Array) : new Cube()
      sum.addAll(added)
      this.#write.run(kind, at, sum.pack())
    }
  }
}

/** The first row that the sums do not have. */
export function summedUpTo(database: DatabaseSync): number {
  return Number(database.prepare(`SELECT value FROM state WHERE name = 'summed'`).get()?.value ?? 0)
}

/** Adds rows from `from` on to the cubes of their hours; answers up to which. */
export function sumRows(database: DatabaseSync, from: number, blocks: number, hours: Map<number, Cube>): number {
  const found = database
    .prepare('SELECT block, count FROM blocks WHERE block >= ? ORDER BY block LIMIT ?')
    .all(Math.floor(from / BLOCK_ROWS), blocks)
  const read = database.prepare('SELECT data FROM columns WHERE id = ?')
  let upTo = from
  for (const row of found) {
    const [block, count] = [Number(row.block), Number(row.count)]
    const first = block * BLOCK_ROWS
    if (first + count <= from) continue
    const columns: Columns = {}
    for (const group of columnGroups.keys()) {
      const data = read.get(columnsId(block, group))?.data
      if (data instanceof Uint8Array) decodeGroup(data, group, count, columns)
    }
    for (let i = Math.max(0, from - first); i < count; i++) {
      const hour = Math.floor((columns.at?.[i] ?? 0) / HOUR_MS) * HOUR_MS
      // Every group was read.
      cubeOf(hours, hour).addRow(columns as AllColumns, i)
    }
    upTo = first + count
  }
  return upTo
}

export function cubeOf(cubes: Map<number, Cube>, at: number): Cube {
  const known = cubes.get(at)
  if (known) return known
  const cube = new Cube()
  cubes.set(at, cube)
  return cube
}
