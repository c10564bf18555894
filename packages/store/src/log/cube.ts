import { type AllColumns, flag } from './columns.ts'

/** In place of a code: all of them together. */
export const ANY = 65_535
const ANY_CLASS = 15

/** What a cell of a cube stands for. `statusClass`: hundreds of the status. */
export interface CubeKey {
  readonly model: number
  readonly provider: number
  readonly client: number
  readonly statusClass: number
  readonly isError: boolean
}

export const sumNames = [
  'requests',
  'errors',
  'fromCache',
  'promptTokens',
  'cachedTokens',
  'completionTokens',
  'cost',
  'unpriced',
] as const
const SUMS = sumNames.length

/** Quarters of an octave of milliseconds: what is read from one is within a tenth. */
export const BUCKETS = 96
/** Of each cell: of the first token, then of the whole. */
const HISTOGRAMS = 2 * BUCKETS
const FIRST_CELLS = 16

/** Sums and histograms by model, provider, client and kind of status. */
export class Cube {
  readonly #cells = new Map<number, number>()
  keys: number[] = []
  sums = new Float64Array(FIRST_CELLS * SUMS)
  histograms = new Uint32Array(FIRST_CELLS * HISTOGRAMS)

  get size(): number {
    return this.keys.length
  }

  addRow(columns: AllColumns, row: number): void {
    const status = Math.min(9, Math.floor((columns.status[row] ?? 0) / 100))
    const flags = columns.flags[row] ?? 0
    const isError = (flags & flag.error) !== 0
    // Seven kinds of status are enough, and the eighth bit is for what failed behind a good one.
    const kind = Math.min(status, 6) | (isError ? 8 : 0)
    const cell = this.#cell(keyOf(columns.model[row] ?? 0, columns.provider[row] ?? 0, columns.client[row] ?? 0, kind))
    const { sums } = this
    const at = cell * SUMS
    const cost = columns.cost[row] ?? Number.NaN
    add(sums, at, 1)
    if (isError) add(sums, at + 1, 1)
    if (flags & flag.kept) add(sums, at + 2, 1)
    add(sums, at + 3, columns.promptTokens[row] ?? 0)
    add(sums, at + 4, columns.cachedTokens[row] ?? 0)
    add(sums, at + 5, columns.completionTokens[row] ?? 0)
    if (!Number.isNaN(cost)) add(sums, at + 6, cost)
    if (flags & flag.unpriced) add(sums, at + 7, 1)
    const first = columns.firstMs[row] ?? 0
    if (first > 0) add(this.histograms, cell * HISTOGRAMS + bucketOf(first - 1), 1)
    add(this.histograms, cell * HISTOGRAMS + BUCKETS + bucketOf(columns.durationMs[row] ?? 0), 1)
  }

  /** Adds a cell of another cube under `key`. */
  addCell(key: number, from: Cube, cell: number): void {
    const target = this.#cell(key)
    for (let i = 0; i < SUMS; i++) add(this.sums, target * SUMS + i, from.sums[cell * SUMS + i] ?? 0)
    const [to, source] = [target * HISTOGRAMS, cell * HISTOGRAMS]
    for (let i = 0; i < HISTOGRAMS; i++) {
      const count = from.histograms[source + i]
      if (count) add(this.histograms, to + i, count)
    }
  }

  addAll(from: Cube): void {
    for (const [cell, key] of from.keys.entries()) this.addCell(key, from, cell)
  }

  /** The same by one dimension at a time, and in all: few cells, however many there are of the whole. */
  singles(): Cube {
    const single = new Cube()
    for (const [cell, key] of this.keys.entries()) {
      const { model, provider, client } = readKey(key)
      single.addCell(keyOf(ANY, ANY, ANY, ANY_CLASS), this, cell)
      single.addCell(keyOf(model, ANY, ANY, ANY_CLASS), this, cell)
      single.addCell(keyOf(ANY, provider, ANY, ANY_CLASS), this, cell)
      single.addCell(keyOf(ANY, ANY, client, ANY_CLASS), this, cell)
      single.addCell(keyOf(ANY, ANY, ANY, key % 16), this, cell)
    }
    return single
  }

  /** Cells, keys, sums, then of each histogram only what is not zero: where it begins, counts, buckets. */
  pack(): Uint8Array {
    const cells = this.size
    const used = this.histograms.subarray(0, cells * HISTOGRAMS)
    const starts = new Uint32Array(cells + 1)
    const counts: number[] = []
    const buckets: number[] = []
    for (let i = 0; i < used.length; i++) {
      if (i % HISTOGRAMS === 0) starts[i / HISTOGRAMS] = counts.length
      const count = used[i]
      if (!count) continue
      counts.push(count)
      buckets.push(i % HISTOGRAMS)
    }
    starts[cells] = counts.length
    return Buffer.concat([
      bytesOf(Float64Array.of(cells, counts.length)),
      bytesOf(Float64Array.from(this.keys)),
      bytesOf(this.sums.subarray(0, cells * SUMS)),
      bytesOf(starts),
      bytesOf(Uint32Array.from(counts)),
      bytesOf(Uint8Array.from(buckets)),
    ])
  }

  static unpack(bytes: Uint8Array): Cube {
    const packed = readPacked(bytes)
    const cube = new Cube()
    const cells = packed.keys.length
    cube.keys = [...packed.keys]
    cube.sums = new Float64Array(Math.max(FIRST_CELLS, cells) * SUMS)
    cube.sums.set(packed.sums)
    cube.histograms = new Uint32Array(Math.max(FIRST_CELLS, cells) * HISTOGRAMS)
    for (const [cell, key] of cube.keys.entries()) {
      cube.#cells.set(key, cell)
      addHistograms(packed, cell, cube.histograms, cell * HISTOGRAMS)
    }
    return cube
  }

  #cell(key: number): number {
    const known = this.#cells.get(key)
    if (known !== undefined) return known
    const cell = this.keys.length
    this.keys.push(key)
    this.#cells.set(key, cell)
    if (this.keys.length * SUMS > this.sums.length) {
      const [sums, histograms] = [new Float64Array(this.sums.length * 2), new Uint32Array(this.histograms.length * 2)]
      sums.set(this.sums)
      histograms.set(this.histograms)
      this.sums = sums
      this.histograms = histograms
    }
    return cell
  }
}

/** A cube as it is stored, read in place. */
export interface PackedCube {
  readonly keys: Float64Array
  readonly sums: Float64Array
  readonly starts: Uint32Array
  readonly counts: Uint32Array
  readonly buckets: Uint8Array
}

export function readPacked(bytes: Uint8Array): PackedCube {
  // A copy of its own: numbers have to begin at a multiple of their width.
  const { buffer } = new Uint8Array(bytes)
  const [cells = 0, pairs = 0] = new Float64Array(buffer, 0, 2)
  const sumsAt = 16 + cells * 8
  const startsAt = sumsAt + cells * SUMS * 8
  const countsAt = startsAt + (cells + 1) * 4
  return {
    keys: new Float64Array(buffer, 16, cells),
    sums: new Float64Array(buffer, sumsAt, cells * SUMS),
    starts: new Uint32Array(buffer, startsAt, cells + 1),
    counts: new Uint32Array(buffer, countsAt, pairs),
    buckets: new Uint8Array(buffer, countsAt + pairs * 4, pairs),
  }
}

/** Sums and histograms of whatever was asked for together. */
export class Sum {
  readonly sums = new Float64Array(SUMS)
  readonly histograms = new Uint32Array(HISTOGRAMS)

  addPacked(cube: PackedCube, cell: number): void {
    for (let i = 0; i < SUMS; i++) add(this.sums, i, cube.sums[cell * SUMS + i] ?? 0)
    addHistograms(cube, cell, this.histograms, 0)
  }
}

/** Milliseconds below which `share` of what the histogram counts is; undefined where it counts nothing. */
export function percentile(histogram: Uint32Array, share: number): number | undefined {
  let total = 0
  for (const count of histogram) total += count
  if (total === 0) return undefined
  let left = Math.max(1, Math.ceil(total * share))
  for (const [bucket, count] of histogram.entries()) {
    left -= count
    if (left <= 0) return bucket === 0 ? 0 : Math.round(2 ** ((bucket - 0.5) / 4))
  }
  return undefined
}

export function histogramsOf({ histograms }: Sum): { readonly first: Uint32Array; readonly total: Uint32Array } {
  return { first: histograms.subarray(0, BUCKETS), total: histograms.subarray(BUCKETS) }
}

export function readKey(key: number): CubeKey {
  const kind = key % 16
  const client = Math.floor(key / 16) % 65_536
  const provider = Math.floor(key / (16 * 65_536)) % 65_536
  const model = Math.floor(key / (16 * 65_536 * 65_536))
  return { model, provider, client, statusClass: kind === ANY_CLASS ? ANY : kind & 7, isError: kind >= 8 }
}

function keyOf(model: number, provider: number, client: number, kind: number): number {
  return ((model * 65_536 + provider) * 65_536 + client) * 16 + kind
}

function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(4 * Math.log2(ms)))
}

function addHistograms(cube: PackedCube, cell: number, into: Uint32Array, at: number): void {
  const end = cube.starts[cell + 1] ?? 0
  for (let i = cube.starts[cell] ?? 0; i < end; i++) add(into, at + (cube.buckets[i] ?? 0), cube.counts[i] ?? 0)
}

function add(numbers: Float64Array | Uint32Array, at: number, by: number): void {
  numbers[at] = (numbers[at] ?? 0) + by
}

function bytesOf(numbers: Float64Array | Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
