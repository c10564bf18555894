import type { StatementSync } from 'node:sqlite'
import type { UsageDimension, UsageQuery, UsageSum } from '@dragoman/core'

const columns: Readonly<Record<UsageDimension, string>> = {
  day: "strftime('%Y-%m-%d', at / 1000, 'unixepoch')",
  client: 'client',
  provider: 'provider',
  model: 'model',
  credential: "coalesce(credential, '')",
}

const dayMs = 86_400_000

/**
 * Adds up day by day, letting others have their turn in between: a year of usage would hold the process up for seconds.
 * In the order of their keys.
 */
export async function sumUsage(
  prepare: (sql: string) => StatementSync,
  { from, to, by }: UsageQuery,
): Promise<readonly UsageSum[]> {
  const bounds = prepare('SELECT min(at) AS first, max(at) AS last FROM usage').get()
  if (typeof bounds?.first !== 'number' || typeof bounds.last !== 'number') return []
  const first = Math.max(from ?? bounds.first, bounds.first)
  const end = Math.min(to ?? Number.POSITIVE_INFINITY, bounds.last + 1)

  const names = by.map((dimension) => `${columns[dimension]} AS ${dimension}`).join(', ')
  const statement = prepare(
    `SELECT ${names === '' ? '' : `${names},`} count(DISTINCT request_id) AS requests,
      sum(prompt_tokens) AS promptTokens, sum(cache_read_tokens) AS cacheReadTokens,
      sum(cache_write_tokens) AS cacheWriteTokens, sum(completion_tokens) AS completionTokens,
      sum(reasoning_tokens) AS reasoningTokens, coalesce(sum(cost), 0) AS cost,
      sum(cost IS NULL) AS unpriced, sum(estimated) AS estimated
      FROM usage WHERE at >= ? AND at < ? ${by.length === 0 ? '' : `GROUP BY ${by.join(', ')}`}`,
  )
  const sums = new Map<string, UsageSum>()
  for (let at = first; at < end; ) {
    const next = Math.min((Math.floor(at / dayMs) + 1) * dayMs, end)
    for (const row of statement.all(at, next)) {
      const sum = sumOf(row, by)
      if (sum.requests === 0) continue
      const key = JSON.stringify(by.map((dimension) => sum.key[dimension]))
      const before = sums.get(key)
      sums.set(key, before ? added(before, sum) : sum)
    }
    at = next
    await new Promise((resolve) => setImmediate(resolve))
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}

const amounts = [
  'requests',
  'promptTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'completionTokens',
  'reasoningTokens',
  'cost',
  'unpriced',
  'estimated',
] as const

type Amounts = Record<(typeof amounts)[number], number>

function sumOf(row: Record<string, unknown>, by: readonly UsageDimension[]): UsageSum {
  const key = Object.fromEntries(by.map((dimension) => [dimension, String(row[dimension])]))
  // Every one of them is set here.
  const sums = Object.fromEntries(amounts.map((name) => [name, Number(row[name] ?? 0)])) as Amounts
  return { key, ...sums }
}

function added(a: UsageSum, b: UsageSum): UsageSum {
  const sums = Object.fromEntries(amounts.map((name) => [name, a[name] + b[name]])) as Amounts
  return { key: a.key, ...sums }
}
