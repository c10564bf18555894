import type { DatabaseSync } from 'node:sqlite'
import type { TotalsQuery, UsageTotals } from '@dragoman/core'
import type { NamedFacet } from './columns.ts'
import {
  ANY,
  type Cube,
  type CubeKey,
  histogramsOf,
  type PackedCube,
  percentile,
  readKey,
  readPacked,
  Sum,
  sumNames,
} from './cube.ts'
import { DAY_MS, HOUR_MS, level, summedUpTo, sumRows } from './rollups.ts'

interface TotalsNames {
  codeOf(facet: NamedFacet, name: string): number | undefined
  nameOf(facet: NamedFacet, code: number): string | undefined
}

/** A cube and the time that it is of. */
interface Part {
  readonly at: number
  readonly cube: PackedCube
}

/** Blocks whose rows are summed up on the way, at most: more wait only while the writing thread is far behind. */
const MAX_BLOCKS = 256

/** Sums from what was summed up before, and from the newest rows, which were not. Within one transaction. */
export function readTotals(database: DatabaseSync, query: TotalsQuery, names: TotalsNames): UsageTotals[] {
  const wanted = wantedCells(query, names)
  if (!wanted) return []
  const sums = new Map<string, Sum>()
  for (const { at, cube } of partsOf(database, query, wanted.isSingle)) {
    for (let cell = 0; cell < cube.keys.length; cell++) {
      const key = readKey(cube.keys[cell] ?? 0)
      if (!wanted.takes(key)) continue
      const name = keyName(query, at, key, names)
      let sum = sums.get(name)
      if (!sum) {
        sum = new Sum()
        sums.set(name, sum)
      }
      sum.addPacked(cube, cell)
    }
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, sum]) => totalsOf(query.by === undefined ? undefined : key, sum))
}

interface WantedCells {
  /** Whether the cells by one dimension at a time are enough. */
  readonly isSingle: boolean
  takes(key: CubeKey): boolean
}

/** Undefined where a name was never seen. */
function wantedCells({ by, outcome, ...filter }: TotalsQuery, names: TotalsNames): WantedCells | undefined {
  const codes: Partial<Record<'model' | 'provider' | 'client', number>> = {}
  for (const facet of ['model', 'provider', 'client'] as const) {
    const name = filter[facet]
    if (name === undefined) continue
    const code = names.codeOf(facet, name)
    if (code === undefined) return undefined
    codes[facet] = code
  }
  const dimensions = new Set<string>(Object.keys(codes))
  if (outcome !== undefined || by === 'status') dimensions.add('status')
  if (by === 'model' || by === 'provider' || by === 'client') dimensions.add(by)
  const isSingle = dimensions.size <= 1
  const fits = (facet: 'model' | 'provider' | 'client', code: number) => {
    if (codes[facet] !== undefined) return code === codes[facet]
    return !isSingle || (code !== ANY) === dimensions.has(facet)
  }
  return {
    isSingle,
    takes: ({ model, provider, client, statusClass, isError }) =>
      fits('model', model) &&
      fits('provider', provider) &&
      fits('client', client) &&
      (!isSingle || (statusClass !== ANY) === dimensions.has('status')) &&
      (outcome === undefined || isError === (outcome === 'error')),
  }
}

/** Whole days by the day and what is left by the hour; then the rows of which there are no sums yet. */
function* partsOf(database: DatabaseSync, { from, to, by }: TotalsQuery, isSingle: boolean): Iterable<Part> {
  const [hourLevel, dayLevel] = isSingle ? [level.hourSingle, level.daySingle] : [level.hour, level.day]
  const start = from === undefined ? Number.MIN_SAFE_INTEGER : Math.floor(from / HOUR_MS) * HOUR_MS
  const end = to === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(to / HOUR_MS) * HOUR_MS
  const firstDay = Math.ceil(start / DAY_MS) * DAY_MS
  const lastDay = Math.floor(end / DAY_MS) * DAY_MS
  const read = database.prepare('SELECT at, data FROM rollups WHERE level = ? AND at >= ? AND at < ?')
  const stored = function* (kind: number, since: number, until: number): Iterable<Part> {
    for (const { at, data } of read.iterate(kind, since, until)) {
      yield { at: Number(at), cube: readPacked(data as Uint8Array) }
    }
  }
  if (by === 'hour' || firstDay >= lastDay) yield* stored(hourLevel, start, end)
  else {
    yield* stored(hourLevel, start, firstDay)
    yield* stored(dayLevel, firstDay, lastDay)
    yield* stored(hourLevel, lastDay, end)
  }
  const hours = new Map<number, Cube>()
  sumRows(database, summedUpTo(database), MAX_BLOCKS, hours)
  for (const [at, cube] of hours) {
    if (at >= start && at < end) yield { at, cube: readPacked((isSingle ? cube.singles() : cube).pack()) }
  }
}

function keyName({ by }: TotalsQuery, at: number, key: CubeKey, names: TotalsNames): string {
  switch (by) {
    case undefined:
      return ''
    case 'hour':
      return new Date(at).toISOString()
    case 'day':
      return new Date(Math.floor(at / DAY_MS) * DAY_MS).toISOString()
    case 'status':
      return `${key.statusClass}xx`
    case 'model':
    case 'provider':
    case 'client':
      return names.nameOf(by, key[by]) ?? '(other)'
  }
}

function totalsOf(key: string | undefined, sum: Sum): UsageTotals {
  const numbers = Object.fromEntries(sumNames.map((name, i) => [name, sum.sums[i] ?? 0]))
  const { first, total } = histogramsOf(sum)
  return {
    ...(key === undefined ? {} : { key }),
    // The names are those of the fields.
    ...(numbers as Record<(typeof sumNames)[number], number>),
    ...percentilesOf('firstTokenMs', first),
    ...percentilesOf('totalMs', total),
  }
}

function percentilesOf(name: 'firstTokenMs' | 'totalMs', histogram: Uint32Array): object {
  const [p50, p90, p99] = [percentile(histogram, 0.5), percentile(histogram, 0.9), percentile(histogram, 0.99)]
  return p50 === undefined ? {} : { [name]: { p50, p90, p99 } }
}
