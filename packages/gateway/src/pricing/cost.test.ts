import type { Usage } from '@dragoman/openai-schema'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contradictsItself, costOf } from './cost.ts'
import { listedModel } from './listed-model.ts'
import type { Price } from './price.ts'

function used(prompt: number, completion: number, more: Partial<Usage> = {}): Usage {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, ...more }
}

const plain: Price = { input: 3, output: 15 }
const cached: Price = { ...plain, cacheRead: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 }

describe('what a call cost', () => {
  test.each<[what: string, usage: Usage, price: Price, usd: number]>([
    ['input and output', used(1_000_000, 100_000), plain, 3 + 1.5],
    ['what the cache held, once', used(100_000, 0, details(90_000)), cached, 0.03 + 0.027],
    ['what was written to it, once', used(100_000, 0, details(0, 80_000)), cached, 0.06 + 0.3],
    ['what was written for an hour', used(100_000, 0, details(0, 80_000, 30_000)), cached, 0.06 + 0.1875 + 0.18],
    ['all of it at once', used(100_000, 1_000, details(60_000, 30_000)), cached, 0.03 + 0.018 + 0.1125 + 0.015],
    ['a cache without a price of its own as input', used(100_000, 0, details(60_000, 30_000, 10_000)), plain, 0.3],
    [
      'an hour without a price of its own as a write',
      used(10, 0, details(0, 10, 10)),
      { ...plain, cacheWrite: 4 },
      4e-5,
    ],
    ['reasoning as output', used(0, 10_000, thoughts(9_000)), plain, 0.15],
    ['reasoning by its own price, once', used(0, 10_000, thoughts(9_000)), { ...plain, reasoning: 30 }, 0.015 + 0.27],
    ['sound in the prompt', used(1_000, 0, { prompt_tokens_details: { audio_tokens: 400 } }), audio, 0.0018 + 0.04],
    ['sound in the answer', used(0, 1_000, { completion_tokens_details: { audio_tokens: 400 } }), audio, 0.009 + 0.08],
  ])('%s', (_, usage, price, usd) => {
    expect(costOf(usage, price)).toBeCloseTo(usd, 12)
  })

  test('images that were made', () => {
    expect(costOf(used(0, 0), { ...plain, image: 0.04 }, { images: 3 })).toBeCloseTo(0.12, 12)
    expect(costOf(used(0, 0), plain, { images: 3 })).toBeUndefined()
  })

  test('no price is no cost, and nothing that was counted is none either', () => {
    expect(costOf(used(10, 10), undefined)).toBeUndefined()
    expect(costOf(used(0, 0, { estimated: true }), plain)).toBeUndefined()
  })

  test('a price of nothing is a cost of nothing', () => {
    expect(costOf(used(10, 10), { input: 0, output: 0 })).toBe(0)
  })
})

describe('what the service says that it charged comes first', () => {
  test.each<[who: string, usage: object, usd: number]>([
    ['OpenRouter', { cost: 0.0123, cost_details: { upstream_inference_cost: 0.0123 } }, 0.0123],
    ['OpenRouter, a free model', { cost: 0 }, 0],
    ['OpenRouter with a key of one’s own', byok, 0.001 + 0.02],
    ['Perplexity', { cost: { input_tokens_cost: 0.1, total_cost: 0.25 } }, 0.25],
    ['xAI', { cost_in_usd_ticks: 37_756_000 }, 0.0037756],
    ['DeepInfra', { estimated_cost: 0.00000268 }, 0.00000268],
  ])('%s', (_, reported, usd) => {
    expect(costOf({ ...used(1_000, 1_000), ...reported }, plain)).toBeCloseTo(usd, 12)
    expect(costOf({ ...used(1_000, 1_000), ...reported }, undefined)).toBeCloseTo(usd, 12)
  })

  test.each([{ cost: -1 }, { cost: Number.NaN }, { cost: '0.1' }, { cost: null }, { cost: {} }])(
    'not %j',
    (reported) => {
      expect(costOf({ ...used(1_000, 0), ...(reported as object) }, plain)).toBeCloseTo(0.003, 12)
    },
  )
})

describe('the length of the prompt', () => {
  const tiered: Price = {
    ...{ input: 1, output: 2, cacheRead: 0.1 },
    tiers: [
      { above: 200, input: 4, output: 8 },
      { above: 100, input: 2, output: 4, cacheRead: undefined },
    ],
  }

  test.each([
    [100, 100],
    [101, 202],
    [200, 400],
    [201, 804],
  ])('%i tokens are %i millionths, whatever the order of the tiers', (prompt, millionths) => {
    expect(costOf(used(prompt, 0), tiered)).toBeCloseTo(millionths / 1e6, 12)
  })

  test('decides the price of the answer too, and what the tier does not say stays', () => {
    expect(costOf(used(101, 10, details(100)), tiered)).toBeCloseTo((2 + 10 + 40) / 1e6, 12)
  })

  test('what the cache held counts for it', () => {
    expect(costOf(used(150, 0, details(150)), { ...tiered, cacheRead: 1 })).toBeCloseTo(150 / 1e6, 12)
    expect(costOf(used(150, 10, details(150)), { ...tiered, cacheRead: 1 })).toBeCloseTo((150 + 40) / 1e6, 12)
  })

  test('is of each call where the usage is a sum', () => {
    expect(costOf(used(180, 0), tiered, { calls: 2 })).toBeCloseTo(180 / 1e6, 12)
  })
})

describe('laws', () => {
  const tokens = fc.nat(10_000_000)
  const usage = fc
    .record({ plain: tokens, read: tokens, written: tokens, for1h: tokens, said: tokens, thought: tokens })
    .map(({ plain, read, written, for1h, said, thought }) =>
      used(plain + read + written, said + thought, {
        ...details(read, written, Math.min(for1h, written)),
        ...thoughts(thought),
      }),
    )
  const rate = fc.double({ min: 0, max: 200, noNaN: true })
  const price: fc.Arbitrary<Price> = fc.record(
    { input: rate, output: rate, cacheRead: rate, cacheWrite: rate, cacheWrite1h: rate, reasoning: rate },
    { requiredKeys: ['input', 'output'] },
  )
  const odd = fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.constant(undefined), fc.integer())

  test('never negative, never NaN, whatever is reported', () => {
    const reported = fc.record({
      ...{ prompt_tokens: odd, completion_tokens: odd, cost: odd, cost_in_usd_ticks: odd },
      prompt_tokens_details: fc.record({ cached_tokens: odd, cache_write_tokens: odd, cache_write_1h_tokens: odd }),
      completion_tokens_details: fc.record({ reasoning_tokens: odd, audio_tokens: odd }),
    })
    fc.assert(
      fc.property(reported, price, (usage, price) => {
        const cost = costOf(usage as unknown as Usage, price)
        expect(cost === undefined || cost >= 0).toBe(true)
      }),
    )
  })

  test('all tokens at one price cost that price: none is missed, none counted twice', () => {
    fc.assert(
      fc.property(usage, rate, (usage, rate) => {
        const flat = {
          input: rate,
          output: rate,
          cacheRead: rate,
          cacheWrite: rate,
          cacheWrite1h: rate,
          reasoning: rate,
        }
        const tokens = usage.prompt_tokens + usage.completion_tokens
        expect(costOf(usage, flat) ?? 0).toBeCloseTo((tokens * rate) / 1e6, 6)
      }),
    )
  })

  test('another token never makes it cheaper, and a dearer price neither', () => {
    fc.assert(
      fc.property(usage, price, rate, (usage, price, more) => {
        const cost = costOf(usage, price) ?? 0
        const longer = { ...usage, prompt_tokens: usage.prompt_tokens + 1 }
        expect(costOf(longer, price)).toBeGreaterThanOrEqual(cost)
        expect(costOf({ ...usage, completion_tokens: usage.completion_tokens + 1 }, price)).toBeGreaterThanOrEqual(cost)
        expect(costOf(usage, { ...price, input: price.input + more }) ?? 0).toBeGreaterThanOrEqual(cost)
        expect(costOf(usage, { ...price, output: price.output + more }) ?? 0).toBeGreaterThanOrEqual(cost)
      }),
    )
  })

  test('two calls together cost what they cost one by one', () => {
    fc.assert(
      fc.property(usage, usage, price, (a, b, price) => {
        const apart = (costOf(a, price) ?? 0) + (costOf(b, price) ?? 0)
        expect(costOf(sum(a, b), price) ?? 0).toBeCloseTo(apart, 6)
      }),
    )
  })

  test('what is possible contradicts nothing', () => {
    fc.assert(
      fc.property(usage, (usage) => {
        expect(contradictsItself(usage)).toBe(false)
      }),
    )
  })
})

test.each<[string, Usage, millionths: number]>([
  ['more read than there was', used(100, 0, details(500)), 30],
  ['more read and written than there was', used(100, 0, details(60, 60)), 60 * 0.3 + 40 * 3.75],
  ['more for an hour than was written', used(100, 0, details(0, 10, 50)), 90 * 3 + 10 * 6],
  ['more thought than was said', used(0, 10, thoughts(50)), 150],
])('%s: cut down to the whole, and known to be wrong', (_, usage, millionths) => {
  expect(costOf(usage, cached)).toBeCloseTo(millionths / 1e6, 12)
  expect(contradictsItself(usage)).toBe(true)
})

describe('worked examples', () => {
  test('Claude Sonnet 4.5: 10,000 tokens written for five minutes, read once, 500 tokens of answer', () => {
    const { price } = listedModel('anthropic', 'claude-sonnet-4-5-20250929') ?? {}
    const first = costOf(used(10_050, 500, details(0, 10_000)), price)
    const second = costOf(used(10_050, 500, details(10_000)), price)
    expect(first).toBeCloseTo(0.00015 + 0.0375 + 0.0075, 12)
    expect(second).toBeCloseTo(0.00015 + 0.003 + 0.0075, 12)
  })

  test('Claude Haiku 5.5: a prompt of more than 100,000 tokens, what was read among them, is dearer all through', () => {
    const { price } = listedModel('anthropic', 'claude-haiku-5-5') ?? {}
    expect(costOf(used(100_000, 1_000, details(90_000)), price)).toBeCloseTo(0.001 + 0.0009 + 0.0005, 12)
    expect(costOf(used(100_001, 1_000, details(90_000)), price)).toBeCloseTo(0.0050005 + 0.0045 + 0.0025, 12)
  })

  test('GPT-5 mini: a day of OpenAI’s own report', () => {
    const { price } = listedModel('openai', 'gpt-5-mini-2025-08-07') ?? {}
    expect(costOf(used(80_992, 274_770), price)).toBeCloseTo(0.569788, 9)
  })
})

const audio: Price = { ...plain, audioInput: 100, audioOutput: 200 }
const byok = { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } }

function details(read: number, written = 0, for1h = 0): Pick<Usage, 'prompt_tokens_details'> {
  const details = { cached_tokens: read, cache_write_tokens: written, cache_write_1h_tokens: for1h }
  return { prompt_tokens_details: details }
}

function thoughts(tokens: number): Pick<Usage, 'completion_tokens_details'> {
  return { completion_tokens_details: { reasoning_tokens: tokens } }
}

function sum(a: Usage, b: Usage): Usage {
  const of = (pick: (usage: Usage) => number | undefined) => (pick(a) ?? 0) + (pick(b) ?? 0)
  return used(
    of((usage) => usage.prompt_tokens),
    of((usage) => usage.completion_tokens),
    {
      ...details(
        of((usage) => usage.prompt_tokens_details?.cached_tokens),
        of((usage) => usage.prompt_tokens_details?.cache_write_tokens),
        of((usage) => usage.prompt_tokens_details?.cache_write_1h_tokens),
      ),
      ...thoughts(of((usage) => usage.completion_tokens_details?.reasoning_tokens)),
    },
  )
}
