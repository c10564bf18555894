import { type CsvError, parse } from 'csv-parse/sync'
import { ConfigError } from '../config/config-error.ts'
import type { Columns } from './columns.ts'
import { areEnough, usualColumns } from './columns.ts'
import type { ExportRecord } from './export-row.ts'

/** Rows above the names of the columns, as Google's table has them. */
const longestPreamble = 30

interface Row {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** CSV, also with semicolons or tabs. Throws a `ConfigError` where it is none, or where its columns have no names. */
export function readTable(text: string, named: Columns): readonly ExportRecord[] {
  const rows = parseRows(text)
  const isHead = ({ record }: Row) => {
    const names = new Set(record.map(fieldName))
    return areEnough({ ...usualColumns(names), ...named }) && Object.values(named).every((name) => names.has(name))
  }
  const head = rows.slice(0, longestPreamble).findIndex(isHead)
  if (head < 0) throw new ConfigError([noColumns(rows[0]?.record ?? [], named)])
  const names = rows[head]?.record.map(fieldName) ?? []
  return rows.slice(head + 1).map(({ record, info }) => ({
    place: `line ${info.lines}`,
    fields: new Map(names.map((name, i): [string, string] => [name, record[i]?.trim() ?? ''])),
  }))
}

function parseRows(text: string): readonly Row[] {
  try {
    return parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 1_000_000,
    }) as unknown as Row[] // which is what `info` makes of them
  } catch (cause) {
    const { lines, message } = cause as CsvError
    throw new ConfigError([`line ${lines}: is no CSV: ${message}`])
  }
}

/** The one that stands most often in the first lines. */
function delimiterOf(text: string): string {
  const start = text.slice(0, 4_096)
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: start.split(mark).length }))
  return counts.reduce((most, other) => (other.count > most.count ? other : most)).mark
}

function fieldName(text: string): string {
  return text.trim().toLowerCase()
}

export function noColumns(found: readonly string[], named: Columns): string {
  const there = new Set(found.map(fieldName))
  const missing = Object.values(named).find((name) => !there.has(name))
  if (missing !== undefined) return `there is no column ${missing}; there is ${shown(found)}`
  return `no columns for a date and for tokens or costs were found: name them with --columns; there is ${shown(found)}`
}

function shown(names: readonly string[]): string {
  const some = names.slice(0, 30).map((name) => name.slice(0, 60))
  return some.join(', ') || 'none'
}
