import type { Columns } from './columns.ts'
import type { Compared, Comparison, Difference } from './compare.ts'
import type { Measure } from './export-row.ts'

export interface ReportOptions {
  readonly provider: string
  /** The first and the last day, in UTC. */
  readonly from: string
  readonly to: string
  readonly tolerance: number
  readonly columns: Columns
  readonly withoutDate: number
}

const titles: Readonly<Record<Measure, string>> = {
  input: 'input',
  cacheRead: 'cache read',
  cacheWrite: 'cache write',
  output: 'output',
  cost: 'cost',
}

/** For a person at a terminal. */
export function reportText(comparison: Comparison, options: ReportOptions): string {
  const { provider, from, to, tolerance, columns, withoutDate } = options
  const taken = Object.entries(columns).map(([name, field]) => `${name} from ${field}`)
  const beyond = comparison.rows.filter(({ isWithin }) => !isWithin)
  const lines = [`${provider}, ${from} to ${to} (UTC); ${taken.join(', ')}`, '']
  if (beyond.length > 0) lines.push(...table(beyond), '')
  lines.push(...table([comparison.total]), '')
  const { unpriced, estimated, isWithin, rows } = comparison
  const hasCost = comparison.total.differences.some(({ measure }) => measure === 'cost')
  if (unpriced > 0 && hasCost)
    lines.push(`Calls in the ledger without a price, by which its cost is too low: ${unpriced}.`)
  if (estimated > 0) lines.push(`Calls in the ledger with estimated tokens, as the provider told none: ${estimated}.`)
  if (withoutDate > 0) lines.push(`Rows of the file without a date, which were left out: ${withoutDate}.`)
  const within = `within ${percent(tolerance)}`
  lines.push(
    isWithin ? `All ${rows.length} rows are ${within}.` : `${beyond.length} of ${rows.length} rows are not ${within}.`,
  )
  return `${lines.join('\n')}\n`
}

/** The same for programs. */
export function reportJson(comparison: Comparison, options: ReportOptions): string {
  const { provider, from, to, tolerance, columns, withoutDate } = options
  return `${JSON.stringify({ provider, from, to, tolerance, columns, withoutDate, ...comparison }, undefined, 2)}\n`
}

function table(rows: readonly Compared[]): string[] {
  const cells = rows.flatMap((row) => {
    const only = row.side === 'both' ? '' : `only in the ${row.side}`
    const name = [row.day, row.model].filter((part) => part !== undefined).join('  ') || 'total'
    return row.differences.map((difference, i) => [i === 0 ? name : '', ...cellsOf(difference), i === 0 ? only : ''])
  })
  const all = [['', '', 'export', 'ledger', 'difference', '', ''], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all.map((row) =>
    row
      .map((cell, column) =>
        column < 2 || column > 5 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}

function cellsOf({ measure, export: ofExport, ledger, difference, relative, isWithin }: Difference): string[] {
  const shown = (amount: number) => (measure === 'cost' ? `$${amount.toFixed(4)}` : String(Math.round(amount)))
  const sign = difference > 0 ? '+' : difference < 0 ? '-' : ''
  const change = `${sign}${shown(Math.abs(difference))}`
  return [titles[measure], shown(ofExport), shown(ledger), change, `${percent(relative)}${isWithin ? '' : ' !'}`]
}

function percent(part: number): string {
  return `${Number((part * 100).toFixed(2))}%`
}
