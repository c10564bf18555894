import { DragomanError, type ErrorCode, isRecord } from '@dragoman/core'

const codes: Readonly<Record<string, ErrorCode>> = {
  invalid_request_error: 'invalid_request',
  authentication_error: 'credential_rejected',
  billing_error: 'credential_exhausted',
  permission_error: 'credential_forbidden',
  not_found_error: 'deployment_not_found',
  request_too_large: 'request_too_large',
  rate_limit_error: 'rate_limited',
  timeout_error: 'upstream_timeout',
  overloaded_error: 'upstream_overloaded',
  api_error: 'upstream_unavailable',
}

/**
 * The error that an event or a body of the Messages dialect reports; undefined where it reports none. Its message are
 * the service's words: who knows of secrets in them reads such events before.
 */
export function reportedError(json: unknown): DragomanError | undefined {
  if (!isRecord(json) || json.type !== 'error') return undefined
  const { type, message }: Record<string, unknown> = isRecord(json.error) ? json.error : {}
  const said = typeof message === 'string' && message !== '' ? message : 'The upstream reported an error without a text'
  const text = said.slice(0, 2000)
  return new DragomanError(codeOf(String(type), text), text, { origin: 'upstream' })
}

function codeOf(type: string, text: string): ErrorCode {
  // Two that come as an invalid request, and are none.
  if (/credit balance is too low/i.test(text)) return 'credential_exhausted'
  if (type === 'invalid_request_error' && /prompt is too long|context (window|length)/i.test(text)) {
    return 'context_length_exceeded'
  }
  return codes[type] ?? 'upstream_unavailable'
}
