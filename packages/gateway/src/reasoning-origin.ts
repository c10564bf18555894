import type { AssistantMessage, ChatCompletionRequest, ReasoningDetail } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'

/** A symbol: no JSON of it reaches anybody. */
const originKey = Symbol('origin of reasoning')

type Tagged = ReasoningDetail & { readonly [originKey]?: string }

/**
 * Who can read signatures and encrypted reasoning again: the same provider, with the same account, for a model of the
 * same family.
 */
export function originOf(target: Target, credential: { readonly id: string }): string {
  const [family = ''] = /[a-z]+/i.exec(target.model.slice(target.model.lastIndexOf('/') + 1)) ?? []
  return `${target.entry.id} ${credential.id} ${family.toLowerCase()}`
}

/** The same details, with where they come from. */
export function withOrigin(details: readonly ReasoningDetail[], origin: string): ReasoningDetail[] {
  return details.map((detail): Tagged => ({ ...detail, [originKey]: origin }))
}

/** Whether any of the reasoning in the history says where it comes from. */
export function hasOrigins({ messages }: ChatCompletionRequest): boolean {
  return messages.some((message) => message.role === 'assistant' && detailsOf(message).some((one) => one[originKey]))
}

/** Without what came from elsewhere. What does not say where it comes from stays. */
export function forOrigin(request: ChatCompletionRequest, origin: string): ChatCompletionRequest {
  return withDetails(request, (detail) => detail[originKey] === undefined || detail[originKey] === origin)
}

/** Without any: an upstream did not take them. The same object where there are none. */
export function withoutDetails(request: ChatCompletionRequest): ChatCompletionRequest {
  return withDetails(request, () => false)
}

function withDetails(request: ChatCompletionRequest, keeps: (detail: Tagged) => boolean): ChatCompletionRequest {
  let isChanged = false
  const messages = request.messages.map((message) => {
    if (message.role !== 'assistant') return message
    const details = detailsOf(message)
    const kept = details.filter(keeps)
    if (kept.length === details.length) return message
    isChanged = true
    const { reasoning_details, ...rest } = message
    return kept.length > 0 ? { ...rest, reasoning_details: kept } : rest
  })
  return isChanged ? { ...request, messages } : request
}

function detailsOf({ reasoning_details }: AssistantMessage): readonly Tagged[] {
  return reasoning_details ?? []
}
