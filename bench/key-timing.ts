import { digestOf, knownKeys } from '../apps/server/src/http/authenticate.ts'
import { Secret } from '../packages/core/src/index.ts'

// Whether the time that a wrong key takes depends on how much of it is right: node -C dragoman-source bench/key-timing.ts
// Row 55 of docs/faults.md, in process and without the wait that wrong keys cost otherwise. Figures are for reading: what
// a test asserts is that the same is compared, whatever was given.

const tries = 10_000
const rounds = 15
const right = `dk_${'k3y'.repeat(14)}x`
const wrongAt = (index: number) => `${right.slice(0, index)}!${right.slice(index + 1)}`
const cases = new Map([
  ['no character right', wrongAt(0)],
  ['half of them', wrongAt(right.length >> 1)],
  ['all but the last', wrongAt(right.length - 1)],
])

const keys = knownKeys(
  [...Array(100).keys()].map((n) => ({ name: `${n}`, key: new Secret(n === 50 ? right : `dk_${n}`) })),
)

/** Nanoseconds, each try by itself: a mean would be the collector's. */
function medianOf(given: string): number {
  const times = new Float64Array(tries)
  for (let n = 0; n < tries; n++) {
    const startedAt = process.hrtime.bigint()
    keys.find(given, digestOf(given))
    times[n] = Number(process.hrtime.bigint() - startedAt)
  }
  return times.sort()[tries >> 1] ?? 0
}

const medians = new Map([...cases.keys()].map((name) => [name, [] as number[]]))
for (const given of cases.values()) medianOf(given) // until it is compiled
for (let round = 0; round < rounds; round++) {
  // In turn, so that what the machine does meanwhile falls on all of them.
  for (const [name, given] of cases) medians.get(name)?.push(medianOf(given))
}
for (const [name, all] of medians) {
  const sorted = all.toSorted((a, b) => a - b)
  process.stdout.write(
    `${name.padEnd(20)} median ${sorted[rounds >> 1]} ns (rounds ${sorted[0]} to ${sorted.at(-1)} ns, ${tries} tries each)\n`,
  )
}
