import type { Price } from './price.ts'

/** A model that has a price in public. */
export interface ListedModel {
  readonly price: Price
  /** The most tokens that it writes in one answer. */
  readonly maxOutput?: number | undefined
}

/** Models whose prices were read at the same place. */
export interface PriceList {
  /** Ids of the providers or presets that bill so. */
  readonly services: readonly string[]
  /** The day on which they were last seen to hold. */
  readonly asOf: string
  readonly source: string
  readonly models: Readonly<Record<string, ListedModel>>
}

/** Above a length of the prompt the whole request costs more. */
function dearerAbove(above: number, price: Price, timesOutput = 1.5): Price {
  const twice = (rate: number | undefined) => (rate === undefined ? undefined : rate * 2)
  const { input, output, cacheRead, cacheWrite } = price
  const tier = { above, input: input * 2, output: output * timesOutput }
  return { ...price, tiers: [{ ...tier, cacheRead: twice(cacheRead), cacheWrite: twice(cacheWrite) }] }
}

/** Claude's cache: a write costs a quarter more than the input, and one that is kept for an hour twice as much as it. */
function claude(input: number, output: number, cacheRead: number): Price {
  return { input, output, cacheRead, cacheWrite: input * 1.25, cacheWrite1h: input * 2 }
}

const k = 1_000
const gpt6 = 272 * k
const grok = 200 * k

/**
 * Prices in USD for a million tokens, at the services' usual tier: neither batches nor `flex`, nor `priority`, nor plans
 * with a flat fee. Left out: what was found with two prices, prices of mainland China, and what depends on more than the
 * usage tells. Of prices that depend on the hour the higher one stands here.
 */
export const priceTable: readonly PriceList[] = [
  {
    services: ['openai'],
    asOf: '2026-10-26',
    source: 'https://developers.openai.com/api/docs/pricing',
    models: {
      'gpt-6.1-sol': {
        price: {
          ...{ input: 2, output: 10, cacheRead: 0.1, cacheWrite: 2.5 },
          tiers: [{ above: gpt6, input: 4, output: 15, cacheRead: 0.2, cacheWrite: 5 }],
        },
        maxOutput: 128 * k,
      },
      'gpt-6.1-terra': {
        price: dearerAbove(gpt6, { input: 1, output: 5, cacheRead: 0.05, cacheWrite: 1.25 }),
        maxOutput: 128 * k,
      },
      'gpt-6-astra': {
        price: dearerAbove(gpt6, { input: 10, output: 50, cacheRead: 1, cacheWrite: 12.5 }),
        maxOutput: 128 * k,
      },
      'gpt-6-sol': {
        price: dearerAbove(gpt6, { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 }),
        maxOutput: 128 * k,
      },
      'gpt-6-luna': {
        price: dearerAbove(gpt6, { input: 0.1, output: 0.5, cacheRead: 0.01, cacheWrite: 0.125 }),
        maxOutput: 128 * k,
      },
      'gpt-5.6-terra': {
        price: dearerAbove(gpt6, { input: 2, output: 12, cacheRead: 0.2, cacheWrite: 2.5 }),
        maxOutput: 128 * k,
      },
      'gpt-5.6-luna': {
        price: dearerAbove(gpt6, { input: 0.2, output: 1.2, cacheRead: 0.02, cacheWrite: 0.25 }),
        maxOutput: 128 * k,
      },
    },
  },
  {
    services: ['openai'],
    asOf: '2026-06-21',
    source: 'https://developers.openai.com/api/docs/pricing',
    models: {
      'gpt-5.5': { price: dearerAbove(gpt6, { input: 5, output: 30, cacheRead: 0.5 }), maxOutput: 128 * k },
      'gpt-5.4': { price: dearerAbove(gpt6, { input: 2.5, output: 15, cacheRead: 0.25 }), maxOutput: 128 * k },
      'gpt-5.4-mini': { price: { input: 0.75, output: 4.5, cacheRead: 0.075 } },
      'gpt-5.2': { price: { input: 1.75, output: 14, cacheRead: 0.175 }, maxOutput: 128 * k },
      'gpt-5.1': { price: { input: 1.25, output: 10, cacheRead: 0.125 }, maxOutput: 128 * k },
      'gpt-5': { price: { input: 1.25, output: 10, cacheRead: 0.125 }, maxOutput: 128 * k },
      'gpt-5-mini': { price: { input: 0.25, output: 2, cacheRead: 0.025 }, maxOutput: 128 * k },
      'gpt-5-nano': { price: { input: 0.05, output: 0.4, cacheRead: 0.005 }, maxOutput: 128 * k },
      'gpt-4.1': { price: { input: 2, output: 8, cacheRead: 0.5 }, maxOutput: 32_768 },
      'gpt-4.1-mini': { price: { input: 0.4, output: 1.6, cacheRead: 0.1 }, maxOutput: 32_768 },
      'gpt-4.1-nano': { price: { input: 0.1, output: 0.4, cacheRead: 0.025 }, maxOutput: 32_768 },
      'gpt-4o': { price: { input: 2.5, output: 10, cacheRead: 1.25 }, maxOutput: 16_384 },
      'gpt-4o-2024-05-13': { price: { input: 5, output: 15 }, maxOutput: 4_096 },
      'gpt-4o-mini': { price: { input: 0.15, output: 0.6, cacheRead: 0.075 }, maxOutput: 16_384 },
      o3: { price: { input: 2, output: 8, cacheRead: 0.5 }, maxOutput: 100 * k },
      'o4-mini': { price: { input: 1.1, output: 4.4, cacheRead: 0.275 }, maxOutput: 100 * k },
      'text-embedding-3-small': { price: { input: 0.02, output: 0 } },
      'text-embedding-3-large': { price: { input: 0.13, output: 0 } },
    },
  },
  {
    services: ['anthropic'],
    asOf: '2026-10-24',
    source: 'https://platform.claude.com/docs/en/about-claude/pricing',
    models: {
      'claude-fable-5-1': { price: claude(10, 50, 0.25), maxOutput: 128 * k },
      'claude-fable-5': { price: claude(10, 50, 1), maxOutput: 128 * k },
      'claude-opus-5-5': { price: claude(4, 20, 0.2), maxOutput: 128 * k },
      'claude-opus-5': { price: claude(5, 25, 0.5), maxOutput: 128 * k },
      'claude-opus-4-8': { price: claude(5, 25, 0.5) },
      'claude-opus-4-7': { price: claude(5, 25, 0.5) },
      'claude-opus-4-6': { price: claude(5, 25, 0.5) },
      'claude-opus-4-5': { price: claude(5, 25, 0.5) },
      'claude-opus-4-1': { price: claude(15, 75, 1.5) },
      'claude-opus-4': { price: claude(15, 75, 1.5) },
      'claude-opus-4-0': { price: claude(15, 75, 1.5) },
      'claude-sonnet-5-5': { price: claude(2, 10, 0.1), maxOutput: 128 * k },
      'claude-sonnet-5': { price: claude(2, 10, 0.2) },
      'claude-sonnet-4-6': { price: claude(3, 15, 0.3) },
      'claude-sonnet-4-5': { price: claude(3, 15, 0.3) },
      'claude-haiku-5-5': {
        price: { ...claude(0.1, 0.5, 0.01), tiers: [{ above: 100 * k, ...claude(0.5, 2.5, 0.05) }] },
        maxOutput: 128 * k,
      },
      'claude-haiku-4-5': { price: claude(1, 5, 0.1), maxOutput: 64 * k },
      'claude-3-5-haiku': { price: claude(0.8, 4, 0.08) },
    },
  },
  {
    services: ['gemini', 'vertex'],
    asOf: '2026-10-07',
    source: 'https://ai.google.dev/gemini-api/docs/pricing',
    models: {
      // Until the end of 2026; then 1.50, 7.50 and 0.15.
      'gemini-3.8-flash': { price: { input: 0.75, output: 3.75, cacheRead: 0.075 }, maxOutput: 65_536 },
      'gemini-3.7-flash': { price: { input: 1.5, output: 7.5, cacheRead: 0.15 } },
      'gemini-3.5-flash': { price: { input: 1.5, output: 9, cacheRead: 0.15 }, maxOutput: 65_536 },
      'gemini-3.1-pro-preview': {
        price: dearerAbove(200 * k, { input: 2, output: 12, cacheRead: 0.2 }),
        maxOutput: 65_536,
      },
      'gemini-2.5-pro': { price: dearerAbove(200 * k, { input: 1.25, output: 10, cacheRead: 0.125 }) },
      'gemini-2.5-flash': { price: { input: 0.3, output: 2.5, cacheRead: 0.03, audioInput: 1 } },
      'gemini-2.5-flash-lite': {
        price: { input: 0.1, output: 0.4, cacheRead: 0.01, audioInput: 0.3 },
        maxOutput: 65_536,
      },
    },
  },
  {
    services: ['deepseek'],
    asOf: '2026-09-10',
    source: 'https://api-docs.deepseek.com/quick_start/pricing',
    models: {
      'deepseek-flash': { price: { input: 0.3, output: 1.2, cacheRead: 0.006 }, maxOutput: 393_216 },
      'deepseek-v4-flash': { price: { input: 0.3, output: 1.2, cacheRead: 0.006 }, maxOutput: 393_216 },
      'deepseek-v4-pro': { price: { input: 1.32, output: 3.96, cacheRead: 0.044 }, maxOutput: 393_216 },
    },
  },
  {
    services: ['kimi'],
    asOf: '2026-07-17',
    source: 'https://platform.kimi.ai/docs/pricing/chat-k3',
    models: {
      'kimi-k3': { price: { input: 3, output: 15, cacheRead: 0.3 } },
      'kimi-k2.6': { price: { input: 0.95, output: 4, cacheRead: 0.16 } },
    },
  },
  {
    services: ['zai'],
    asOf: '2026-08-19',
    source: 'https://docs.z.ai/guides/overview/pricing',
    models: {
      'glm-5.3': { price: { input: 1.4, output: 4.4, cacheRead: 0.26 }, maxOutput: 131_072 },
      'glm-5.2': { price: { input: 1.4, output: 4.4, cacheRead: 0.26 } },
      'glm-5.1': { price: { input: 1.4, output: 4.4, cacheRead: 0.26 } },
      'glm-4.7': { price: { input: 0.6, output: 2.2, cacheRead: 0.11 }, maxOutput: 131_072 },
      'glm-4.6': { price: { input: 0.6, output: 2.2, cacheRead: 0.11 } },
      'glm-4.5': { price: { input: 0.6, output: 2.2, cacheRead: 0.11 } },
      'glm-4.5-air': { price: { input: 0.2, output: 1.1, cacheRead: 0.03 }, maxOutput: 98_304 },
    },
  },
  {
    // What thinks has another price for all that it writes then, so those models are left out.
    services: ['qwen', 'dashscope'],
    asOf: '2026-05-27',
    source: 'https://www.alibabacloud.com/help/en/model-studio/model-pricing',
    models: {
      'qwen3-max': {
        price: {
          ...{ input: 1.2, output: 6, cacheRead: 0.24, cacheWrite: 1.5 },
          tiers: [
            { above: 32 * k, input: 2.4, output: 12, cacheRead: 0.48, cacheWrite: 3 },
            { above: 128 * k, input: 3, output: 15, cacheRead: 0.6, cacheWrite: 3.75 },
          ],
        },
      },
      'qwen-flash': {
        price: {
          ...{ input: 0.05, output: 0.4, cacheRead: 0.01, cacheWrite: 0.063 },
          tiers: [{ above: 256 * k, input: 0.25, output: 2, cacheRead: 0.05, cacheWrite: 0.313 }],
        },
      },
      'qwen3-coder-plus': {
        price: {
          ...{ input: 1, output: 5, cacheRead: 0.2, cacheWrite: 1.25 },
          tiers: [
            { above: 32 * k, input: 1.8, output: 9, cacheRead: 0.36, cacheWrite: 2.25 },
            { above: 128 * k, input: 3, output: 15, cacheRead: 0.6, cacheWrite: 3.75 },
            { above: 256 * k, input: 6, output: 60, cacheRead: 1.2, cacheWrite: 7.5 },
          ],
        },
      },
    },
  },
  {
    services: ['mistral'],
    asOf: '2026-08-27',
    source: 'https://docs.mistral.ai/inference/pricing',
    models: {
      'mistral-medium-3.5': { price: { input: 1.5, output: 7.5 } },
      'mistral-medium-3-5': { price: { input: 1.5, output: 7.5 } },
      'mistral-medium-2604': { price: { input: 1.5, output: 7.5 } },
      'mistral-large-2512': { price: { input: 0.5, output: 1.5 } },
      'codestral-2508': { price: { input: 0.3, output: 0.9, cacheRead: 0.03 } },
      codestral: { price: { input: 0.3, output: 0.9, cacheRead: 0.03 } },
    },
  },
  {
    services: ['xai'],
    asOf: '2026-08-13',
    source: 'https://docs.x.ai/developers/pricing',
    models: {
      'grok-4.7': { price: dearerAbove(grok, { input: 2, output: 6, cacheRead: 0.5 }, 2) },
      'grok-4.6': { price: dearerAbove(grok, { input: 2, output: 6, cacheRead: 0.5 }, 2) },
      'grok-4.5': { price: dearerAbove(grok, { input: 2, output: 6, cacheRead: 0.5 }, 2) },
      'grok-4.3': { price: dearerAbove(grok, { input: 1.25, output: 2.5, cacheRead: 0.2 }, 2) },
    },
  },
  {
    services: ['groq'],
    asOf: '2026-08-29',
    source: 'https://groq.com/pricing',
    models: {
      'openai/gpt-oss-120b': { price: { input: 0.15, output: 0.6, cacheRead: 0.075 }, maxOutput: 65_536 },
      'openai/gpt-oss-20b': { price: { input: 0.075, output: 0.3, cacheRead: 0.037 } },
      'qwen/qwen3.8-27b': { price: { input: 0.8, output: 4, cacheRead: 0.4 }, maxOutput: 16_384 },
      'qwen/qwen3-32b': { price: { input: 0.29, output: 0.59 } },
      'llama-3.3-70b-versatile': { price: { input: 0.59, output: 0.79 } },
      'llama-3.1-8b-instant': { price: { input: 0.05, output: 0.08 } },
    },
  },
  {
    services: ['longcat'],
    asOf: '2026-11-22',
    source: 'https://longcat.chat/platform/docs/pricing/longcat-2.5',
    models: {
      // A discount without an end in sight; the price without it is 0.75, 2.95 and 0.015.
      'longcat-2.0': { price: { input: 0.3, output: 1.2, cacheRead: 0.006 }, maxOutput: 131_072 },
      'longcat-2.5-preview': { price: { input: 0.3, output: 1.2, cacheRead: 0.006 } },
    },
  },
  {
    services: ['demo'],
    asOf: '2026-11-22',
    source: 'part of the server',
    models: {
      demo: { price: { input: 0, output: 0 } },
      'demo-reasoner': { price: { input: 0, output: 0 } },
      'demo-think-tags': { price: { input: 0, output: 0 } },
      'demo-think-prefilled': { price: { input: 0, output: 0 } },
      'demo-kimi': { price: { input: 0, output: 0 } },
    },
  },
]
