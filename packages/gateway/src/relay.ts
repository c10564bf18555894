import type { Dialect } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'
import type { Markup } from './markup.ts'
import { spliced } from './splice.ts'

export interface RelayQuery {
  /** The request as it came, where the caller has it. */
  readonly body: string | undefined
  readonly dialect: Dialect
  /** The same, parsed. */
  readonly request: ChatCompletionRequest
  readonly target: Target
  readonly markup: Markup | undefined
  /** Why the request that goes to the target is not the one that came, where that is so. */
  readonly change?: string | undefined
}

/** What to send, or why the answer is to be parsed: a few words for the log. */
export type RelayDecision = { readonly body: string } | { readonly obstacle: string }

/** Whether this request may go to this target unparsed. Pure. */
export function decideRelay({ body, dialect, request, target, markup, change }: RelayQuery): RelayDecision {
  const { provider } = target.entry
  if (!body) return { obstacle: 'the caller gave no text' }
  if (change !== undefined) return { obstacle: change }
  if (target.transforms) return { obstacle: 'the deployment has transforms' }
  if (markup) return { obstacle: `the model may write ${markup.format.name} markup` }
  if (!provider.relay) return { obstacle: 'the provider has no relay' }
  const obstacle = provider.relayObstacle?.(request, dialect)
  if (obstacle !== undefined) return { obstacle }
  const asksForUsage = request.stream && dialect === 'openai-chat' ? { given: request.stream_options } : undefined
  const sent = spliced(body, { model: target.model, streamOptions: asksForUsage })
  return sent ? { body: sent } : { obstacle: 'a key stands twice in the request' }
}
