// node -C dragoman-source packages/token-pool/bench/lease.ts [--rounds 15]
//
// What a lease and its settle cost, with 10 and with 1,000 credentials: CPU time of this process, medians of interleaved
// rounds, in Markdown. Sixteen leases are open at any time, and are settled in another order than they were granted.

import { parseArgs } from 'node:util'
import { DragomanError, type Lease, type LeaseOptions, Secret } from '@dragoman/core'
import { type Strategy, TokenPool } from '../src/index.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } })
const ROUNDS = Number(values.rounds)
const LEASES = 200_000
const OPEN = 16

interface Load {
  readonly name: string
  readonly strategy: Strategy
  /** Of 100 credentials so many rest. */
  readonly resting?: { readonly percent: number; readonly of: 'model' | 'whole' }
  readonly affinity?: boolean
  readonly maxConcurrent?: number
}

const LOADS: readonly Load[] = [
  { name: 'least-used', strategy: 'least-used' },
  { name: 'round-robin', strategy: 'round-robin' },
  { name: 'weighted', strategy: 'weighted' },
  { name: 'least-used, at most 4 leases each', strategy: 'least-used', maxConcurrent: 4 },
  { name: 'least-used, 500 affinity keys', strategy: 'least-used', affinity: true },
  ...(['least-used', 'round-robin', 'weighted'] as const).flatMap((strategy): Load[] => [
    { name: `${strategy}, 90 % rest for the model`, strategy, resting: { percent: 90, of: 'model' } },
    { name: `${strategy}, 90 % rest as a whole`, strategy, resting: { percent: 90, of: 'whole' } },
  ]),
]

const signal = { aborted: false, reason: undefined, addEventListener() {}, removeEventListener() {} }
const keys = Array.from({ length: 500 }, (_, at) => `client-${at}`)
const ok = { kind: 'ok' } as const

console.log(`Node ${process.version}, ${ROUNDS} rounds of ${LEASES} leases.\n`)
console.log('| | 10 credentials | 1,000 credentials | 1,000 / 10 |\n|---|--:|--:|--:|')
for (const load of LOADS) {
  const [small = 1, large = 0] = medians([poolOf(load, 10), poolOf(load, 1_000)].map((pool) => () => run(pool, load)))
  console.log(`| ${load.name} | ${small.toFixed(0)} ns | ${large.toFixed(0)} ns | ${(large / small).toFixed(2)} |`)
}

function poolOf({ strategy, resting, maxConcurrent }: Load, size: number): TokenPool {
  const credentials = Array.from({ length: size }, (_, at) => ({
    values: { apiKey: new Secret(`sk-${String(at).padStart(40, '0')}`) },
    weight: 1 + (at % 3),
  }))
  const pool = new TokenPool({ name: 'bench', credentials, strategy, maxConcurrent })
  if (!resting) return pool
  const error = new DragomanError(resting.of === 'model' ? 'rate_limited' : 'credential_exhausted', '', {
    retryAfterMs: 600_000,
  })
  const open = Array.from({ length: size }, () => granted(pool, { signal, model: 'm' }))
  for (const [at, lease] of open.entries()) {
    lease.settle((at * 100) / size < resting.percent ? { kind: 'failed', error } : ok)
  }
  return pool
}

/** Nanoseconds of CPU per lease with its settle. */
function run(pool: TokenPool, { affinity }: Load): number {
  const open: (Lease | undefined)[] = Array.from({ length: OPEN })
  const options: LeaseOptions = { signal, model: 'm' }
  const before = process.cpuUsage()
  for (let at = 0; at < LEASES; at++) {
    const place = (at * 7) % OPEN
    open[place]?.settle(ok)
    if (affinity) options.affinityKey = keys[at % keys.length]
    open[place] = granted(pool, options)
  }
  for (const lease of open) lease?.settle(ok)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / LEASES
}

function granted(pool: TokenPool, options: LeaseOptions): Lease {
  const lease = pool.lease(options)
  if (lease instanceof Promise) throw new Error('nobody should have to wait')
  return lease
}

function medians(works: readonly (() => number)[]): number[] {
  for (const work of works) work()
  const times = works.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) for (const [at, work] of works.entries()) times[at]?.push(work())
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0)
}
