import { readFile } from 'node:fs/promises'
import type { Provider } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import type { ProviderEntry } from '../deployments.ts'
import { staticCredentials } from '../static-credentials.ts'
import { listedModel } from './listed-model.ts'
import type { Price } from './price.ts'
import { priceTable } from './price-table.ts'
import { Prices } from './prices.ts'

function entryOf(service: string, id = service): ProviderEntry {
  const provider: Provider = { id: service, async *chat() {}, close: async () => {} }
  return { id, provider, credentials: staticCredentials([]) }
}

const one: Price = { input: 1, output: 1 }
const two: Price = { input: 2, output: 2 }
const three: Price = { input: 3, output: 3 }

describe('a model is found in the table', () => {
  test.each([
    ['openai', 'gpt-5', 1.25],
    ['openai', 'gpt-5-2025-08-07', 1.25],
    ['openai', 'gpt-4o-2024-05-13', 5],
    ['openai', 'gpt-4o-2024-11-20', 2.5],
    ['anthropic', 'claude-sonnet-4-5-20250929', 3],
    ['anthropic', 'claude-3-5-haiku-latest', 0.8],
    ['vertex', 'google/gemini-2.5-pro', 1.25],
    ['gemini', 'models/gemini-2.5-flash', 0.3],
    ['groq', 'openai/gpt-oss-120b', 0.15],
    ['longcat', 'LongCat-2.0', 0.3],
    ['mistral', 'codestral-latest', 0.3],
    ['demo', 'demo-reasoner', 0],
  ])('%s: %s', (service, model, input) => {
    expect(listedModel(service, model)?.price.input).toBe(input)
  })
})

describe('no price is made up', () => {
  test.each([
    ['another model of the family', 'openai', 'gpt-5-turbo'],
    ['a beginning of the same name', 'openai', 'gpt-5x'],
    ['a service that is not in it', 'openrouter', 'openai/gpt-5'],
    ['an engine on this machine', 'ollama', 'gpt-oss:20b'],
    ['a session of an account', 'kimi-web', 'kimi-k3'],
    ['a name out of JavaScript', 'openai', 'constructor'],
    ['a service out of JavaScript', '__proto__', 'toString'],
  ])('%s', (_, service, model) => {
    expect(listedModel(service, model)).toBeUndefined()
  })
})

describe('the table', () => {
  test.each(priceTable.map((list) => [list.services.join(', '), list.asOf, list] as const))(
    '%s of %s',
    (_, __, list) => {
      expect(list.asOf).toMatch(/^20\d\d-[01]\d-[0-3]\d$/)
      for (const [name, { price }] of Object.entries(list.models)) {
        expect(name).toBe(name.toLowerCase())
        expect(price.cacheRead ?? 0, name).toBeLessThanOrEqual(price.input)
        expect(price.cacheWrite1h ?? 999, name).toBeGreaterThanOrEqual(price.cacheWrite ?? 0)
        for (const { above, input = 0 } of price.tiers ?? []) {
          expect(above).toBeGreaterThan(1_000)
          expect(input, name).toBeGreaterThan(price.input)
        }
      }
    },
  )

  test('has each model of a service once', () => {
    const names = priceTable.flatMap(({ services, models }) =>
      services.flatMap((service) => Object.keys(models).map((model) => `${service}/${model}`)),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('whose price counts', () => {
  const prices = new Prices({ 'mine/gpt-5': two, 'mine/gpt-*': three, 'mine/*': one })

  test.each([
    ['the deployment’s own', { entry: entryOf('openai', 'mine'), model: 'gpt-5', price: one }, 1],
    ['the operator’s for this name', { entry: entryOf('openai', 'mine'), model: 'gpt-5' }, 2],
    ['the operator’s longest beginning', { entry: entryOf('openai', 'mine'), model: 'gpt-5-mini' }, 3],
    ['the operator’s shorter one', { entry: entryOf('openai', 'mine'), model: 'o3' }, 1],
    ['else the table’s', { entry: entryOf('openai', 'another'), model: 'gpt-5' }, 1.25],
  ])('%s', (_, target, input) => {
    expect(prices.of(target)?.input).toBe(input)
    expect(prices.of(target)?.input).toBe(input)
  })

  test('more names than are remembered change nothing', () => {
    const entry = entryOf('openai', 'open')
    const names = Array.from({ length: 5_000 }, (_, i) => `no-such-${i}`)
    expect(names.filter((model) => prices.of({ entry, model }))).toEqual([])
    expect(prices.of({ entry, model: 'gpt-5' })?.input).toBe(1.25)
  })
})

test('docs/costs.md lists the table', async () => {
  const page = await readFile(new URL('../../../../docs/costs.md', import.meta.url), 'utf8')
  const listed = page.split('\n').filter((line) => / \| \[?20\d\d-/.test(line))
  expect(listed).toEqual(
    priceTable.map(({ services, asOf, source, models }) => {
      const day = source.startsWith('https:') ? `[${asOf}](${source})` : asOf
      return `| ${services.join(', ')} | ${day} | ${Object.keys(models).join(', ')} |`
    }),
  )
})
