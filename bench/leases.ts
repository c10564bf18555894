// What a lease costs beside the request that it is for: CPU time of a lease and its settle among 1,000 credentials, in
// this process, and of a proxied answer of 1 KB, in rounds that take turns.
// `npm run up -- exec node -C dragoman-source bench/leases.ts [--source] [--rounds N]`
import { parseArgs } from 'node:util'
import { Secret } from '../packages/core/src/index.ts'
import { TokenPool } from '../packages/token-pool/src/index.ts'
import { buildServer } from './build-server.ts'
import { closedLoop } from './load.ts'
import { cpuMicros } from './processes.ts'
import { openSession } from './session.ts'
import { endpointOf } from './targets.ts'

const { values } = parseArgs({
  options: { source: { type: 'boolean', default: false }, rounds: { type: 'string', default: '7' } },
})
const LEASES = 200_000
const { signal } = new AbortController()

if (!values.source) buildServer()
const session = await openSession({ isSource: values.source })
const target = session.make('dragoman')
const { served } = await session.enter(target)
if (!served) throw new Error('The server was not started')
const endpoint = endpointOf(target, 'parsed', served.port)
const pid = served.running.pid

const pool = new TokenPool({
  name: 'bench',
  credentials: Array.from({ length: 1_000 }, (_, at) => ({ values: { apiKey: new Secret(`sk-${at}-0123456789`) } })),
})

function leaseMicros(): number {
  const before = process.cpuUsage()
  for (let n = 0; n < LEASES; n++) {
    const lease = pool.lease({ signal, model: 'm', affinityKey: `conversation-${n % 500}` })
    if (lease instanceof Promise) throw new Error('A lease had to be waited for')
    lease.settle({ kind: 'ok' })
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / LEASES
}

async function requestMicros(): Promise<number> {
  const before = cpuMicros(pid)
  const { answers, wrong } = await closedLoop(endpoint, { connections: 32, ms: 2_000, asked: { kib: 1 } })
  if (wrong.count > 0) throw new Error(`${wrong.count} answers were wrong: ${wrong.first}`)
  return (cpuMicros(pid) - before) / answers
}

leaseMicros()
await requestMicros()
const shares: number[] = []
console.log('| lease and settle | proxied request | share |\n|--:|--:|--:|')
for (let round = 0; round < Number(values.rounds); round++) {
  const [lease, request] = [leaseMicros(), await requestMicros()]
  shares.push(lease / request)
  console.log(`| ${lease.toFixed(2)} µs | ${request.toFixed(1)} µs | ${((lease / request) * 100).toFixed(2)} % |`)
}
shares.sort((a, b) => a - b)
console.log(`\nMedian share: ${((shares[shares.length >> 1] ?? 0) * 100).toFixed(2)} %`)
await served.running.stop()
process.exit()
