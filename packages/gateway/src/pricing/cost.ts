import { isRecord } from '@dragoman/core'
import type { Usage } from '@dragoman/openai-schema'
import type { Price } from './price.ts'

const million = 1_000_000

/** xAI counts in these. */
const ticksOfDollar = 10_000_000_000

/** What usage says beside its tokens. */
export interface Used {
  /** Images that were made. */
  readonly images?: number | undefined
  /** Calls that it is the sum of; each of them is held to the tiers by itself. Default 1. */
  readonly calls?: number | undefined
}

/**
 * What a call cost, in USD; never negative, never NaN. What the service itself says that it charged comes first.
 * Undefined where that is not said and there is no price, or nothing that the price could be asked of.
 *
 * The prompt is what was read from the cache, what was written to it, and the rest; the completion is reasoning and the
 * rest. No token is counted twice: parts that are more than the whole are cut down to it.
 */
export function costOf(
  usage: Usage,
  price: Price | undefined,
  { images = 0, calls = 1 }: Used = {},
): number | undefined {
  const charged = chargedBy(usage)
  if (charged !== undefined) return charged
  if (!price) return undefined
  const prompt = count(usage.prompt_tokens)
  const completion = count(usage.completion_tokens)
  const madeImages = price.image === undefined ? 0 : count(images)
  // No call is free of tokens: a service that counts none bills by something else.
  if (prompt + completion + madeImages === 0) return undefined

  const rates = price.tiers ? ratesFor(prompt / Math.max(1, count(calls)), price) : price
  const { input, output } = rates
  const { cacheRead = input, cacheWrite = input, reasoning = output } = rates
  const { cacheWrite1h = cacheWrite } = rates
  const details = usage.prompt_tokens_details
  const read = Math.min(count(details?.cached_tokens), prompt)
  const written = Math.min(count(details?.cache_write_tokens), prompt - read)
  const writtenFor1h = Math.min(count(details?.cache_write_1h_tokens), written)
  const heard = Math.min(count(details?.audio_tokens), prompt - read - written)
  const plain = prompt - read - written - heard
  const thought = Math.min(count(usage.completion_tokens_details?.reasoning_tokens), completion)
  const spoken = Math.min(count(usage.completion_tokens_details?.audio_tokens), completion - thought)
  const said = completion - thought - spoken
  const tokens =
    plain * input +
    heard * (rates.audioInput ?? input) +
    read * cacheRead +
    (written - writtenFor1h) * cacheWrite +
    writtenFor1h * cacheWrite1h +
    said * output +
    spoken * (rates.audioOutput ?? output) +
    thought * reasoning
  return tokens / million + madeImages * (price.image ?? 0)
}

/** Whether parts of it are more than their whole, so that it cannot be right as it stands. */
export function contradictsItself(usage: Usage): boolean {
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage
  if (!prompt && !completion) return false
  const written = count(prompt?.cache_write_tokens)
  return (
    count(prompt?.cached_tokens) + written > count(usage.prompt_tokens) ||
    count(prompt?.cache_write_1h_tokens) > written ||
    count(completion?.reasoning_tokens) > count(usage.completion_tokens)
  )
}

/**
 * What the service says that it charged, in USD: OpenRouter's `cost` (and beside it, where the key behind it is the
 * customer's own, what that one's service charges), Perplexity's `cost.total_cost`, xAI's `cost_in_usd_ticks`,
 * DeepInfra's `estimated_cost`.
 */
function chargedBy(usage: Usage): number | undefined {
  const { cost, is_byok, cost_details, cost_in_usd_ticks, estimated_cost } = usage as unknown as Reported
  if (isAmount(cost)) {
    const behind = is_byok === true && isRecord(cost_details) ? cost_details.upstream_inference_cost : undefined
    return isAmount(behind) ? cost + behind : cost
  }
  if (isRecord(cost) && isAmount(cost.total_cost)) return cost.total_cost
  if (isAmount(cost_in_usd_ticks)) return cost_in_usd_ticks / ticksOfDollar
  return isAmount(estimated_cost) ? estimated_cost : undefined
}

/** The prices of a call with a prompt of this length. What a tier does not say, it has from below. */
function ratesFor(prompt: number, price: Price): Price {
  let rates: Price = price
  let passed = 0
  for (const tier of price.tiers ?? []) {
    if (prompt <= tier.above || tier.above < passed) continue
    passed = tier.above
    rates = { ...price, ...defined(tier) }
  }
  return rates
}

function defined(tier: NonNullable<Price['tiers']>[number]): Partial<Price> {
  return Object.fromEntries(Object.entries(tier).filter(([, value]) => value !== undefined))
}

/** Services say it each in a field of their own. */
type Reported = Readonly<Record<string, unknown>>

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function count(value: unknown): number {
  return isAmount(value) ? value : 0
}
