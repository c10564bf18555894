import type { ChatCompletionRequest } from '@dragoman/openai-schema'

/** How the platform's models differ. */
export interface ModelTraits {
  /** Temperature, top_p, n and the penalties are fixed; another value is a 400. */
  readonly hasFixedSampling: boolean
  /** `always`: it cannot be turned off; `switch`: by `thinking`; `effort`: always, and how much by `reasoning_effort`. */
  readonly reasoning: 'none' | 'always' | 'switch' | 'effort'
  readonly sees: boolean
}

/** By name: models rotate, so the lines count, not the single models. A model of no known line is taken as it is. */
export function modelTraits(model: string): ModelTraits {
  if (!model.startsWith('kimi-')) return { hasFixedSampling: false, reasoning: 'none', sees: /vision/.test(model) }
  return { hasFixedSampling: true, reasoning: reasoningOf(model), sees: /^kimi-(k2\.[56]|k3|latest)/.test(model) }
}

function reasoningOf(model: string): ModelTraits['reasoning'] {
  if (/^kimi-k[3-9]/.test(model)) return 'effort'
  if (/^kimi-k2\.[56]/.test(model)) return 'switch'
  return /thinking|^kimi-k2\.[7-9]/.test(model) ? 'always' : 'none'
}

/** Whether thinking may be turned off so that a tool can be forced: it can be, and the client did not ask for it. */
export function canBeForced({ model, thinking }: ChatCompletionRequest): boolean {
  const isAsked = typeof thinking === 'object' && thinking !== null && 'type' in thinking && thinking.type === 'enabled'
  return modelTraits(model).reasoning === 'switch' && !isAsked
}
