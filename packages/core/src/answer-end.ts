import type { FinishReason, Usage } from '@dragoman/openai-schema'
import { DragomanError } from './errors.ts'

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  function_call: 'function_call',
  end_turn: 'stop',
  stop_sequence: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  complete: 'stop',
  completed: 'stop',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  tool_call: 'tool_calls',
  safety: 'content_filter',
  recitation: 'content_filter',
  refusal: 'content_filter',
  sensitive: 'content_filter',
}

/** Services that give up in the middle say so in here: `insufficient_system_resource`, `network_error`, `abort`. */
const failureWords = /error|fail|abort|cancel|insufficient|malformed|timeout|unavailable|overload/i

/**
 * A finish reason in OpenAI's words. Throws `upstream_unavailable` for one that tells of a failure.
 *
 * @param output whether there were calls, which decides between `stop` and its two siblings
 */
export function readFinishReason(
  given: unknown,
  output: { readonly hasCalls: boolean; readonly hasFunctionCall: boolean },
): FinishReason {
  const reason = String(given)
  const known = finishReasons[reason.toLowerCase()] ?? 'stop'
  if (known === 'stop' && failureWords.test(reason)) {
    const message = `The upstream broke off its answer: ${reason.slice(0, 60)}`
    throw new DragomanError('upstream_unavailable', message, { origin: 'upstream' })
  }
  if (known === 'length' || known === 'content_filter') return known
  // A forced call comes with `stop` from some services, and `tool_calls` without a call from others.
  if (output.hasCalls) return 'tool_calls'
  if (output.hasFunctionCall) return 'function_call'
  return 'stop'
}

/**
 * Throws where what has ended was no answer: `upstream_empty` when nothing was said and nothing else explains that,
 * `upstream_protocol` when a choice has no finish reason.
 */
export function assertAnswered(answer: {
  readonly hasOutput: boolean
  readonly usage: Usage | undefined
  /** Of each choice that was begun. */
  readonly finishReasons: readonly (FinishReason | undefined)[]
}): void {
  const { hasOutput, usage, finishReasons } = answer
  const endedItself = finishReasons.every((reason) => reason === undefined || reason === 'stop')
  if (!hasOutput && endedItself && !usage?.completion_tokens) {
    throw new DragomanError('upstream_empty', 'The upstream answered nothing', { origin: 'upstream' })
  }
  if (finishReasons.length === 0 || finishReasons.includes(undefined)) {
    throw new DragomanError('upstream_protocol', 'The upstream ended the stream without a finish reason', {
      origin: 'upstream',
    })
  }
}
