import type { Wrong } from './load.ts'
import type { MeasurementName } from './measurements.ts'
import { type Row, rows } from './rows.ts'
import { type Lane, serves } from './targets.ts'

/** One measurement of one target in one round. */
export interface Sample {
  readonly round: number
  readonly measurement: MeasurementName
  readonly target: string
  /** `any` where the target, or the measurement, knows one only. */
  readonly lane: Lane | 'any'
  readonly values: Readonly<Record<string, number>>
  readonly wrong: Wrong
}

/** A run of the benchmark, as `--out` writes it. */
export interface Report {
  readonly date: string
  readonly machine: string
  readonly versions: string
  /** What makes the figures something else than those that the goals are meant for; empty where nothing does. */
  readonly remarks: readonly string[]
  readonly rounds: number
  readonly rows: readonly string[]
  readonly targets: readonly string[]
  /** What the ratios are to. */
  readonly base: string
  /** Targets that could not be measured, with the reason. */
  readonly notMeasured: Readonly<Record<string, string>>
  readonly samples: readonly Sample[]
}

export const OWN = 'dragoman'
const ABSENT = 'not measured'

export type Verdict = 'ok' | 'below goal' | 'FAIL' | typeof ABSENT | ''

export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The medians over the rounds. A ratio is taken within a round, and only of runs without a wrong answer. */
export function figure(
  { samples, base: baseName }: Report,
  row: Row,
  target: string,
  as: Row['as'] = row.as,
): Figure | undefined {
  if (!serves(target, row.lane)) return undefined
  const counted = (name: string) =>
    samples.filter(
      ({ target, measurement, lane, wrong }) =>
        target === name &&
        measurement === row.measurement &&
        (lane === 'any' || lane === row.lane) &&
        wrong.count === 0,
    )
  const base = new Map(counted(baseName).map(({ round, values }) => [round, values[row.value]]))
  const all = counted(target)
    .map(
      ({ round, values }) => (values[row.value] ?? Number.NaN) / (as === 'ratio' ? (base.get(round) ?? Number.NaN) : 1),
    )
    .filter(Number.isFinite)
    .sort((a, b) => a - b)
  const [min, max] = [all[0], all.at(-1)]
  const half = all.length >> 1
  const middle = all.length % 2 ? [all[half]] : [all[half - 1], all[half]]
  if (min === undefined || max === undefined) return undefined
  return { median: middle.reduce<number>((sum, one) => sum + (one ?? 0), 0) / middle.length, min, max }
}

export function verdict(row: Row, found: Figure | undefined): Verdict {
  if (!found) return ABSENT
  if (row.goal === undefined || row.must === undefined) return ''
  const worst = row.isBetter === 'lower' ? found.max : found.min
  const value = row.judgedBy === 'worst' ? worst : found.median
  const reaches = (limit: number) => (row.isBetter === 'lower' ? value <= limit : value >= limit)
  return reaches(row.goal) ? 'ok' : reaches(row.must) ? 'below goal' : 'FAIL'
}

export function wrongAnswers({ samples }: Report, target?: string): number {
  const counts = samples.filter((sample) => target === undefined || sample.target === target)
  return counts.reduce((sum, { wrong }) => sum + wrong.count, 0)
}

/** Whether the run shows what it has to: no wrong answer of anybody, and no row of ours behind what it must reach. */
export function passes(report: Report): boolean {
  const bad = shown(report).some((row) => ['FAIL', ABSENT].includes(verdict(row, figure(report, row, OWN))))
  return wrongAnswers(report) === 0 && !(bad && report.targets.includes(OWN))
}

/** As Markdown. */
function table(report: Report): string {
  const others = report.targets.filter((name) => name !== report.base)
  const body = shown(report).map((row) => [
    row.title,
    absolute(row, figure(report, row, report.base, 'absolute')),
    ...others.map((name) => cell(report, row, name)),
    limit(row, row.goal),
    limit(row, row.must),
    report.targets.includes(OWN) ? verdict(row, figure(report, row, OWN)) : '',
  ])
  const wrong = (name: string) => (name in report.notMeasured ? ABSENT : String(wrongAnswers(report, name)))
  const isRight = wrongAnswers(report) === 0
  body.push(['wrong answers in all runs', wrong(report.base), ...others.map(wrong), '0', '0', isRight ? 'ok' : 'FAIL'])
  return aligned([['', `${report.base} (absolute)`, ...others, 'goal', 'must', 'verdict'], ...body])
}

/** The table, and what has to be known beside it. */
export function results(report: Report): string {
  const notes = [
    ...report.remarks,
    ...Object.entries(report.notMeasured).map(([name, reason]) => `${name}: not measured: ${reason}`),
    ...report.samples.flatMap(({ round, measurement, lane, target, wrong }) =>
      wrong.count > 0
        ? [`not counted: ${target}, ${measurement}, ${lane}, round ${round + 1}: ${wrong.count} wrong, ${wrong.first}`]
        : [],
    ),
  ]
  return [table(report), '', ...notes.map((note) => `- ${note}`)].join('\n').trimEnd()
}

/** The same with machine, versions and date. */
export function page(report: Report): string {
  const { date, machine, versions, rounds } = report
  return `${date}, ${machine}, ${versions}; interleaved rounds: ${rounds}.\n\n${results(report)}`
}

function shown(report: Report): Row[] {
  return rows.filter(({ id }) => report.rows.includes(id))
}

/** Empty where the target cannot do what the row measures. */
function cell(report: Report, row: Row, target: string): string {
  if (!serves(target, row.lane)) return ''
  const found = target in report.notMeasured ? undefined : figure(report, row, target)
  if (!found) return ABSENT
  if (row.as === 'absolute') return absolute(row, found)
  const [median, min, max] = [found.median, found.min, found.max].map((value) => value.toFixed(2))
  return `${median} (${min} to ${max})`
}

function absolute({ unit, as }: Row, found: Figure | undefined): string {
  if (!found) return ABSENT
  const digits = (value: number) => value.toFixed(unit === 'µs' && value < 100 ? 1 : 0)
  const range = as === 'absolute' && found.min !== found.max ? ` (${digits(found.min)} to ${digits(found.max)})` : ''
  return `${digits(found.median)} ${unit}${range}`
}

function limit({ as, isBetter, unit }: Row, value: number | undefined): string {
  if (value === undefined) return ''
  const sign = isBetter === 'lower' ? '≤' : '≥'
  return `${sign} ${as === 'ratio' ? value.toFixed(2) : `${value} ${unit}`}`
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)))
  const written = lines.map((line) => `| ${line.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`)
  written.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`)
  return written.join('\n')
}
