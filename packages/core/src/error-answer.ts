import type { ErrorBody } from '@dragoman/openai-schema'
import { type DragomanError, errorTable } from './errors.ts'

/** Longer waits are not announced: Anthropic's SDK would obey any of them, OpenAI's ignores what is over a minute. */
const longestRetryAfterMs = 60_000

/** The body of an error in the OpenAI dialect; all four keys are always there. */
export function errorBody(error: DragomanError): ErrorBody {
  const wait = error.retryAfterMs ?? 0
  const message =
    wait > longestRetryAfterMs ? `${error.message} (try again in ${Math.ceil(wait / 1000)} s)` : error.message
  return { error: { message, type: errorTable[error.code].type, param: error.param ?? null, code: error.publicCode } }
}

/**
 * `retry-after` in whole seconds, at most 60, on every 429 and 503 and wherever the wait is known; `x-should-retry:
 * false` where a client's own retry cannot help. Both SDK families obey the latter before any rule of their own.
 */
export function errorHeaders(error: DragomanError): Record<string, string> {
  const headers: Record<string, string> = {}
  const { retryAfterMs, status } = error
  if (retryAfterMs !== undefined || status === 429 || status === 503) {
    headers['retry-after'] = String(Math.ceil(Math.min(retryAfterMs ?? 1000, longestRetryAfterMs) / 1000))
  }
  const isOutOfQuota = error.code === 'insufficient_quota' || error.code === 'credential_exhausted'
  if (isOutOfQuota || (retryAfterMs ?? 0) > longestRetryAfterMs) headers['x-should-retry'] = 'false'
  return headers
}
