import type { UsageSum } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import { type CompareOptions, compare } from './compare.ts'
import type { ExportRow } from './export-row.ts'
import { isAbout, modelKey, sameKey } from './model-key.ts'
import { readExport } from './read-export.ts'
import {
  anthropicCostCsv,
  anthropicUsageCsv,
  googleTable,
  openaiCostsCsv,
  openaiUsageCsv,
  openrouterCsv,
} from './test-exports.ts'

const strict: CompareOptions = { by: 'day,model', tolerance: 0.02 }
const nothing = { requests: 1, promptTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, completionTokens: 0 }

function used(day: string, model: string, amounts: Partial<UsageSum>): UsageSum {
  const more = { reasoningTokens: 0, cost: 0, unpriced: 0, estimated: 0 }
  return { key: { day, model, provider: 'p' }, ...nothing, ...more, ...amounts }
}

function billed(day: string, model: string | undefined, amounts: ExportRow['amounts'], rounding = 0): ExportRow {
  return { day, model, amounts, rounding }
}

describe('a model is the same under the names it has', () => {
  test.each([
    ['claude-sonnet-4-5-20250929', 'Claude Sonnet 4.5'],
    ['claude-sonnet-4-5', 'anthropic/claude-4.5-sonnet-20250929'],
    ['claude-3-5-sonnet-20241022', 'Claude 3.5 Sonnet 2024-10-22'],
    ['gpt-4o', 'gpt-4o-2024-08-06, input'],
    ['openai/gpt-5:free', 'gpt-5-2025-08-07'],
    ['claude-opus-4-5@20251101', 'claude-opus-4-5-latest'],
  ])('%s and %s', (one, other) => {
    expect(sameKey(modelKey(one), modelKey(other))).toBe(true)
  })

  test.each([
    ['gpt-4.5', 'gpt-5.4'],
    ['gpt-5', 'gpt-5-mini'],
    ['gpt-4o', 'gpt-4'],
    ['claude-opus-4-1', 'claude-opus-4'],
  ])('but not %s and %s', (one, other) => {
    expect(sameKey(modelKey(one), modelKey(other))).toBe(false)
  })

  test('a line of a bill is about the model that it begins with', () => {
    const line = modelKey('Gemini 2.5 Flash Lite Text Output - Predictions')
    expect(isAbout(line, modelKey('gemini-2.5-flash-lite'))).toBe(true)
    expect(isAbout(line, modelKey('gemini-2.5-pro'))).toBe(false)
    expect(isAbout(line, modelKey('gemini-2.0-flash-lite'))).toBe(false)
  })
})

describe('exports that agree with the ledger', () => {
  const sonnet = {
    promptTokens: 16_500,
    cacheReadTokens: 9_000,
    cacheWriteTokens: 6_000,
    completionTokens: 600,
    cost: 0.034,
  }
  test.each<[what: string, text: string, sums: readonly UsageSum[]]>([
    [
      'OpenAI, usage',
      openaiUsageCsv,
      [
        used('2026-11-06', 'gpt-5-mini', { promptTokens: 60_000, cacheReadTokens: 5_760, completionTokens: 11_000 }),
        used('2026-11-07', 'gpt-5', { promptTokens: 46_264, cacheReadTokens: 8_192, completionTokens: 60_000 }),
      ],
    ],
    ['OpenAI, costs', openaiCostsCsv, [used('2026-11-06', 'gpt-5-mini-2025-08-07', { cost: 0.035704 })]],
    ['Anthropic, usage', anthropicUsageCsv, [used('2026-11-06', 'claude-sonnet-4-5', sonnet)]],
    ['Anthropic, costs, which it rounds to cents', anthropicCostCsv, [used('2026-11-06', 'claude-sonnet-4-5', sonnet)]],
    [
      'OpenRouter, what the customer’s own key was charged among it',
      openrouterCsv,
      [
        used('2026-11-06', 'anthropic/claude-sonnet-4.5', {
          ...{ promptTokens: 1_500, cacheReadTokens: 800, completionTokens: 60, cost: 0.00333 },
        }),
      ],
    ],
    [
      'Google, lines of a bill',
      googleTable,
      [
        used('2026-11-06', 'gemini-2.5-flash', { cost: 1_234.5 }),
        used('2026-11-06', 'gemini-2.5-flash-lite', { cost: 0.25 }),
      ],
    ],
  ])('%s', (_, text, sums) => {
    const comparison = compare(readExport(text).rows, sums, strict)
    expect(comparison.rows.filter(({ isWithin }) => !isWithin)).toEqual([])
    expect(comparison.isWithin).toBe(true)
    expect(comparison.rows.every(({ side }) => side === 'both')).toBe(true)
  })
})

test('what one side alone has is told, by day and model', () => {
  const rows = [billed('2026-11-06', 'a', { input: 10 }), billed('2026-11-07', 'b', { input: 5 })]
  const comparison = compare(
    rows,
    [used('2026-11-06', 'a', { promptTokens: 10 }), used('2026-11-07', 'c', { promptTokens: 7 })],
    strict,
  )
  expect(comparison.rows.map(({ day, model, side, isWithin }) => [day, model, side, isWithin])).toEqual([
    ['2026-11-06', 'a', 'both', true],
    ['2026-11-07', 'b', 'export', false],
    ['2026-11-07', 'c', 'ledger', false],
  ])
  expect(comparison.total.differences).toEqual([
    { measure: 'input', export: 15, ledger: 17, difference: -2, relative: 2 / 17, isWithin: false },
  ])
})

test.each([
  [100, 98, true],
  [100, 97.9, false],
  [98, 100, true],
  [0, 0, true],
  [0, 1, false],
])('%d in the export and %d in the ledger are within two in a hundred: %s', (ofExport, ofLedger, isWithin) => {
  const rows = [billed('2026-11-06', 'a', { output: ofExport })]
  expect(compare(rows, [used('2026-11-06', 'a', { completionTokens: ofLedger })], strict).isWithin).toBe(isWithin)
})

test('cents that were rounded are no difference, but no more than that', () => {
  const rows = [billed('2026-11-06', 'a', { cost: 0.01 }, 0.005), billed('2026-11-06', 'a', { cost: 0 }, 0.005)]
  const within = (cost: number) => compare(rows, [used('2026-11-06', 'a', { cost })], strict).isWithin
  expect([within(0.0001), within(0.02), within(0.0201)]).toEqual([true, true, false])
})

test.each([
  ['day', [['2026-11-06', undefined, true]]],
  [
    'model',
    [
      [undefined, 'a', false],
      [undefined, 'b', false],
    ],
  ],
  ['total', [[undefined, undefined, true]]],
] as const)('by %s', (by, expected) => {
  const rows = [billed('2026-11-06', 'a', { input: 4 }), billed('2026-11-06', 'b', { input: 6 })]
  const sums = [used('2026-11-06', 'a', { promptTokens: 6 }), used('2026-11-06', 'b', { promptTokens: 4 })]
  const comparison = compare(rows, sums, { by, tolerance: 0.02 })
  expect(comparison.rows.map(({ day, model, isWithin }) => [day, model, isWithin])).toEqual(expected)
})

test('calls without a price, and those whose tokens are a guess, are told', () => {
  const sums = [used('2026-11-06', 'a', { unpriced: 2, estimated: 1 }), used('2026-11-07', 'a', { unpriced: 3 })]
  expect(compare([], sums, strict)).toMatchObject({ unpriced: 5, estimated: 1 })
})
