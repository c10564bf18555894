import { DragomanError, type ErrorCode } from '@dragoman/core'

const codes: Readonly<Record<string, ErrorCode>> = {
  rate_limit_exceeded: 'rate_limited',
  rate_limit_error: 'rate_limited',
  insufficient_quota: 'credential_exhausted',
  invalid_api_key: 'credential_rejected',
  authentication_error: 'credential_rejected',
  permission_error: 'credential_forbidden',
  model_not_found: 'deployment_not_found',
  context_length_exceeded: 'context_length_exceeded',
  content_policy_violation: 'content_filter',
  content_filter: 'content_filter',
  invalid_prompt: 'invalid_request',
  invalid_image: 'invalid_request',
  invalid_image_format: 'invalid_request',
  invalid_base64_image: 'invalid_request',
  invalid_image_url: 'invalid_request',
  image_too_large: 'invalid_request',
  image_parse_error: 'invalid_request',
  invalid_request_error: 'invalid_request',
  unsupported_parameter: 'unsupported_parameter',
  unsupported_value: 'unsupported_value',
  server_is_overloaded: 'upstream_overloaded',
  slow_down: 'upstream_overloaded',
  overloaded: 'upstream_overloaded',
}

/** The error that an answer reports, from an object with `message`, and `code` or `type`. */
export function reportedError(reported: unknown, clean: (text: string) => string): DragomanError {
  const { code, type, message, param } = (reported ?? {}) as Record<string, unknown>
  const words =
    typeof message === 'string' && message !== '' ? message : 'The upstream reported an error without a text'
  const name = [code, type].find((word) => typeof word === 'string' && Object.hasOwn(codes, word))
  const known = typeof name === 'string' ? codes[name] : undefined
  return new DragomanError(known ?? 'upstream_unavailable', clean(words).slice(0, 2000), {
    origin: 'upstream',
    param: typeof param === 'string' ? param : undefined,
  })
}
