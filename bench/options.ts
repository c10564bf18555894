import { parseArgs } from 'node:util'
import { rows } from './rows.ts'
import { type TargetName, targetNames } from './targets.ts'

export interface Options {
  readonly rounds: number
  /** Ids of rows. */
  readonly rows: readonly string[]
  readonly targets: readonly TargetName[]
  /** What the ratios are to. */
  readonly base: TargetName
  readonly out: string | undefined
  readonly from: string | undefined
  readonly isMarkdown: boolean
  readonly isQuick: boolean
  /** How long whole answers are asked for at a time. */
  readonly wholeMs: number | undefined
  readonly isSource: boolean
  readonly isHelp: boolean
}

export const USAGE = `Usage: npm run bench -- [options]

  --rounds N       rounds, interleaved (7; with --quick 1)
  --rows A,B       only these rows: ${rows.map(({ id }) => id).join(', ')}
  --targets A,B    these, beside the base: ${targetNames.join(', ')} (plain,dragoman,portkey)
  --base A         what the ratios are to (plain)
  --out FILE       write all samples as JSON
  --from FILE      measure nothing, show what --out has written
  --markdown       with machine, versions and date, as docs/benchmarks.md has it
  --source         the server from its source instead of from its build
  --whole-ms N     ask for whole answers so long at a time (2000): more and shorter rounds tell more on a noisy machine
  --quick          small loads: shows that all of it runs; the figures mean little
`

/** Throws an error with a sentence for who has typed it. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      rows: { type: 'string' },
      targets: { type: 'string' },
      base: { type: 'string' },
      out: { type: 'string' },
      from: { type: 'string' },
      markdown: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      'whole-ms': { type: 'string' },
      source: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 7))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: expected a whole number`)
  const wholeMs = values['whole-ms'] === undefined ? undefined : Number(values['whole-ms'])
  if (wholeMs !== undefined && !(wholeMs >= 100)) throw new Error(`--whole-ms ${wholeMs}: expected 100 or more`)
  const ids = rows.map(({ id }) => id)
  const chosen = named('--targets', values.targets, targetNames, ['plain', 'dragoman', 'portkey'])
  const [base = 'plain'] = named<TargetName>('--base', values.base, targetNames, ['plain'])
  return {
    rounds,
    base,
    rows: named('--rows', values.rows, ids, ids),
    // The base comes first, whether it was named or not.
    targets: targetNames.filter((name) => name === base || chosen.includes(name)),
    out: values.out,
    from: values.from,
    isMarkdown: values.markdown,
    isQuick: values.quick,
    wholeMs,
    isSource: values.source,
    isHelp: values.help,
  }
}

function named<T extends string>(option: string, given: string | undefined, known: readonly T[], usual: readonly T[]) {
  if (given === undefined) return usual
  return given.split(',').map((name) => {
    const found = known.find((one) => one === name)
    if (found === undefined) throw new Error(`${option} ${name}: expected one of ${known.join(', ')}`)
    return found
  })
}
