import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type BudgetClaim, type BudgetState, memoryBudgets, openBudgetMs, type UsageRow } from '@dragoman/core'
import { handClock, testBudgetLedger } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startContender } from '../test-process.ts'
import { type LedgerTrouble, sqliteLedger } from './sqlite-ledger.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-ledger-'))
  path = join(folder, 'data', 'ledger.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

testBudgetLedger('memory', ({ clock }) => ({ ledger: memoryBudgets({ clock }) }))
testBudgetLedger('sqlite', ({ clock }) => {
  const ledger = sqliteLedger({ path, clock })
  return { ledger, close: () => ledger.close() }
})

const claim = (change: Partial<BudgetClaim> = {}): BudgetClaim => ({
  account: 'key',
  window: '2026-01-01',
  endsAt: 0,
  limit: 1_000,
  spent: 0,
  held: 0,
  need: 0,
  wanted: 0,
  ...change,
})
const row = (change: Partial<UsageRow> = {}): UsageRow => ({
  requestId: 'req_1',
  at: Date.UTC(2026, 0, 1, 12),
  client: 'team',
  provider: 'p',
  model: 'm',
  promptTokens: 10,
  cacheReadTokens: 4,
  cacheWriteTokens: 2,
  completionTokens: 5,
  reasoningTokens: 3,
  cost: 0.25,
  estimated: false,
  outcome: 'ok',
  ...change,
})

test('what other holders have open or have used is not granted', async () => {
  const clock = handClock()
  const [one, two] = [sqliteLedger({ path, clock }), sqliteLedger({ path, clock })]
  one.claim([claim({ need: 400, wanted: 400 })])
  expect(two.claim([claim({ need: 601, wanted: 601 })])).toEqual([{ granted: 0, used: 0, open: 400 }])
  expect(two.claim([claim({ need: 600, wanted: 600 })])).toEqual([{ granted: 600, used: 0, open: 1_000 }])
  one.claim([claim({ spent: 100 })])
  expect(two.claim([claim({ held: 600 })])).toEqual([{ granted: 0, used: 100, open: 600 }])
  await Promise.all([one.close(), two.close()])
})

test('what is open counts for an hour after its holder was last heard of', async () => {
  const clock = handClock()
  const [dead, alive] = [sqliteLedger({ path, clock }), sqliteLedger({ path, clock })]
  dead.claim([claim({ need: 900, wanted: 900 })])
  clock.advanceSync(openBudgetMs - 1)
  dead.claim([claim({ held: 900 })])
  clock.advanceSync(openBudgetMs - 1)
  expect(alive.claim([claim({ need: 500, wanted: 500 })])).toMatchObject([{ granted: 0, open: 900 }])
  clock.advanceSync(1)
  expect(alive.claim([claim({ need: 500, wanted: 500 })])).toMatchObject([{ granted: 500, open: 500 }])
  await Promise.all([dead.close(), alive.close()])
})

test('a process that is killed between reserving and settling loses nothing that was settled', async () => {
  const spender = await startContender(path, 'spender')
  const tell = async (change: Partial<BudgetClaim>) =>
    JSON.parse(await spender.tell(JSON.stringify([claim(change)]))) as BudgetState[]
  await tell({ need: 600, wanted: 600 })
  await tell({ spent: 200, held: 400 })
  await spender.kill()

  let now = Date.now()
  const clock = { ...handClock(), now: () => now }
  const ledger = sqliteLedger({ path, clock })
  expect(ledger.claim([claim({ need: 401, wanted: 401 })])).toEqual([{ granted: 0, used: 200, open: 400 }])
  now += openBudgetMs
  expect(ledger.claim([claim({ need: 800, wanted: 800 })])).toEqual([{ granted: 800, used: 200, open: 800 }])
  await ledger.close()
})

test('several processes that claim at once never open more than there is', async () => {
  const spenders = await Promise.all([1, 2].map(() => startContender(path, 'spender')))
  let granted = 0
  await Promise.all(
    spenders.map(async (spender) => {
      let held = 0
      for (let i = 0; i < 60; i++) {
        const said = await spender.tell(JSON.stringify([claim({ held, need: 10, wanted: 10 })]))
        const [state] = JSON.parse(said) as BudgetState[]
        held += state?.granted ?? 0
      }
      granted += held
      await spender.kill()
    }),
  )
  expect(granted).toBe(1_000)
})

test('what was settled is there row by row, and as a sum', async () => {
  const ledger = sqliteLedger({ path, clock: handClock() })
  ledger.claim([claim({ spent: 3 })])
  ledger.claim([claim({ spent: 4 })])
  expect(ledger.claim([claim()])).toMatchObject([{ used: 7 }])
  await ledger.close()
  const database = new DatabaseSync(path, { readOnly: true })
  expect(database.prepare('SELECT amount FROM budget_settlement ORDER BY id').all()).toMatchObject([
    { amount: 3 },
    { amount: 4 },
  ])
  database.close()
})

test('usage is added up by what is asked for', async () => {
  const ledger = sqliteLedger({ path, clock: handClock() })
  ledger.append(row())
  ledger.append(row({ model: 'n', completionTokens: 1, cost: undefined, estimated: true }))
  ledger.append(row({ requestId: 'req_2', at: Date.UTC(2026, 0, 2), client: "o'brien", credential: 'sk-…1' }))
  expect(await ledger.sums({ by: ['day', 'client'] })).toEqual([
    {
      key: { day: '2026-01-01', client: 'team' },
      requests: 1,
      promptTokens: 20,
      cacheReadTokens: 8,
      cacheWriteTokens: 4,
      completionTokens: 6,
      reasoningTokens: 6,
      cost: 0.25,
      unpriced: 1,
      estimated: 1,
    },
    expect.objectContaining({ key: { day: '2026-01-02', client: "o'brien" }, requests: 1, cost: 0.25 }),
  ])
  const bounded = { from: Date.UTC(2026, 0, 2), to: Date.UTC(2026, 0, 2) + 1 }
  expect(await ledger.sums({ ...bounded, by: ['credential'] })).toMatchObject([{ key: { credential: 'sk-…1' } }])
  expect(await ledger.sums({ by: [] })).toMatchObject([{ key: {}, requests: 2, promptTokens: 30, unpriced: 1 }])
  expect(await ledger.sums({ to: 0, by: ['day'] })).toEqual([])
  await ledger.close()
})

test('rows are written together, a moment after the first of them', async () => {
  const clock = handClock()
  const ledger = sqliteLedger({ path, clock })
  const count = () => {
    const database = new DatabaseSync(path, { readOnly: true })
    const counted = database.prepare('SELECT count(*) AS rows FROM usage').get()
    database.close()
    return counted?.rows
  }
  for (let i = 0; i < 600; i++) ledger.append(row({ requestId: `req_${i}` }))
  expect(count()).toBe(0)
  await clock.advance(100)
  expect(count()).toBe(600)
  ledger.append(row())
  await ledger.close()
  expect(count()).toBe(601)
})

test('rows that cannot be written wait, and are told of', async () => {
  const clock = handClock()
  const troubles: LedgerTrouble[] = []
  const ledger = sqliteLedger({ path, clock, onTrouble: (trouble) => troubles.push(trouble) })
  const other = new DatabaseSync(path)
  other.exec('ALTER TABLE usage RENAME TO away')
  ledger.append(row())
  await clock.advance(100)
  expect(troubles).toMatchObject([{ waiting: 1, lost: 0 }])
  other.exec('ALTER TABLE away RENAME TO usage')
  await clock.advance(1_000)
  expect(troubles).toHaveLength(1)
  expect(await ledger.sums({ by: [] })).toMatchObject([{ requests: 1 }])
  other.close()
  await ledger.close()
})

test('what a service reports that is no number keeps back no other row', async () => {
  const ledger = sqliteLedger({ path, clock: handClock() })
  ledger.append(row({ promptTokens: Number.NaN, cost: Number.NaN }))
  ledger.append(row({ promptTokens: Number.POSITIVE_INFINITY }))
  expect(await ledger.sums({ by: [] })).toMatchObject([{ promptTokens: 0, unpriced: 1, cost: 0.25 }])
  await ledger.close()
})

test('only its owner may read the file; one that is no ledger is refused', async () => {
  await sqliteLedger({ path }).close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const other = join(folder, 'other.db')
  writeFileSync(other, 'not a database, and long enough to be looked at by SQLite as if it were one')
  expect(() => sqliteLedger({ path: other })).toThrow(/The usage ledger cannot be opened/)
})
