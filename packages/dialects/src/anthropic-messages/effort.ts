import type { ChatCompletionRequest } from '@dragoman/openai-schema'

type Effort = NonNullable<ChatCompletionRequest['reasoning_effort']>

/** A thinking budget in tokens, as a word. */
export function effortOfBudget(tokens: number): Effort {
  if (tokens < 2000) return 'low'
  if (tokens < 8000) return 'medium'
  return tokens < 24_000 ? 'high' : 'xhigh'
}

const budgets: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 4096,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
}

/** The budget for an effort; a word that we do not know is as good as `medium`. `effortOfBudget` reads it back. */
export function budgetOfEffort(effort: Effort): number {
  return budgets[effort] ?? 4096
}
