import { type PhaseFigures, type SimulationOptions, simulate } from '../packages/gateway/src/test-simulation.ts'

// The figures of docs/routing.md: node -C dragoman-source bench/simulate.ts

const large: SimulationOptions[] = [
  { strategy: 'least-busy', requests: 10_000 },
  { strategy: 'affinity', requests: 10_000 },
  { strategy: 'least-busy', requests: 10_000, hedgeAfterMs: 3_000, continuesCutText: true },
]

const others: SimulationOptions[] = [
  { strategy: 'first', requests: 10_000 },
  { strategy: 'round-robin', requests: 10_000 },
  { strategy: 'weighted', requests: 10_000 },
  { strategy: 'fastest', requests: 10_000 },
  { strategy: 'least-busy', requests: 10_000, attempts: 10 },
]

const titleOf = ({ strategy, attempts, hedgeAfterMs }: SimulationOptions): string =>
  `\`${strategy}\`${attempts ? `, ${attempts} attempts` : ''}${hedgeAfterMs ? ', hedged and continued' : ''}`

const print = (...lines: string[]) => process.stdout.write(`${lines.join('\n')}\n\n`)
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
const perCent = (share: number) => `${(100 * share).toFixed(1)} %`
const failedOf = ({ failed }: PhaseFigures) => [...failed.values()].reduce((sum, count) => sum + count, 0)
const whyOf = ({ failed }: PhaseFigures) => [...failed].map(([code, count]) => `${count} \`${code}\``).join(', ')

const summary: string[] = []
for (const options of [...large, ...others]) {
  const result = await simulate(options)
  const isCalm = ({ name }: PhaseFigures) => ['calm', 'recovery', 'calm again'].includes(name)
  const calm = result.phases.filter(isCalm)
  const sum = (phases: readonly PhaseFigures[], of: (phase: PhaseFigures) => number) =>
    phases.reduce((total, phase) => total + of(phase), 0)
  summary.push(
    row([
      titleOf(options),
      (sum(calm, ({ calls }) => calls) / sum(calm, ({ requests }) => requests)).toFixed(3),
      sum(result.phases, failedOf),
      result.unfair.length,
      sum(result.phases, ({ cut }) => cut),
      perCent(result.worstRepeats),
      perCent(result.hedges),
      perCent(result.shares[0] ?? 0),
    ]),
  )
  if (!large.includes(options)) continue
  print(
    `${titleOf(options)}, ${options.requests.toLocaleString('en')} requests:`,
    '',
    row([
      'Phase',
      'Requests',
      'Answered',
      'Failed before content',
      'Broke after it',
      'Client left',
      'Calls per request',
    ]),
    row(['---', '--:', '--:', '---', '--:', '--:', '--:']),
    ...result.phases.map((phase) =>
      row([
        phase.name,
        phase.requests,
        phase.served,
        whyOf(phase) || 0,
        phase.cut,
        phase.left,
        (phase.calls / phase.requests).toFixed(3),
      ]),
    ),
  )
}
print(
  row([
    'Run',
    'Calls per request in calm',
    'Failed before content',
    'of them with a healthy target untried',
    'Broke after content',
    'Repeats in the worst minute',
    'Second calls',
    'Smallest share of conversations',
  ]),
  row(['---', '--:', '--:', '--:', '--:', '--:', '--:', '--:']),
  ...summary,
)
