import { type Clock, DragomanError, type UsageDimension, type UsageQuery, type UsageSum } from '@dragoman/core'
import { exchangeOf } from '../http/exchange.ts'
import { sendJson } from '../http/send-json.ts'
import type { AdminRoute } from './admin.ts'

/** Adds up what was used. */
export type UsageSums = (query: UsageQuery) => Promise<readonly UsageSum[]>

const dimensions: readonly UsageDimension[] = ['day', 'client', 'provider', 'model', 'credential']
const dayMs = 86_400_000
const usualDays = 31

/** `GET /admin/usage?from=2026-11-01&to=2026-12-01&by=day,client`: what was used and what it cost. */
export function adminUsageRoute(sums: UsageSums, clock: Clock): AdminRoute {
  return {
    path: '/admin/usage',
    async get(_request, response) {
      const { query } = exchangeOf(response)
      const to = instant(query, 'to') ?? clock.now() + 1
      const from = instant(query, 'from') ?? Math.floor(clock.now() / dayMs - usualDays) * dayMs
      const by = dimensionsOf(query)
      const usage = (await sums({ from, to, by })).map(shown)
      sendJson(response, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), by, usage })
    },
  }
}

function shown({ key, ...sum }: UsageSum) {
  return {
    ...key,
    requests: sum.requests,
    prompt_tokens: sum.promptTokens,
    cache_read_tokens: sum.cacheReadTokens,
    cache_write_tokens: sum.cacheWriteTokens,
    completion_tokens: sum.completionTokens,
    reasoning_tokens: sum.reasoningTokens,
    cost_usd: Number(sum.cost.toFixed(9)),
    unpriced_calls: sum.unpriced,
    estimated_calls: sum.estimated,
  }
}

/** `2026-11-22`, with a time in ISO 8601 after it or not; UTC where it says nothing else. */
function instant(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const at = /^\d{4}-\d\d-\d\d($|T)/.test(text)
    ? Date.parse(/T.*\d\d:\d\d/.test(text) ? zoned(text) : text)
    : Number.NaN
  if (Number.isNaN(at)) throw bad(name, 'expected a date such as 2026-11-22 or 2026-11-22T08:00:00Z')
  return at
}

function zoned(text: string): string {
  return /(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`
}

function dimensionsOf(query: URLSearchParams): readonly UsageDimension[] {
  const asked = (query.get('by') ?? 'day').split(',').filter((name) => name !== '')
  return [...new Set(asked)].map((name) => {
    const found = dimensions.find((dimension) => dimension === name)
    if (!found)
      throw bad('by', `expected names out of ${dimensions.join(', ')}; found ${JSON.stringify(name.slice(0, 40))}`)
    return found
  })
}

function bad(param: string, problem: string): DragomanError {
  return new DragomanError('invalid_request', `${param}: ${problem}`, { param })
}
