import { DragomanError } from '@dragoman/core'
import { expect, test } from 'vitest'
import { messagesClient } from './client.ts'

test.each([
  ['invalid_request', 'invalid_request_error'],
  ['invalid_api_key', 'authentication_error'],
  ['permission_denied', 'permission_error'],
  ['model_not_found', 'not_found_error'],
  ['request_too_large', 'request_too_large'],
  ['rate_limited', 'rate_limit_error'],
  ['upstream_timeout', 'timeout_error'],
  ['overloaded', 'overloaded_error'],
  ['upstream_overloaded', 'overloaded_error'],
  ['internal', 'api_error'],
] as const)('%s is told as %s', (code, type) => {
  expect(messagesClient.errorBody(new DragomanError(code, 'Why'), 'req_1')).toEqual({
    type: 'error',
    error: { type, message: 'Why' },
    request_id: 'req_1',
  })
})

test('the words that make Claude Code compact are said, once', () => {
  const told = (message: string) =>
    messagesClient.errorBody(new DragomanError('context_length_exceeded', message)) as { error: { message: string } }
  expect(told('9 tokens, 8 allowed').error.message).toBe('prompt is too long: 9 tokens, 8 allowed')
  expect(told("This model's maximum context length is 8").error.message).toBe(
    "This model's maximum context length is 8",
  )
})

test('a long wait is told, since the header may not tell it', () => {
  const error = new DragomanError('rate_limited', 'Busy', { retryAfterMs: 90_000 })
  expect(messagesClient.errorBody(error)).toMatchObject({ error: { message: 'Busy (try again in 90 s)' } })
})
