import { DragomanError, type ErrorCode, isRecord } from '@dragoman/core'

interface Row {
  readonly code: ErrorCode
  readonly publicCode?: string
}

const rows: Readonly<Record<string, Row>> = {
  invalid_request_error: { code: 'invalid_request' },
  authentication_error: { code: 'credential_rejected' },
  billing_error: { code: 'credential_exhausted' },
  permission_error: { code: 'credential_forbidden' },
  not_found_error: { code: 'deployment_not_found' },
  request_too_large: { code: 'request_too_large' },
  rate_limit_error: { code: 'rate_limited' },
  timeout_error: { code: 'upstream_timeout' },
  overloaded_error: { code: 'upstream_unavailable', publicCode: 'overloaded' },
  api_error: { code: 'upstream_unavailable' },
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
  const { code, publicCode } = rowOf(String(type), text)
  return new DragomanError(code, text, { origin: 'upstream', ...(publicCode && { publicCode }) })
}

function rowOf(type: string, text: string): Row {
  // Two that come as an invalid request, and are none.
  if (/credit balance is too low/i.test(text)) return { code: 'credential_exhausted' }
  if (type === 'invalid_request_error' && /prompt is too long|context (window|length)/i.test(text)) {
    return { code: 'context_length_exceeded' }
  }
  return rows[type] ?? { code: 'upstream_unavailable' }
}
