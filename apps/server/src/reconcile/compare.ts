import type { UsageSum } from '@dragoman/core'
import { type ExportRow, type Measure, measures } from './export-row.ts'
import { isAbout, type ModelKey, modelKey, sameKey } from './model-key.ts'

export const groupings = ['day,model', 'day', 'model', 'total'] as const

export type Grouping = (typeof groupings)[number]

export interface CompareOptions {
  readonly by: Grouping
  /** 0.02 is two in a hundred. */
  readonly tolerance: number
}

export interface Difference {
  readonly measure: Measure
  readonly export: number
  readonly ledger: number
  /** The export without the ledger. */
  readonly difference: number
  /** Of the larger of the two; 0 where both are nothing. */
  readonly relative: number
  readonly isWithin: boolean
}

export interface Compared {
  readonly day?: string | undefined
  readonly model?: string | undefined
  /** `both`, or the side that alone has it. */
  readonly side: 'both' | 'export' | 'ledger'
  readonly differences: readonly Difference[]
  readonly isWithin: boolean
}

export interface Comparison {
  readonly rows: readonly Compared[]
  readonly total: Compared
  /** Calls in the ledger without a price, so that its cost is too low by them. */
  readonly unpriced: number
  /** Calls in the ledger whose tokens are a guess. */
  readonly estimated: number
  readonly isWithin: boolean
}

interface Side {
  readonly amounts: Record<Measure, number>
  rounding: number
}

interface Group {
  readonly day: string | undefined
  readonly model: string | undefined
  export?: Side
  ledger?: Side
}

/**
 * What a provider bills beside what was recorded. Only what the export tells is compared; both sides should be of the
 * same days.
 *
 * @param sums by day and model
 */
export function compare(rows: readonly ExportRow[], sums: readonly UsageSum[], options: CompareOptions): Comparison {
  const told = measures.filter((measure) => rows.some(({ amounts }) => amounts[measure] !== undefined))
  const names = namesOf(sums.map(({ key }) => key.model ?? ''))
  const groups = new Map<string, Group>()
  const groupOf = (day: string, model: string): Group => {
    const ofDay = options.by.includes('day') ? day : undefined
    const ofModel = options.by.includes('model') ? model : undefined
    const key = JSON.stringify([ofDay, ofModel])
    const group = groups.get(key) ?? { day: ofDay, model: ofModel }
    groups.set(key, group)
    return group
  }
  for (const { day, model = '', amounts, rounding } of rows) {
    const group = groupOf(day, names.of(model))
    group.export = plus(group.export, amounts, rounding)
  }
  for (const sum of sums) {
    const group = groupOf(sum.key.day ?? '', names.of(sum.key.model ?? ''))
    group.ledger = plus(group.ledger, amountsOf(sum), 0)
  }

  const compared = [...groups.values()].map((group) => comparedOf(group, told, options.tolerance)).sort(byDayAndModel)
  const total: Group = { day: undefined, model: undefined }
  for (const group of groups.values()) {
    if (group.export) total.export = plus(total.export, group.export.amounts, group.export.rounding)
    if (group.ledger) total.ledger = plus(total.ledger, group.ledger.amounts, 0)
  }
  return {
    rows: compared,
    total: comparedOf(total, told, options.tolerance),
    unpriced: sums.reduce((count, sum) => count + sum.unpriced, 0),
    estimated: sums.reduce((count, sum) => count + sum.estimated, 0),
    isWithin: compared.every(({ isWithin }) => isWithin),
  }
}

/** One name for all that mean the same model: the ledger's, where it has one. */
function namesOf(ledger: readonly string[]): { of(name: string): string } {
  const known: { key: ModelKey; name: string }[] = []
  const found = new Map<string, string>()
  const add = (name: string) => {
    const key = modelKey(name)
    const same = known.find((other) => sameKey(other.key, key))
    if (!same) known.push({ key, name })
    found.set(name, same?.name ?? name)
  }
  for (const name of ledger) add(name)
  const ofLedger = [...known].sort((a, b) => b.key.words.length - a.key.words.length)
  return {
    of(name) {
      if (!found.has(name)) {
        const key = modelKey(name)
        const about = known.some((other) => sameKey(other.key, key))
          ? undefined
          : ofLedger.find((other) => isAbout(key, other.key))
        if (about) found.set(name, about.name)
        else add(name)
      }
      return found.get(name) ?? name
    },
  }
}

function amountsOf(sum: UsageSum): Record<Measure, number> {
  return {
    input: sum.promptTokens,
    cacheRead: sum.cacheReadTokens,
    cacheWrite: sum.cacheWriteTokens,
    output: sum.completionTokens,
    cost: sum.cost,
  }
}

function plus(side: Side | undefined, amounts: Partial<Record<Measure, number>>, rounding: number): Side {
  const sum = side ?? { amounts: { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, cost: 0 }, rounding: 0 }
  for (const measure of measures) sum.amounts[measure] += amounts[measure] ?? 0
  sum.rounding += rounding
  return sum
}

function comparedOf(group: Group, told: readonly Measure[], tolerance: number): Compared {
  const differences = told.map((measure): Difference => {
    const ofExport = group.export?.amounts[measure] ?? 0
    const ofLedger = group.ledger?.amounts[measure] ?? 0
    const difference = ofExport - ofLedger
    const larger = Math.max(Math.abs(ofExport), Math.abs(ofLedger))
    const relative = larger === 0 ? 0 : Math.abs(difference) / larger
    const isRounded = measure === 'cost' && Math.abs(difference) <= (group.export?.rounding ?? 0) + 1e-9
    return {
      measure,
      export: ofExport,
      ledger: ofLedger,
      difference,
      relative,
      isWithin: relative <= tolerance || isRounded,
    }
  })
  return {
    day: group.day,
    model: group.model,
    side: !group.ledger ? 'export' : group.export ? 'both' : 'ledger',
    differences,
    isWithin: differences.every(({ isWithin }) => isWithin),
  }
}

function byDayAndModel(a: Compared, b: Compared): number {
  return `${a.day}\n${a.model}` < `${b.day}\n${b.model}` ? -1 : 1
}
