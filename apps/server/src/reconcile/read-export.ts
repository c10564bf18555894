import { ConfigError } from '../config/config-error.ts'
import { areEnough, type ColumnName, type Columns, usualColumns } from './columns.ts'
import type { ExportRecord, ExportRow, Measure } from './export-row.ts'
import { readJson } from './read-json.ts'
import { noColumns, readTable } from './read-table.ts'

export interface ProviderExport {
  readonly rows: readonly ExportRow[]
  /** What was taken from where. */
  readonly columns: Columns
  /** Rows without a date, such as totals. */
  readonly withoutDate: number
}

const mostProblems = 10

/**
 * What a provider bills, from the text of its export: CSV, JSON, or JSON by lines, its columns by their usual names.
 * Throws a `ConfigError` with what is wrong and where.
 *
 * @param named columns that have other names
 */
export function readExport(text: string, named: Columns = {}): ProviderExport {
  const isJson = /^\ufeff?\s*[[{]/.test(text)
  const records = isJson ? readJson(text.replace(/^\ufeff/, '')) : readTable(text, named)
  const names = new Set(records.flatMap(({ fields }) => [...fields.keys()]))
  const columns = { ...usualColumns(names), ...named }
  const isComplete = areEnough(columns) && Object.values(named).every((name) => names.has(name))
  if (records.length > 0 && !isComplete) throw new ConfigError([noColumns([...names], named)])

  const problems: string[] = []
  const rows: ExportRow[] = []
  let withoutDate = 0
  for (const record of records) {
    const row = new RecordReader(record, columns, problems)
    if (problems.length >= mostProblems) break
    if (row.isEmpty) continue
    if (row.hasDate) rows.push(row.read())
    else withoutDate++
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { rows, columns, withoutDate }
}

class RecordReader {
  readonly #record: ExportRecord
  readonly #columns: Columns
  readonly #problems: string[]

  constructor(record: ExportRecord, columns: Columns, problems: string[]) {
    this.#record = record
    this.#columns = columns
    this.#problems = problems
  }

  get hasDate(): boolean {
    return this.#text('date') !== undefined
  }

  /** OpenAI has a row for each day, also for one on which nothing was used. */
  get isEmpty(): boolean {
    const figures = ['input', 'uncached', 'cacheRead', 'cacheWrite', 'cacheWrite1h', 'output', 'cost'] as const
    return figures.every((name) => this.#text(name) === undefined)
  }

  read(): ExportRow {
    const currency = this.#text('currency')
    if (currency !== undefined && currency.toLowerCase() !== 'usd') {
      this.#complain('currency', 'expected USD, which the ledger counts in', currency)
    }
    return {
      day: this.#day(),
      model: this.#text('model'),
      amounts: this.#amounts(),
      rounding: roundingOf(this.#text('cost') ?? ''),
    }
  }

  #amounts(): Partial<Record<Measure, number>> {
    const { uncached } = this.#columns
    const read = this.#number('cacheRead')
    const written = added(this.#number('cacheWrite'), this.#number('cacheWrite1h'))
    const all = uncached ? added(this.#number('uncached'), read, written) : this.#number('input')
    const amounts = {
      input: all,
      cacheRead: read,
      cacheWrite: written,
      output: this.#number('output'),
      cost: added(this.#number('cost'), this.#number('ownKeyCost')),
    }
    return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== undefined))
  }

  #day(): string {
    const text = this.#text('date') ?? ''
    const day = dayOf(text)
    if (day === undefined) this.#complain('date', 'expected a date such as 2026-11-06, or seconds since 1970', text)
    return day ?? ''
  }

  #number(name: ColumnName): number | undefined {
    const text = this.#text(name)
    if (text === undefined) return undefined
    const plain = /^-?\$?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text
    const value = Number(plain.replace('$', ''))
    if (Number.isFinite(value)) return value
    this.#complain(name, 'expected a number', text)
    return 0
  }

  #text(name: ColumnName): string | undefined {
    const field = this.#columns[name]
    return (field && this.#record.fields.get(field)) || undefined
  }

  #complain(name: ColumnName, expected: string, found: string): void {
    const column = this.#columns[name] ?? name
    this.#problems.push(`${this.#record.place}: ${column}: ${expected}, found ${JSON.stringify(found.slice(0, 100))}`)
  }
}

function added(...amounts: readonly (number | undefined)[]): number | undefined {
  const known = amounts.filter((amount) => amount !== undefined)
  return known.length > 0 ? known.reduce((sum, amount) => sum + amount, 0) : undefined
}

/** A time without a zone is UTC, as it is in all exports that were seen. */
function dayOf(text: string): string | undefined {
  if (/^\d{10}(\.\d+)?$/.test(text)) return utcDay(Number(text) * 1_000)
  if (/^\d{13}$/.test(text)) return utcDay(Number(text))
  const [, day, rest = ''] = /^(\d{4}-\d\d-\d\d)(.*)$/.exec(text) ?? []
  if (day === undefined || utcDay(Date.parse(day)) !== day) return undefined
  const hasZone = /[+-]\d\d:?\d\d$/.test(rest)
  return hasZone ? utcDay(Date.parse(text.replace(' ', 'T'))) : day
}

function utcDay(ms: number): string | undefined {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : undefined
}

/** Half of the last digit, where there are so few that it was rounded: Anthropic's console writes whole cents. */
function roundingOf(cost: string): number {
  const [, digits] = /^-?\$?[\d,]*(?:\.(\d*))?$/.exec(cost) ?? []
  return digits === undefined || digits.length > 4 ? 0 : 0.5 * 10 ** -digits.length
}
