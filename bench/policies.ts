// What policies cost: the CPU of whole answers of 1 KB with routing, a key, limits, budgets and affinity, to that of one
// static deployment; beside it idempotency and the cache. The servers take turns every few milliseconds, because on a shared
// machine two runs of seconds differ by more than what is asked for.
// `npm run up -- exec node bench/policies.ts [--pulses N] [--ms N] [--source]`
import { parseArgs } from 'node:util'
import { buildServer } from './build-server.ts'
import { cpuMicros } from './processes.ts'
import { openPulses } from './pulses.ts'
import { openSession } from './session.ts'
import { endpointOf } from './targets.ts'

const { values } = parseArgs({
  options: {
    pulses: { type: 'string', default: '700' },
    ms: { type: 'string', default: '60' },
    source: { type: 'boolean', default: false },
  },
})
const pulses = Number(values.pulses)
const ms = Number(values.ms)
const names = ['static', 'policies', 'idempotent', 'cached'] as const
const base = names[0]

if (!values.source) buildServer()
const session = await openSession({ isSource: values.source })
const servers = []
for (const name of names) {
  const target = session.make(name)
  const { served } = await session.enter(target)
  if (!served) throw new Error(`${name} was not started`)
  const { port, running } = served
  const lines = await openPulses(endpointOf(target, 'relayed', port), { connections: 32, asked: { kib: 1 } })
  servers.push({ name, pid: running.pid, lines, costs: [] as number[] })
}
for (let turn = 0; turn < pulses; turn++) {
  for (const server of turn % 2 ? servers.toReversed() : servers) {
    const before = cpuMicros(server.pid)
    const answers = await server.lines.pulse(ms)
    server.costs.push((cpuMicros(server.pid) - before) / answers)
  }
}
for (const { lines } of servers) lines.close()

const first = servers[0]?.costs ?? []
for (const { name, costs } of servers) {
  const ratios = costs.map((cost, turn) => cost / (first[turn] ?? Number.NaN))
  const told = name === base ? '' : `  ${quantiles(ratios, 2)} times ${base}`
  process.stdout.write(`${name.padEnd(12)}${quantiles(costs, 1)} us per request${told}\n`)
}
process.exit(0)

/** The median, with the quartiles. */
function quantiles(values: readonly number[], digits: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(digits)
  return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`
}
