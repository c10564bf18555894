import type { DragomanError, ErrorCode } from '@dragoman/core'
import { errorReply } from '../chat-replies.ts'
import { htmlPage, jsonReply, type Reply } from '../reply.ts'

/** Answers that are failures, each with what a provider makes of it. */
export interface StatusCheck {
  readonly reply: Reply | ((now: number) => Reply)
  /** One of these. */
  readonly codes: readonly ErrorCode[]
  /** More that is in the error. `retryAfterMs: undefined` asks for its absence. */
  readonly error?: Partial<Pick<DragomanError, 'origin' | 'param' | 'publicCode' | 'retryAfterMs'>>
  /** Part of the message. */
  readonly message?: string
}

const openAIError = (status: number, message: string, code: string, param: string | null = null) =>
  errorReply(status, { error: { message, type: 'invalid_request_error', param, code } })

export const statusChecks = {
  '400': {
    reply: openAIError(400, 'Expected a value <= 2 for temperature', 'decimal_above_max_value', 'temperature'),
    codes: ['invalid_request'],
    error: { origin: 'upstream', param: 'temperature', publicCode: 'decimal_above_max_value' },
    message: 'Expected a value <= 2 for temperature',
  },
  '400 context length': {
    reply: openAIError(400, 'The maximum context length is 8192 tokens', 'context_length_exceeded', 'messages'),
    codes: ['context_length_exceeded'],
    error: { origin: 'upstream', param: 'messages' },
  },
  '401': { reply: openAIError(401, 'Incorrect API key provided', 'invalid_api_key'), codes: ['credential_rejected'] },
  '403': { reply: errorReply(403, 'You have no access to this model'), codes: ['credential_forbidden'] },
  '404': { reply: openAIError(404, 'No such model', 'model_not_found', 'model'), codes: ['deployment_not_found'] },
  '413': { reply: errorReply(413, 'Request body too large'), codes: ['request_too_large'] },
  '422': { reply: errorReply(422, 'Unprocessable'), codes: ['invalid_request'] },
  '429': { reply: errorReply(429), codes: ['rate_limited'], error: { retryAfterMs: undefined } },
  '429 with Retry-After': {
    reply: errorReply(429, 'Slow down', { 'retry-after': '7' }),
    codes: ['rate_limited'],
    error: { retryAfterMs: 7000 },
  },
  '429 with Retry-After as a date': {
    reply: (now) => errorReply(429, 'Slow down', { 'retry-after': new Date(now + 30_000).toUTCString() }),
    codes: ['rate_limited'],
    error: { retryAfterMs: 30_000 },
  },
  '429 out of quota': {
    reply: openAIError(429, 'You exceeded your current quota', 'insufficient_quota'),
    codes: ['credential_exhausted'],
  },
  '500': { reply: errorReply(500), codes: ['upstream_unavailable'] },
  '500 without JSON': { reply: { status: 500, body: 'oops' }, codes: ['upstream_unavailable'] },
  '503': { reply: errorReply(503, 'Overloaded'), codes: ['upstream_unavailable'] },
  '529': { reply: errorReply(529, 'Overloaded'), codes: ['upstream_unavailable', 'upstream_overloaded'] },
  'HTML page with 200': { reply: htmlPage(), codes: ['upstream_protocol'] },
  'JSON error with 200': {
    reply: jsonReply({ error: { message: 'The engine is overloaded', type: 'server_error', param: null, code: null } }),
    codes: ['upstream_unavailable', 'upstream_protocol'],
  },
} as const satisfies Record<string, StatusCheck>

export type StatusCheckName = keyof typeof statusChecks

/** Why this provider answers a check otherwise, or cannot be asked it. The reason is for the reader of its tests. */
export type Difference = { readonly reason: string } & (
  | { readonly leftOut: true }
  | { readonly leftOut?: undefined; readonly reply?: Reply; readonly code: ErrorCode }
)
