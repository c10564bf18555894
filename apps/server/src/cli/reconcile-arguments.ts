import { ConfigError } from '../config/config-error.ts'
import { groupings } from '../reconcile/compare.ts'
import type { Flags } from './arguments.ts'
import { commandOptions } from './command-options.ts'
import type { ReconcileOptions } from './reconcile.ts'

const options = {
  config: { type: 'string', short: 'c' },
  provider: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  tolerance: { type: 'string' },
  by: { type: 'string' },
  columns: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export const reconcileUsage = `Usage: dragoman reconcile FILE [options]

Sets an export of what a provider bills (CSV, JSON, or JSON by lines) beside what the server recorded, by day and
model. Ends with status 1 where they differ by more than the tolerance.

Options
      --provider ID         whose export it is, by the id in the configuration; needed where several were used
      --from DAY, --to DAY  such as 2026-11-01, both within; default the first and the last day of the export
      --tolerance PART      2% unless told otherwise
      --by WHAT             ${groupings.join(' | ')}
      --columns NAME=COLUMN,…
                            where the columns have other names than the usual ones: date, model, input, uncached,
                            cacheRead, cacheWrite, cacheWrite1h, output, cost, currency
      --json                for programs
  -c, --config FILE         the configuration file; default dragoman.yaml, where there is one
  -h, --help                write this
`

/** What follows `reconcile`. Throws a `ConfigError` with one problem for each thing that is wrong. */
export function parseReconcile(
  argv: readonly string[],
): { readonly flags: Flags; readonly options: ReconcileOptions } | 'help' {
  const { given, has, positionals, problems } = commandOptions('reconcile', options, argv)
  if (has('help')) return 'help'
  const [from, to] = (['from', 'to'] as const).map((name) => {
    const day = given(name)
    if (day !== undefined && !isDay(day)) problems.push(`--${name}: expected a day such as 2026-11-01, found ${day}`)
    return day
  })
  if (from !== undefined && to !== undefined && from > to) problems.push(`--from ${from} is after --to ${to}`)
  const tolerance = partOf(given('tolerance') ?? '2%')
  if (tolerance === undefined) problems.push(`--tolerance: expected a part such as 2%, found ${given('tolerance')}`)
  const by = groupings.find((grouping) => grouping === given('by'))
  if (given('by') !== undefined && !by) {
    problems.push(`--by: expected one of ${groupings.join(', ')}, found ${given('by')}`)
  }
  const [file, surplus] = positionals
  if (file === undefined) problems.push('reconcile needs the file of an export')
  if (surplus !== undefined) problems.push(`reconcile takes one file, found ${JSON.stringify(surplus)} too`)
  if (problems.length > 0 || file === undefined || tolerance === undefined) throw new ConfigError(problems)
  const json = has('json')
  const asked = { file, provider: given('provider'), from, to, tolerance, by, columns: given('columns'), json }
  return { flags: { config: given('config') }, options: asked }
}

function isDay(text: string): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text)
}

/** `2%` and `0.02` are the same. */
function partOf(text: string): number | undefined {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const part = Number(digits) / (sign === '%' ? 100 : 1)
  return part <= 1 ? part : undefined
}
