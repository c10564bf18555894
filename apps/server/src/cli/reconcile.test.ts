import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UsageLedger, UsageRow } from '@dragoman/core'
import { sqliteLedger } from '@dragoman/store/sqlite-ledger'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConfigError } from '../config/config-error.ts'
import { reportJson, reportText } from '../reconcile/report.ts'
import { openaiUsageCsv } from '../reconcile/test-exports.ts'
import { type ReconcileOptions, reconcile, reconciled } from './reconcile.ts'
import { parseReconcile } from './reconcile-arguments.ts'

let folder: string
let ledger: UsageLedger

const row: UsageRow = {
  ...{ requestId: 'r1', at: Date.parse('2026-11-06T23:59:59Z'), client: 'c', provider: 'openai', model: 'gpt-5-mini' },
  ...{ promptTokens: 60_000, cacheReadTokens: 5_760, cacheWriteTokens: 0, completionTokens: 11_000 },
  ...{ reasoningTokens: 0, cost: 0.0357, estimated: false, outcome: 'ok' },
}
const next: UsageRow = {
  ...{ ...row, requestId: 'r2', at: Date.parse('2026-11-07T00:00:00Z'), model: 'gpt-5-2025-08-07' },
  ...{ promptTokens: 46_264, cacheReadTokens: 8_192, completionTokens: 60_000, cost: undefined },
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-reconcile-'))
  ledger = sqliteLedger({ path: join(folder, 'ledger.db') })
  ledger.append(row)
  ledger.append(next)
  ledger.append({ ...row, requestId: 'r3', provider: 'anthropic', model: 'claude' })
  ledger.append({ ...row, requestId: 'r4', at: Date.parse('2026-11-09T00:00:00Z') })
})

afterAll(async () => {
  await ledger.close()
  await rm(folder, { recursive: true })
})

const sums = (from: number, to: number) => ledger.sums({ from, to, by: ['day', 'provider', 'model'] })

function asked(more: Partial<ReconcileOptions> = {}): ReconcileOptions {
  return { file: 'usage.csv', tolerance: 0.02, json: false, provider: 'openai', ...more }
}

test('an export that agrees with the ledger, of the days that are in it', async () => {
  const { comparison, report } = await reconciled(openaiUsageCsv, asked(), sums)
  expect(report).toMatchObject({ provider: 'openai', from: '2026-11-06', to: '2026-11-07' })
  expect(comparison).toMatchObject({ isWithin: true, unpriced: 1 })
  expect(reportText(comparison, report)).toMatchInlineSnapshot(`
    "openai, 2026-11-06 to 2026-11-07 (UTC); date from start_time_iso, model from model, input from input_tokens, cacheRead from input_cached_tokens, output from output_tokens

                       export  ledger  difference
    total  input       106264  106264           0  0%
           cache read   13952   13952           0  0%
           output       71000   71000           0  0%

    All 2 rows are within 2%.
    "
  `)
})

test('days that are left out on one side are left out on the other', async () => {
  const { comparison } = await reconciled(openaiUsageCsv, asked({ from: '2026-11-07', to: '2026-11-08' }), sums)
  expect(comparison.rows.map(({ day }) => day)).toEqual(['2026-11-07'])
})

test('what differs is shown with both sides', async () => {
  const doubled = openaiUsageCsv.replace('60000.0', '70000.0')
  const { comparison, report } = await reconciled(doubled, asked(), sums)
  expect(comparison.isWithin).toBe(false)
  expect(reportText(comparison, report)).toMatchInlineSnapshot(`
    "openai, 2026-11-06 to 2026-11-07 (UTC); date from start_time_iso, model from model, input from input_tokens, cacheRead from input_cached_tokens, output from output_tokens

                                              export  ledger  difference
    2026-11-07  gpt-5-2025-08-07  input        46264   46264           0        0%
                                  cache read    8192    8192           0        0%
                                  output       70000   60000      +10000  14.29% !

                       export  ledger  difference
    total  input       106264  106264           0        0%
           cache read   13952   13952           0        0%
           output       81000   71000      +10000  12.35% !

    1 of 2 rows are not within 2%.
    "
  `)
  expect(JSON.parse(reportJson(comparison, report))).toMatchObject({ isWithin: false, rows: [{}, { isWithin: false }] })
})

test.each<[more: Partial<ReconcileOptions>, problem: RegExp]>([
  [{ provider: undefined }, /^the ledger has usage of anthropic, openai: say with --provider/],
  [{ provider: 'opena' }, /^the ledger has no usage of opena; did you mean "openai"/],
  [{ from: '2020-01-01', to: '2020-01-02', provider: undefined }, /^the ledger has no usage of these days/],
  [{ from: '2020-01-01', to: '2020-01-02' }, /^usage.csv: has no rows from 2020-01-01 to 2020-01-02: it has 2026-/],
  [{ from: '2026-12-01' }, /^usage.csv: has no rows from 2026-12-01 to 2026-11-07/],
  [{ columns: 'cost=Total' }, /^usage.csv: there is no column total/],
])('%j', async (more, problem) => {
  await expect(reconciled(openaiUsageCsv, asked(more), sums)).rejects.toThrow(problem)
})

describe('the command', () => {
  test.each([
    [['f.csv'], { file: 'f.csv', tolerance: 0.02, json: false }],
    [['f.csv', '--tolerance', '0.5%', '--json'], { tolerance: 0.005, json: true }],
    [['f.csv', '--tolerance=0.1', '--by', 'total'], { tolerance: 0.1, by: 'total' }],
    [['--from', '2026-11-01', '--to', '2026-11-30', 'f.csv'], { file: 'f.csv', from: '2026-11-01', to: '2026-11-30' }],
  ])('%j', (argv, options) => {
    expect(parseReconcile(argv)).toMatchObject({ options })
  })

  test.each([
    [[], ['reconcile needs the file of an export']],
    [['a', 'b'], ['reconcile takes one file, found "b" too']],
    [['a', '--tolerence', '1%'], [expect.stringMatching(/no option --tolerence; did you mean "tolerance"/)]],
    [['a', '--from', '2026-02-30'], ['--from: expected a day such as 2026-11-01, found 2026-02-30']],
    [['a', '--from', '2026-11-02', '--to', '2026-11-01'], ['--from 2026-11-02 is after --to 2026-11-01']],
    [['a', '--tolerance', 'much'], ['--tolerance: expected a part such as 2%, found much']],
    [['a', '--by', 'hour'], [expect.stringMatching(/^--by: expected one of day,model/)]],
    [['a', '--provider'], ['--provider needs a value']],
  ])('%j', (argv, problems) => {
    try {
      parseReconcile(argv)
    } catch (error) {
      expect((error as ConfigError).problems.slice(0, problems.length)).toEqual(problems)
      return
    }
    throw new Error('nothing was wrong with it')
  })

  test('asks for nothing more when it is asked for help', () => {
    expect(parseReconcile(['-h'])).toBe('help')
  })

  test('a file that is not there, and a ledger that is not', async () => {
    const config = join(folder, 'dragoman.yaml')
    await writeFile(config, `store: { path: ${JSON.stringify(folder)} }\nproviders: { demo: { type: demo } }\n`)
    await expect(reconcile(asked({ file: join(folder, 'none.csv') }), { config })).rejects.toThrow(
      /none.csv: cannot be read/,
    )
    const empty = join(folder, 'empty.yaml')
    await writeFile(
      empty,
      `store: { path: ${JSON.stringify(join(folder, 'none'))} }\nproviders: { demo: { type: demo } }\n`,
    )
    await expect(reconcile(asked(), { config: empty })).rejects.toThrow(
      /^there is no ledger at .*nothing was recorded yet/,
    )
  })
})
