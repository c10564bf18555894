import { access, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { UsageSum } from '@dragoman/core'
import { sqliteLedger } from '@dragoman/store/sqlite-ledger'
import { ConfigError } from '../config/config-error.ts'
import { didYouMean } from '../config/nearest.ts'
import { parseColumns } from '../reconcile/columns.ts'
import { type Comparison, compare, type Grouping } from '../reconcile/compare.ts'
import type { ExportRow } from '../reconcile/export-row.ts'
import { readExport } from '../reconcile/read-export.ts'
import { type ReportOptions, reportJson, reportText } from '../reconcile/report.ts'
import type { Flags } from './arguments.ts'
import { settingsHere } from './running-server.ts'

export interface ReconcileOptions {
  readonly file: string
  readonly provider?: string | undefined
  /** `YYYY-MM-DD`, both within. Default: the first and the last day of the export. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly tolerance: number
  /** Default: by day and model, where the export tells models. */
  readonly by?: Grouping | undefined
  readonly columns?: string | undefined
  readonly json: boolean
}

const dayMs = 86_400_000
/** A year of single calls of a busy server has less. */
const maxFileBytes = 256 * 1024 * 1024

/** `dragoman reconcile`: what a provider bills beside what was recorded. True where they agree. */
export async function reconcile(options: ReconcileOptions, flags: Flags): Promise<boolean> {
  const settings = await settingsHere(flags)
  const path = join(settings.paths.store, 'ledger.db')
  if (!(await exists(path))) {
    throw new ConfigError([`there is no ledger at ${path}: nothing was recorded yet, or store.path is another one`])
  }
  const text = await readText(options.file)
  const ledger = sqliteLedger({ path })
  try {
    const sums = (from: number, to: number) => ledger.sums({ from, to, by: ['day', 'provider', 'model'] })
    const { comparison, report } = await reconciled(text, options, sums)
    process.stdout.write(options.json ? reportJson(comparison, report) : reportText(comparison, report))
    return comparison.isWithin
  } finally {
    await ledger.close()
  }
}

/** @param sumsOf by day, provider and model, of requests from the first instant on and before the second */
export async function reconciled(
  text: string,
  options: Omit<ReconcileOptions, 'json'>,
  sumsOf: (from: number, to: number) => Promise<readonly UsageSum[]>,
): Promise<{ comparison: Comparison; report: ReportOptions }> {
  const named = options.columns === undefined ? {} : parseColumns(options.columns)
  const { rows: all, columns, withoutDate } = read(options.file, () => readExport(text, named))
  const days = all.map(({ day }) => day).sort()
  const [from = days[0], to = days.at(-1)] = [options.from, options.to]
  if (from === undefined || to === undefined) throw new ConfigError([`${options.file}: has no rows`])
  const rows = all.filter(({ day }) => day >= from && day <= to)
  const sums = await sumsOf(Date.parse(from), Date.parse(to) + dayMs)
  const provider = providerOf(sums, options.provider)
  // Nothing beside nothing would agree.
  if (rows.length === 0) {
    const has = `it has ${days[0]} to ${days.at(-1)}`
    throw new ConfigError([`${options.file}: has no rows from ${from} to ${to}: ${has}; check --from and --to`])
  }
  const by = options.by ?? (rows.some(hasModel) ? 'day,model' : 'day')
  const own = sums.filter(({ key }) => key.provider === provider)
  const comparison = compare(rows, own, { by, tolerance: options.tolerance })
  return { comparison, report: { provider, from, to, tolerance: options.tolerance, columns, withoutDate } }
}

function hasModel({ model }: ExportRow): boolean {
  return model !== undefined
}

function providerOf(sums: readonly UsageSum[], asked: string | undefined): string {
  const known = [...new Set(sums.map(({ key }) => key.provider ?? ''))]
  if (asked !== undefined) {
    // One that was not used may be billed all the same, and is then told as missing.
    const hint = didYouMean(asked, known)
    if (!known.includes(asked) && hint !== '') throw new ConfigError([`the ledger has no usage of ${asked}${hint}`])
    return asked
  }
  const [only, ...others] = known
  if (only === undefined) throw new ConfigError(['the ledger has no usage of these days: check --from and --to'])
  if (others.length === 0) return only
  throw new ConfigError([`the ledger has usage of ${known.join(', ')}: say with --provider whose export it is`])
}

function read<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new ConfigError(error.problems.map((problem) => (problem.startsWith('--') ? problem : `${file}: ${problem}`)))
  }
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer
  try {
    const { size } = await stat(file)
    if (size > maxFileBytes) {
      throw new ConfigError([`${file}: has ${size} bytes, more than ${maxFileBytes}: export fewer days at once`])
    }
    bytes = await readFile(file)
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError([`${file}: cannot be read: ${cause instanceof Error ? cause.message : cause}`])
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigError([`${file}: is not UTF-8: save it as such`])
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
