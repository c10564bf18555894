import { expect, test } from 'vitest'
import { reportedError } from './reported-error.ts'
import { messagesReader } from './upstream.ts'

const error = (type: string, message: string) => ({ type: 'error', error: { type, message }, request_id: 'req_1' })

test.each([
  [error('overloaded_error', 'Overloaded'), 'upstream_overloaded', 'overloaded'],
  [error('rate_limit_error', 'Slow down'), 'rate_limited', 'rate_limit_exceeded'],
  [error('authentication_error', 'No'), 'credential_rejected', 'invalid_api_key'],
  [error('permission_error', 'No'), 'credential_forbidden', null],
  [error('billing_error', 'Pay'), 'credential_exhausted', 'insufficient_quota'],
  [error('not_found_error', 'model: claude-0'), 'deployment_not_found', 'model_not_found'],
  [error('request_too_large', 'Large'), 'request_too_large', 'request_too_large'],
  [error('timeout_error', 'Late'), 'upstream_timeout', 'upstream_timeout'],
  [error('api_error', 'Oops'), 'upstream_unavailable', 'upstream_unavailable'],
  [error('new_error', 'Oops'), 'upstream_unavailable', 'upstream_unavailable'],
  [error('invalid_request_error', 'top_k: no'), 'invalid_request', null],
  [
    error('invalid_request_error', 'prompt is too long: 2 tokens > 1 maximum'),
    'context_length_exceeded',
    'context_length_exceeded',
  ],
  [error('invalid_request_error', 'Your credit balance is too low'), 'credential_exhausted', 'insufficient_quota'],
  [{ type: 'error' }, 'upstream_unavailable', 'upstream_unavailable'],
])('%j', (event, code, publicCode) => {
  expect(reportedError(event)).toMatchObject({ code, publicCode, origin: 'upstream' })
  expect(() => messagesReader().push(event)).toThrow(expect.objectContaining({ code }))
  expect(() => messagesReader().whole(event)).toThrow(expect.objectContaining({ code }))
})

test('an answer is none', () => {
  expect(reportedError({ type: 'message' })).toBeUndefined()
  expect(reportedError(null)).toBeUndefined()
})
