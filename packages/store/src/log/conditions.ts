import type { LogFilter } from '@dragoman/core'
import { flag, Masks, maskedColumns, type NamedFacet } from './columns.ts'

/** Names of the file by their codes, with 0 for all that have none. */
export interface Names {
  codeOf(facet: NamedFacet, name: string): number | undefined
  /** Codes of the names that contain `part`, in any case. */
  containing(facet: NamedFacet, part: string): readonly number[]
}

export type CodeColumn = (typeof maskedColumns)[number]

/** What a row has to be, in the numbers that are kept of it. */
export interface Conditions {
  readonly from: number
  readonly to: number
  readonly codes: readonly { readonly column: CodeColumn; readonly allowed: Uint8Array }[]
  readonly masks: readonly { readonly column: number; readonly wanted: Masks }[]
  readonly flags: { readonly mask: number; readonly value: number }
  readonly ranges: readonly { readonly column: 'cost' | 'durationMs'; readonly min: number; readonly max: number }[]
  /** A row may have the right code and another name: look at the entry itself. */
  readonly isUncertain: boolean
  /** Nothing can be like this. */
  readonly isEmpty: boolean
}

/** `parts`: for each of these a name that contains it, in any case. */
export function conditionsOf(
  filter: LogFilter,
  names: Names,
  parts: readonly (readonly [NamedFacet, string])[] = [],
): Conditions {
  const codes: { column: CodeColumn; allowed: Uint8Array }[] = []
  const masks: { column: number; wanted: Masks }[] = []
  let isUncertain = false
  let isEmpty = false
  const allow = (column: CodeColumn, values: readonly number[]) => {
    const allowed = new Uint8Array(65_536)
    const wanted = new Masks()
    const number = maskedColumns.indexOf(column)
    for (const value of values) {
      allowed[value] = 1
      wanted.add(number, value)
    }
    isEmpty ||= values.length === 0
    codes.push({ column, allowed })
    masks.push({ column: number, wanted })
  }

  if (filter.status !== undefined) allow('status', [filter.status])
  for (const facet of ['error', 'client', 'model', 'provider'] as const) {
    const name = filter[facet]
    if (name === undefined) continue
    const code = names.codeOf(facet, name)
    isUncertain = true
    allow(facet, code === undefined ? [0] : [code, 0])
  }
  for (const [facet, part] of parts) allow(facet, names.containing(facet, part))

  let [mask, value] = [0, 0]
  if (filter.outcome !== undefined) [mask, value] = [flag.error, filter.outcome === 'error' ? flag.error : 0]
  if (filter.streamed !== undefined) {
    mask |= flag.streamed
    if (filter.streamed) value |= flag.streamed
  }

  const ranges: { column: 'cost' | 'durationMs'; min: number; max: number }[] = []
  const range = (column: 'cost' | 'durationMs', min: number | undefined, max: number | undefined) => {
    if (min === undefined && max === undefined) return
    ranges.push({ column, min: min ?? Number.NEGATIVE_INFINITY, max: max ?? Number.POSITIVE_INFINITY })
  }
  range('cost', filter.minCost, filter.maxCost)
  range('durationMs', filter.minDurationMs, filter.maxDurationMs)

  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter
  return { from, to, codes, masks, flags: { mask, value }, ranges, isUncertain, isEmpty }
}
