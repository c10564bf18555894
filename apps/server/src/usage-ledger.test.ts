import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { BudgetClaim, LogEntry } from '@dragoman/core'
import { type HandClock, handClock, tokens } from '@dragoman/testkit'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serverLedger } from './usage-ledger.ts'
import { usageRows } from './usage-rows.ts'

let folder: string
let clock: HandClock
let warnings: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-usage-'))
  clock = handClock()
  warnings = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const open = (path = folder) =>
  serverLedger(path, clock, pino({ base: null }, { write: (line: string) => warnings.push(JSON.parse(line).msg) }))

const attempt = { provider: 'p', model: 'm', credential: 'k1', startedAt: 0, durationMs: 0, relayed: true }
const entry: LogEntry = {
  id: 'req_1',
  startedAt: Date.UTC(2026, 0, 1),
  durationMs: 0,
  dialect: 'openai-chat',
  client: 'team',
  model: 'm',
  streamed: false,
  status: 200,
  attempts: [{ ...attempt, usage: tokens(10, 20), cost: 0.5 }],
  dropped: [],
}
const claim = (change: Partial<BudgetClaim>): BudgetClaim => ({
  account: 'key',
  window: '2026-01-01',
  endsAt: Date.UTC(2026, 0, 2),
  limit: 1_000,
  spent: 0,
  held: 0,
  need: 0,
  wanted: 0,
  ...change,
})
const error = (code: 'aborted' | 'upstream_timeout') => ({ code, message: '' })

test('each call that used something is a row, those too whose answers broke or were left', () => {
  const attempts = [
    { ...attempt, provider: 'broken', usage: tokens(1, 1), cost: 0.1, error: error('upstream_timeout') },
    { ...attempt, provider: 'refused', error: error('upstream_timeout') },
    { ...attempt, provider: 'left', usage: { ...tokens(2, 2), estimated: true }, error: error('aborted') },
    { ...attempt, provider: 'last' },
  ]
  const usage = {
    ...tokens(9, 8),
    prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 5 },
  }
  expect(usageRows({ ...entry, attempts, usage })).toMatchObject([
    { provider: 'broken', outcome: 'broken', promptTokens: 1, cost: 0.1, estimated: false },
    { provider: 'left', outcome: 'left', promptTokens: 2, cost: undefined, estimated: true },
    {
      provider: 'last',
      outcome: 'ok',
      promptTokens: 9,
      cacheReadTokens: 4,
      cacheWriteTokens: 3,
      completionTokens: 8,
      reasoningTokens: 5,
    },
  ])
  expect(usageRows({ ...entry, attempts: [] })).toEqual([])
})

test('what was used before the rest of an answer could not be had is not counted again', () => {
  const attempts = [
    { ...attempt, provider: 'cut', usage: tokens(5, 5), error: error('upstream_timeout') },
    { ...attempt, provider: 'refused', continues: true, error: error('upstream_timeout') },
  ]
  const entries = { ...entry, attempts, usage: tokens(5, 5), error: error('upstream_timeout') }
  expect(usageRows(entries).map(({ provider }) => provider)).toEqual(['cut'])
})

test('what is recorded before the file is open is there as well', async () => {
  const ledger = open()
  ledger.record(entry)
  ledger.record({ ...entry, client: 'open' })
  expect(await ledger.sums({ by: ['client'] })).toMatchObject([
    { key: { client: 'open' }, requests: 1, cost: 0.5 },
    { key: { client: 'team' }, requests: 1, promptTokens: 10 },
  ])
  await ledger.close()
})

test('rows wait for a file that cannot be opened, and it is tried again', async () => {
  const store = join(folder, 'store')
  writeFileSync(store, 'a file where a folder should be')
  const ledger = open(store)
  ledger.record(entry)
  await expect(ledger.sums({ by: [] })).rejects.toMatchObject({ code: 'internal' })
  expect(warnings).toEqual([expect.stringMatching(/usage waits to be written, and budgets are counted in memory/)])
  rmSync(store)
  mkdirSync(store)
  clock.advanceSync(60_000)
  ledger.record({ ...entry, id: 'req_2' })
  expect(await ledger.sums({ by: [] })).toMatchObject([{ requests: 2 }])
  await ledger.close()
})

test('budgets go on from what is known of them while the file cannot be written, and are written down then', async () => {
  const ledger = open()
  await ledger.claim([claim({ spent: 600 })])
  const other = new DatabaseSync(join(folder, 'ledger.db'))
  other.exec('ALTER TABLE budget_used RENAME TO away')

  expect(await ledger.claim([claim({ spent: 100, need: 300, wanted: 300 })])).toMatchObject([
    { granted: 300, used: 700 },
  ])
  expect(await ledger.claim([claim({ account: 'second', spent: 7 })])).toMatchObject([{ used: 7 }])
  expect(await ledger.claim([claim({ held: 300, need: 1, wanted: 1 })])).toMatchObject([{ granted: 0 }])
  expect(warnings).toEqual([expect.stringMatching(/budgets are counted in memory until it can be written again/)])

  other.exec('ALTER TABLE away RENAME TO budget_used')
  expect(await ledger.claim([claim({ spent: 50, held: 250 })])).toMatchObject([{ used: 750, open: 250 }])
  const used = other.prepare('SELECT account, amount FROM budget_used ORDER BY account').all()
  expect(used).toMatchObject([
    { account: 'key', amount: 750 },
    { account: 'second', amount: 7 },
  ])
  other.close()
  await ledger.close()
})
