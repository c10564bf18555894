import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEntry, LogFilter } from '@dragoman/core'
import { handClock, logEntry } from '@dragoman/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sqliteLog } from '../drivers/sqlite-log.ts'
import { matchesEntry } from './match-entry.ts'
import { serveThread } from './threads.ts'

const day = Date.UTC(2026, 0, 1)
const some = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const models = ['a', 'b', 'ab', 'x'.repeat(300), 'y'.repeat(300)]

const anyEntry: fc.Arbitrary<LogEntry> = fc
  .record({
    startedAt: fc.integer({ min: day, max: day + 1_000 }),
    durationMs: fc.integer({ min: 0, max: 50 }),
    model: fc.constantFrom(...models),
    provider: fc.constantFrom('p', 'q'),
    client: fc.constantFrom('k', 'l', 'm'),
    status: fc.constantFrom(200, 404, 500),
    streamed: fc.boolean(),
    cost: some([0, 0.5, 1]),
    error: some([{ code: 'internal', message: 'm' } as const]),
  })
  .map((change) => logEntry(change))

const numbers = {
  from: fc.integer({ min: day, max: day + 1_000 }),
  to: fc.integer({ min: day, max: day + 1_000 }),
  status: fc.constantFrom(200, 404),
  outcome: fc.constantFrom('ok' as const, 'error' as const),
  streamed: fc.boolean(),
  minCost: fc.constantFrom(0, 0.5),
  maxDurationMs: fc.constantFrom(10, 40),
}
const names = {
  model: fc.constantFrom(...models, 'none'),
  provider: fc.constantFrom('p', 'q'),
  client: fc.constantFrom('k', 'l'),
  error: fc.constantFrom('internal' as const),
}
// Some without names: those are looked up in the entry itself too, which would hide what the numbers get wrong.
const anyFilter: fc.Arbitrary<LogFilter> = fc.oneof(
  fc.record(numbers, { requiredKeys: [] }),
  fc.record({ ...numbers, ...names }, { requiredKeys: [] }),
)

test('whatever is filtered, the answer is that of a look at every entry', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-filters-'))
  const log = sqliteLog({ folder, clock: handClock(), serve: serveThread })
  try {
    // More than two blocks, so that some are skipped and one is not full.
    const entries = fc.sample(anyEntry, { numRuns: 2_300, seed: 1 }).map((entry, i) => ({ ...entry, id: `${i}` }))
    for (const entry of entries) log.append(entry)
    await log.flush()
    const newestFirst = entries.toReversed()
    await fc.assert(
      fc.asyncProperty(anyFilter, async (filter) => {
        const found: string[] = []
        let before: string | undefined
        do {
          const page = await log.list({ filter, limit: 700, before })
          found.push(...page.entries.map(({ id }) => id))
          before = page.next
        } while (before)
        const expected = newestFirst.filter((entry) => matchesEntry(entry, filter)).map(({ id }) => id)
        expect(found).toEqual(expected)
      }),
      { numRuns: 100, seed: 7 },
    )
  } finally {
    await log.close()
    rmSync(folder, { recursive: true })
  }
})
