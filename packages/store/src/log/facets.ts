import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { BLOCK_ROWS, type Columns, columnsId, decodeGroup, groupWith, Masks, type NamedFacet } from './columns.ts'
import type { Conditions, Names } from './conditions.ts'

interface Block {
  readonly block: number
  readonly count: number
  readonly minAt: number
  readonly maxAt: number
  readonly masks: Masks
}

interface Loaded {
  readonly columns: Columns
  readonly bytes: number
}

/** Of columns that are kept in memory: those of some millions of rows. */
const CACHE_BYTES = 96 * 1024 * 1024
const AT_GROUP = groupWith('at')
const HASH_GROUP = groupWith('idHash')

/** Finds rows by their numbers, block by block from the newest on, without touching the entries. */
export class Facets implements Names {
  readonly #readBlocks: StatementSync
  readonly #readFirst: StatementSync
  readonly #readColumns: StatementSync
  readonly #readNames: StatementSync
  /** In order, with no gap that matters. */
  #blocks: Block[] = []
  readonly #cache = new Map<number, Loaded>()
  #cachedBytes = 0
  readonly #names: Readonly<Record<NamedFacet, string[]>> = { model: [], provider: [], client: [], error: [] }
  readonly #codes: Readonly<Record<NamedFacet, Map<string, number>>> = {
    model: new Map(),
    provider: new Map(),
    client: new Map(),
    error: new Map(),
  }

  constructor(database: DatabaseSync) {
    this.#readBlocks = database.prepare('SELECT * FROM blocks WHERE block >= ? ORDER BY block')
    this.#readFirst = database.prepare('SELECT min(block) AS first FROM blocks')
    this.#readColumns = database.prepare('SELECT data FROM columns WHERE id = ?')
    this.#readNames = database.prepare('SELECT code, name FROM names WHERE facet = ? AND code > ? ORDER BY code')
  }

  /** Learns what was written or removed since; within the transaction of the query. */
  refresh(): void {
    const first = Number(this.#readFirst.get()?.first ?? 0)
    const gone = this.#blocks.findIndex(({ block }) => block >= first)
    if (gone !== 0) {
      for (const { block } of this.#blocks.slice(0, gone < 0 ? undefined : gone)) this.#forget(block)
      this.#blocks = gone < 0 ? [] : this.#blocks.slice(gone)
    }
    const last = this.#blocks.at(-1)
    for (const row of this.#readBlocks.all(last?.block ?? first)) {
      const block = Number(row.block)
      if (block === last?.block) {
        if (Number(row.count) === last.count) continue
        this.#blocks.pop()
        this.#forget(block)
      }
      this.#blocks.push({
        block,
        count: Number(row.count),
        minAt: Number(row.min_at),
        maxAt: Number(row.max_at),
        masks: Masks.from(row.masks as Uint8Array),
      })
    }
    for (const [facet, names] of Object.entries(this.#names) as [NamedFacet, string[]][]) {
      for (const { code, name } of this.#readNames.all(facet, Math.max(0, names.length - 1))) {
        names[Number(code)] = String(name)
        this.#codes[facet].set(String(name), Number(code))
      }
    }
  }

  get rows(): number {
    return this.#blocks.reduce((sum, { count }) => sum + count, 0)
  }

  get oldestAt(): number | undefined {
    return this.#blocks[0]?.minAt
  }

  codeOf(facet: NamedFacet, name: string): number | undefined {
    return this.#codes[facet].get(name)
  }

  nameOf(facet: NamedFacet, code: number): string | undefined {
    return this.#names[facet][code]
  }

  containing(facet: NamedFacet, part: string): number[] {
    const wanted = part.toLowerCase()
    const codes: number[] = []
    for (const [code, name] of this.#names[facet].entries()) {
      if (name?.toLowerCase().includes(wanted)) codes.push(code)
    }
    return codes
  }

  /** Names in the order in which they first came. */
  namesOf(facet: NamedFacet): readonly string[] {
    return this.#names[facet].filter((name) => name)
  }

  /**
   * Gives the rows before `before` that are as `conditions` say, the newest first, until `onRow` answers false or the
   * time is over. Answers the row up to which it looked where it did not come to the end.
   */
  scan(
    conditions: Conditions,
    before: number,
    onRow: (seq: number) => boolean,
    isOver: () => boolean,
  ): number | undefined {
    if (conditions.isEmpty) return undefined
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const block = this.#blocks[i]
      if (!block || block.block * BLOCK_ROWS >= before || !mayHold(block, conditions)) continue
      if (isOver()) return (block.block + 1) * BLOCK_ROWS
      const stopped = this.#scanBlock(block, conditions, before, onRow)
      if (stopped !== undefined) return stopped
    }
    return undefined
  }

  /** Whether a row is as `conditions` say; false also where it is gone. Quick for rows that follow each other. */
  matcher(conditions: Conditions): (seq: number) => boolean {
    let number = -1
    let count = 0
    let test: (row: number) => boolean = () => false
    return (seq) => {
      if (Math.floor(seq / BLOCK_ROWS) !== number) {
        number = Math.floor(seq / BLOCK_ROWS)
        const block = this.#blocks[number - (this.#blocks[0]?.block ?? 0)]
        count = block && !conditions.isEmpty && mayHold(block, conditions) ? block.count : 0
        if (block && count > 0) test = this.#rowTest(block, conditions)
      }
      const row = seq - number * BLOCK_ROWS
      return row < count && test(row)
    }
  }

  /** Whether any of these rows may be as `conditions` say. */
  mayHold(first: number, last: number, conditions: Conditions): boolean {
    if (conditions.isEmpty) return false
    const origin = this.#blocks[0]?.block ?? 0
    const from = Math.max(0, Math.floor(first / BLOCK_ROWS) - origin)
    const to = Math.floor(last / BLOCK_ROWS) - origin + 1
    return this.#blocks.slice(from, to).some((block) => mayHold(block, conditions))
  }

  /** Rows whose id has this hash, the newest first. */
  *withHash(hash: number): Iterable<number> {
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const block = this.#blocks[i]
      const hashes = block && this.#load(block, HASH_GROUP).idHash
      if (!block || !hashes) continue
      for (let row = hashes.lastIndexOf(hash); row >= 0; row = row === 0 ? -1 : hashes.lastIndexOf(hash, row - 1)) {
        yield block.block * BLOCK_ROWS + row
      }
    }
  }

  #scanBlock(
    block: Block,
    conditions: Conditions,
    before: number,
    onRow: (seq: number) => boolean,
  ): number | undefined {
    const first = block.block * BLOCK_ROWS
    const [leading, second] = conditions.codes
    const test = this.#rowTest(block, conditions)
    const start = Math.min(block.count, before - first) - 1
    // Two columns decide for most rows, so they are looked at without a call.
    const allowed = leading?.allowed
    const values = leading && this.#column(block, leading.column)
    const alsoAllowed = second?.allowed
    const alsoValues = second && this.#column(block, second.column)
    for (let row = start; row >= 0; row--) {
      if (allowed && values && allowed[values[row] ?? 0] === 0) continue
      if (alsoAllowed && alsoValues && alsoAllowed[alsoValues[row] ?? 0] === 0) continue
      if (test(row) && !onRow(first + row)) return first + row
    }
    return undefined
  }

  #rowTest(block: Block, conditions: Conditions): (row: number) => boolean {
    const { codes, flags, ranges, from, to } = conditions
    const isInside = block.minAt >= from && block.maxAt < to
    const at = isInside ? undefined : this.#load(block, AT_GROUP).at
    const coded = codes.map(({ column, allowed }) => ({ allowed, values: this.#column(block, column) }))
    const flagged = flags.mask === 0 ? undefined : this.#column(block, 'flags')
    const ranged = ranges.map(({ column, min, max }) => ({ min, max, values: this.#column(block, column) }))
    if (isInside && coded.length === 0 && !flagged && ranged.length === 0) return () => true
    return (row) => {
      for (const { allowed, values } of coded) if (allowed[values[row] ?? 0] === 0) return false
      if (at) {
        const startedAt = at[row] ?? 0
        if (startedAt < from || startedAt >= to) return false
      }
      if (flagged && ((flagged[row] ?? 0) & flags.mask) !== flags.value) return false
      for (const { values, min, max } of ranged) {
        const value = values[row] ?? Number.NaN
        // A cost that is unknown is NaN, which is in no range.
        if (!(value >= min && value <= max)) return false
      }
      return true
    }
  }

  #column(block: Block, name: 'status' | 'flags' | 'cost' | 'durationMs' | NamedFacet): ArrayLike<number> {
    return this.#load(block, groupWith(name))[name] ?? []
  }

  #load(block: Block, group: number): Columns {
    const id = columnsId(block.block, group)
    const cached = this.#cache.get(id)
    if (cached) return cached.columns
    const columns: Columns = {}
    const data = this.#readColumns.get(id)?.data
    if (!(data instanceof Uint8Array)) return columns
    decodeGroup(data, group, block.count, columns)
    this.#cache.set(id, { columns, bytes: data.length })
    this.#cachedBytes += data.length
    for (const [oldest, { bytes }] of this.#cache) {
      if (this.#cachedBytes <= CACHE_BYTES) break
      this.#cache.delete(oldest)
      this.#cachedBytes -= bytes
    }
    return columns
  }

  #forget(block: number): void {
    for (let id = columnsId(block, 0); id < columnsId(block + 1, 0); id++) {
      this.#cachedBytes -= this.#cache.get(id)?.bytes ?? 0
      this.#cache.delete(id)
    }
  }
}

function mayHold(block: Block, { from, to, masks }: Conditions): boolean {
  if (block.maxAt < from || block.minAt >= to) return false
  for (const { column, wanted } of masks) if (!block.masks.may(column, wanted)) return false
  return true
}
