import { isRecord } from '@dragoman/core'
import type { AssistantMessage, ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import type { OpenRouterOptions } from './options.ts'
import { joinedDetails } from './reasoning-blocks.ts'
import type { Fields } from './record.ts'

export type RoutingOptions = Pick<
  OpenRouterOptions,
  'routing' | 'fallbackModels' | 'modelSuffix' | 'transforms' | 'plugins'
>

/**
 * A request with the operator's routing where it has none of its own, and with what only OpenRouter wants otherwise.
 * Fields that are not named here go on untouched. The request is not changed.
 */
export function encodeRequest(request: ChatCompletionRequest, options: RoutingOptions): ChatCompletionRequest {
  // Usage and cost come unasked; of the two fields that once asked for them some providers behind it refuse one.
  const { stream_options, usage, ...rest }: ChatCompletionRequest & { usage?: unknown } = request
  const { fallbackModels: models, transforms, plugins } = options
  return {
    ...withoutNulls({ models, transforms, plugins }),
    ...withoutNulls(rest),
    model: withSuffix(request.model, options.modelSuffix),
    messages: request.messages.map(withReasoning),
    ...providers(options.routing, request.provider),
    ...reasoning(request),
  }
}

/** The suffixes say what `provider.sort` and plugins say; a model that brings one keeps it. */
function withSuffix(model: string, suffix = ''): string {
  return /:[^/]*$/.test(model) ? model : model + suffix
}

/** Key by key, so that a client which pins a provider does not undo, say, `data_collection`. */
function providers(own: RoutingOptions['routing'], asked: unknown): Fields {
  if (asked !== undefined && asked !== null && !isRecord(asked)) return { provider: asked }
  const provider = { ...own, ...(asked && withoutNulls(asked)) }
  return Object.keys(provider).length > 0 ? { provider } : {}
}

/**
 * One wish: the object is what its short form becomes, and two of them contradict each other. `thinking`, as clients of
 * other services say it, is not read there.
 */
function reasoning({ reasoning: asked, reasoning_effort: effort, thinking }: ChatCompletionRequest): Fields {
  const own = isRecord(asked) ? asked : isRecord(thinking) && !effort ? fromThinking(thinking) : undefined
  const said = { thinking: undefined, ...(own && { reasoning: own }) }
  if (!own || !effort) return said
  const isSaid = 'effort' in own || 'max_tokens' in own
  return { ...said, reasoning_effort: undefined, reasoning: isSaid ? own : { ...own, effort } }
}

function fromThinking({ type, budget_tokens }: Fields): Fields {
  if (type === 'disabled') return { enabled: false }
  return typeof budget_tokens === 'number' ? { max_tokens: budget_tokens } : { enabled: true }
}

/** Details go back as they came: they hold signatures. The plain text is for models that have none. */
function withReasoning(message: ChatMessage): ChatMessage {
  if (message.role !== 'assistant') return message
  const { reasoning_content, reasoning, reasoning_details, thinking, ...rest } = message
  const details = joinedDetails(reasoning_details ?? [])
  const text = reasoning_content ?? reasoning ?? (typeof thinking === 'string' ? thinking : undefined)
  const isTold = details.some(({ type }) => type !== 'reasoning.encrypted')
  const answer: AssistantMessage = { ...rest, content: rest.content ?? null }
  if (text && !isTold) answer.reasoning = text
  if (details.length > 0) answer.reasoning_details = details
  return answer
}

/** A `null` says nothing, and so is not to hide what the operator set. */
function withoutNulls<T extends object>(fields: T): T {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  return Object.fromEntries(said) as T // what is left out was optional
}
