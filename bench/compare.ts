// `npm run bench`: one interleaved run of all targets, and one table. Method: docs/benchmarks.md.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { buildServer } from './build-server.ts'
import { FULL, type MeasurementName, measurements, type Outcome, QUICK } from './measurements.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { page, passes, type Report, results, type Sample } from './report.ts'
import { rows } from './rows.ts'
import { type Contestant, openSession, type Session } from './session.ts'
import { isOurServer, type Lane, ROOT, serves, type TargetName } from './targets.ts'

const say = (line: string) => process.stderr.write(`${line}\n`)

try {
  process.exit(await main(parse(process.argv.slice(2))))
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exit(1)
}

function parse(args: readonly string[]): Options {
  try {
    return parseOptions(args)
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    process.exit(2)
  }
}

/** @returns the exit code */
async function main(options: Options): Promise<number> {
  if (options.isHelp) {
    process.stdout.write(USAGE)
    return 0
  }
  const report: Report = options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : await compare(options)
  if (options.out) writeFileSync(options.out, `${JSON.stringify(report, null, 1)}\n`)
  process.stdout.write(`${options.isMarkdown ? page(report) : results(report)}\n`)
  return passes(report) ? 0 : 1
}

async function compare(options: Options): Promise<Report> {
  if (process.platform !== 'linux') throw new Error('The benchmark reads /proc: it runs on Linux only.')
  if (options.targets.some(isOurServer) && !options.isSource) buildServer()
  const session = await openSession(options)
  if (!session.cores) say('Not pinned to cores: that takes two of them, and taskset (util-linux).')

  const contestants: Contestant[] = []
  const notMeasured: Record<string, string> = {}
  for (const name of options.targets) {
    say(`starting ${name}`)
    try {
      contestants.push(await session.enter(session.make(name)))
    } catch (error) {
      notMeasured[name] = firstLine(error)
      if (isOurs(name)) throw error
    }
  }

  const usual = options.isQuick ? QUICK : FULL
  const scale = { ...usual, wholeMs: options.wholeMs ?? usual.wholeMs }
  const samples: Sample[] = []
  for (let round = 0; round < options.rounds; round++) {
    say(`round ${round + 1} of ${options.rounds}`)
    for (const measurement of wantedMeasurements(options)) {
      const entrants = contestants.flatMap((contestant) => lanesOf(contestant, measurement, options))
      // Whatever changes slowly on the machine does not always meet the same one.
      if (round % 2) entrants.reverse()
      for (const { contestant, lane } of entrants) {
        const outcome = await measured(session.measure(contestant, measurements[measurement], lane ?? 'relayed', scale))
        const target = contestant.target.name
        samples.push({ round, measurement, target, lane: lane ?? 'any', ...outcome })
        if (outcome.wrong.first) say(`not counted: ${target}, ${measurement}: ${outcome.wrong.first}`)
      }
    }
  }
  return {
    ...surroundings(session),
    remarks: remarks(options, session),
    rounds: options.rounds,
    rows: options.rows,
    targets: options.targets,
    base: options.base,
    notMeasured,
    samples,
  }
}

function wantedMeasurements({ rows: wanted }: Options): Set<MeasurementName> {
  return new Set(rows.filter(({ id }) => wanted.includes(id)).map(({ measurement }) => measurement))
}

/** In what ways a target is measured; undefined: there is one only. */
function lanesOf(contestant: Contestant, measurement: MeasurementName, { rows: wanted }: Options) {
  const { name, lanes: known } = contestant.target
  const asked = rows.filter(
    ({ id, lane, ...row }) => row.measurement === measurement && wanted.includes(id) && serves(name, lane),
  )
  const lanes = asked.map(({ lane }): Lane | undefined =>
    measurements[measurement].hasLanes && known ? lane : undefined,
  )
  return [...new Set(lanes)].map((lane) => ({ contestant, lane }))
}

/** A target that breaks down has answered wrongly. */
async function measured(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome
  } catch (error) {
    return { values: {}, wrong: { count: 1, first: firstLine(error) } }
  }
}

function isOurs(name: TargetName): boolean {
  return name !== 'portkey'
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}

function surroundings({ cores }: Session) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'apps', 'server', 'package.json'), 'utf8'))
  const git = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' })
  const peer = JSON.parse(readFileSync(join(import.meta.dirname, 'peers', 'portkey', 'package.json'), 'utf8'))
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const [cpu] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpu?.model.trim() ?? 'unknown processor'}, ${memory}, Linux ${release()}${cores ? '' : ', not pinned'}`,
    versions: [
      `Node ${process.version}`,
      `Dragoman ${version}${git.status === 0 ? ` (${git.stdout.trim()})` : ''}`,
      `Portkey ${peer.dependencies['@portkey-ai/gateway']}`,
    ].join(', '),
  }
}

function remarks({ isQuick, isSource }: Options, { cores }: Session): string[] {
  return [
    ...(isQuick ? ['quick: small loads, the figures mean little'] : []),
    ...(isSource ? ['Dragoman ran from its source: the cold start is not that of the build'] : []),
    ...(cores ? [] : ['not pinned to cores']),
  ]
}
