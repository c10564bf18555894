import { isRecord } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { GeminiTraits } from './model-name.ts'
import type { Fields } from './record.ts'

export interface Thinking {
  /** `extra_body.google.thinking_config`; undefined where none is to be sent. */
  readonly config: Fields | undefined
  /** What the client asked for and cannot have, by the field that said it. */
  readonly dropped: readonly string[]
}

/** Fields by which clients and other services say how a model is to think. */
export const thinkingFields = [
  'reasoning_effort',
  'reasoning',
  'include_reasoning',
  'thinking',
  'thinking_budget',
  'enable_thinking',
] as const

interface Wish {
  readonly effort: string | undefined
  /** Tokens. */
  readonly budget: number | undefined
  readonly isOff: boolean
  readonly isHidden: boolean
}

/**
 * How Gemini is to think. Always as `thinking_config`: thoughts are told only where it asks for them, and beside it
 * `reasoning_effort` is a 400.
 */
export function thinkingOf(request: ChatCompletionRequest, traits: GeminiTraits, wantsThoughts: boolean): Thinking {
  const said = thinkingFields.find((field) => request[field] !== undefined && request[field] !== null)
  const lost = said === undefined ? [] : [said]
  const own = googleIn(request).thinking_config
  if (own !== undefined) return { config: isRecord(own) ? own : undefined, dropped: lost }
  const wish = readWish(request)
  if (!traits.thinks) return { config: undefined, dropped: wish.isOff ? [] : lost }
  const amount = wish.isOff ? least(traits) : asked(wish, traits)
  const isUnknown = wish.effort !== undefined && !wish.isOff && Object.keys(amount).length === 0
  const showsThoughts = wantsThoughts && !wish.isOff && !wish.isHidden
  const config = { ...amount, ...(showsThoughts && { include_thoughts: true }) }
  return {
    config: Object.keys(config).length > 0 ? config : undefined,
    dropped: isUnknown || (wish.isOff && !canBeOff(traits)) ? lost : [],
  }
}

/** What the client says in Google's own words. */
export function googleIn({ extra_body }: ChatCompletionRequest): Fields {
  return isRecord(extra_body) && isRecord(extra_body.google) ? extra_body.google : {}
}

function readWish(request: ChatCompletionRequest): Wish {
  const reasoning: Fields = isRecord(request.reasoning) ? request.reasoning : {}
  const thinking: Fields = isRecord(request.thinking) ? request.thinking : {}
  const effort = [request.reasoning_effort, reasoning.effort].find((value) => typeof value === 'string')
  const budget = [reasoning.max_tokens, thinking.budget_tokens, request.thinking_budget].find(
    (value) => typeof value === 'number',
  )
  const isOff =
    effort === 'none' ||
    reasoning.enabled === false ||
    thinking.type === 'disabled' ||
    request.enable_thinking === false ||
    budget === 0
  const isHidden = reasoning.exclude === true || request.include_reasoning === false
  return { effort, budget, isOff, isHidden }
}

function canBeOff({ thinksInLevels, isPro }: GeminiTraits): boolean {
  return !thinksInLevels && !isPro
}

/** The pro models always think. */
function least(traits: GeminiTraits): Fields {
  if (traits.thinksInLevels) return { thinking_level: traits.isPro ? 'low' : 'minimal' }
  return { thinking_budget: traits.isPro ? leastBudget : 0 }
}

function asked({ effort, budget }: Wish, traits: GeminiTraits): Fields {
  if (traits.thinksInLevels) {
    const level = effort === undefined ? budget && levelFor(budget) : levels[effort]
    if (!level) return {}
    if (level === 'minimal' && traits.isPro) return { thinking_level: 'low' }
    return { thinking_level: level === 'medium' && !traits.hasMediumLevel ? 'high' : level }
  }
  const tokens = budget ?? (effort === undefined ? undefined : budgets[effort])
  if (tokens === undefined) return {}
  const least = traits.isPro ? leastBudget : traits.isLite ? leastLiteBudget : 1
  return { thinking_budget: Math.min(Math.max(tokens, least), traits.isPro ? 32_768 : 24_576) }
}

const leastBudget = 128
const leastLiteBudget = 512

// Google's documentation of its OpenAI endpoint, "reasoning_effort".
const budgets: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 32_768,
}

const levels: Readonly<Record<string, string>> = {
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

function levelFor(budget: number): string {
  if (budget < 2048) return 'low'
  return budget < 8192 ? 'medium' : 'high'
}
