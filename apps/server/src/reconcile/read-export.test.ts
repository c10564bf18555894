import { describe, expect, test } from 'vitest'
import { ConfigError } from '../config/config-error.ts'
import { parseColumns } from './columns.ts'
import { type ExportRow, measures } from './export-row.ts'
import { readExport } from './read-export.ts'
import {
  anthropicCostCsv,
  anthropicCostJson,
  anthropicUsageCsv,
  anthropicUsageJson,
  googleTable,
  openaiCostsCsv,
  openaiUsageCsv,
  openaiUsageJson,
  openrouterCsv,
  openrouterJson,
} from './test-exports.ts'

/** By day, with every amount that is told; the models apart. */
function sumsOf(rows: readonly ExportRow[]) {
  const days = new Map<string, Record<string, number>>()
  for (const { day, amounts } of rows) {
    const sum = days.get(day) ?? {}
    for (const measure of measures) {
      const amount = amounts[measure]
      if (amount !== undefined) sum[measure] = Number(((sum[measure] ?? 0) + amount).toFixed(9))
    }
    days.set(day, sum)
  }
  return Object.fromEntries(days)
}

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('nothing was wrong with it')
}

const ofOpenai = {
  '2026-11-06': { input: 60_000, cacheRead: 5_760, output: 11_000 },
  '2026-11-07': { input: 46_264, cacheRead: 8_192, output: 60_000 },
}
const ofAnthropic = { '2026-11-06': { input: 16_500, cacheRead: 9_000, cacheWrite: 6_000, output: 600 } }

test.each([
  ['OpenAI, usage as CSV', openaiUsageCsv, ofOpenai, 'gpt-5-mini-2025-08-07'],
  ['OpenAI, usage as JSON', openaiUsageJson, ofOpenai, 'gpt-5-mini-2025-08-07'],
  ['OpenAI, costs as CSV', openaiCostsCsv, { '2026-11-06': { cost: 0.035704 } }, 'gpt-5-mini-2025-08-07, input'],
  ['Anthropic, usage as CSV', anthropicUsageCsv, ofAnthropic, 'claude-sonnet-4-5-20250929'],
  ['Anthropic, usage as JSON', anthropicUsageJson, ofAnthropic, 'claude-sonnet-4-5-20250929'],
  ['Anthropic, costs as CSV', anthropicCostCsv, { '2026-11-06': { cost: 0.03 } }, 'Claude Sonnet 4.5'],
  ['Anthropic, costs as JSON, in cents', anthropicCostJson, { '2026-11-06': { cost: 1.2345 } }, 'claude-sonnet-4-5'],
  [
    'OpenRouter, activity as CSV',
    openrouterCsv,
    { '2026-11-06': { input: 1_500, cacheRead: 800, output: 60, cost: 0.00333 } },
    'anthropic/claude-4.5-sonnet-20250929',
  ],
  [
    'OpenRouter, activity as JSON',
    openrouterJson,
    { '2026-11-06': { input: 1_500, output: 60, cost: 0.00333 } },
    'anthropic/claude-sonnet-4.5',
  ],
  [
    'Google, cost table below its preamble',
    googleTable,
    { '2026-11-06': { cost: 1_234.75 } },
    'Gemini 2.5 Flash Text Input - Predictions',
  ],
])('%s', (_, text, sums, model) => {
  const { rows } = readExport(text)
  expect(sumsOf(rows)).toEqual(sums)
  expect(rows[0]?.model).toBe(model)
})

test('rows without a date are counted, not guessed', () => {
  expect(readExport(googleTable).withoutDate).toBe(1)
})

test('columns of any name, JSON by lines, a byte order mark, semicolons', () => {
  const named = parseColumns('date=Tag, model=Modell,input=Eingabe,cost=Kosten')
  const csv = '\ufeffTag;Modell;Eingabe;Kosten\r\n2026-11-06;m-1;10;"0.5"\r\n'
  const lines = '{"Tag":"2026-11-06","Modell":"m-1","Eingabe":10,"Kosten":0.5}\n\n'
  for (const text of [csv, lines]) {
    expect(readExport(text, named).rows).toMatchObject([
      { day: '2026-11-06', model: 'm-1', amounts: { input: 10, cost: 0.5 } },
    ])
  }
})

test.each([
  ['2026-11-06', '2026-11-06'],
  ['2026-11-06T23:59:59.999Z', '2026-11-06'],
  ['2026-11-06 23:59:59.999', '2026-11-06'],
  ['2026-11-06 23:59:59 UTC', '2026-11-06'],
  ['2026-11-06T23:30:00-05:00', '2026-11-07'],
  ['2026-11-07 00:30:00+0200', '2026-11-06'],
  ['1793923200', '2026-11-06'],
  ['1793923200000', '2026-11-06'],
])('%s is a moment of %s', (date, day) => {
  expect(readExport(`date,cost\n${date},1`).rows[0]?.day).toBe(day)
})

describe('what is wrong is said with its place', () => {
  test.each<[what: string, text: string, problems: readonly string[]]>([
    [
      'numbers and dates',
      'date,model,cost\n2026-11-06,m,abc\n"06/11/2026",m,1\n2026-02-30,m,1',
      [
        'line 2: cost: expected a number, found "abc"',
        'line 3: date: expected a date such as 2026-11-06, or seconds since 1970, found "06/11/2026"',
        'line 4: date: expected a date such as 2026-11-06, or seconds since 1970, found "2026-02-30"',
      ],
    ],
    [
      'a line after a cell of two lines',
      'date,note,cost\n2026-11-06,"a\nb",1\n2026-11-06,,x',
      ['line 4: cost: expected a number, found "x"'],
    ],
    [
      'another currency',
      'date,cost,currency\n2026-11-06,1,EUR',
      ['line 2: currency: expected USD, which the ledger counts in, found "EUR"'],
    ],
    ['JSON that breaks off', '{"date":"2026-11-06","cost":1}\n{"date":', ['line 2: is no JSON object']],
    [
      'a list of something else',
      '[{"a":1}]',
      [expect.stringMatching(/^no columns for a date and for tokens or costs/)],
    ],
    ['a table of something else', 'a,b\n1,2', [expect.stringMatching(/name them with --columns; there is a, b$/)]],
    ['an open quote', 'date,cost\n2026-11-06,"1', [expect.stringMatching(/^line \d: is no CSV: /)]],
    ['a page', '<html>', [expect.stringMatching(/^no columns/)]],
  ] as const)('%s', (_, text, problems) => {
    expect(problemsOf(() => readExport(text))).toEqual(problems)
  })

  test('not more of it than anybody reads', () => {
    const text = `date,cost\n${'2026-11-06,x\n'.repeat(1_000)}`
    expect(problemsOf(() => readExport(text))).toHaveLength(10)
  })

  test('a column that is not there', () => {
    const told = problemsOf(() => readExport('day,cost\n2026-11-06,1', parseColumns('cost=Total')))
    expect(told).toEqual(['there is no column total; there is day, cost'])
  })

  test('a mapping that is none', () => {
    expect(problemsOf(() => parseColumns('date=Day,coost=Total,model'))).toEqual([
      expect.stringMatching(/found coost=Total; did you mean "cost"\?$/),
      expect.stringMatching(/found model$/),
    ])
  })
})
