import { expect, test } from 'vitest'
import { errorBody, errorHeaders } from './error-answer.ts'
import { DragomanError, errorTable, isDragomanError, toDragomanError } from './errors.ts'

test('every code has a status, types, a public code and a scope', () => {
  for (const [code, row] of Object.entries(errorTable)) {
    expect(row.status, code).toBeGreaterThanOrEqual(400)
    expect(row.type, code).toMatch(/_error$|_quota$/)
    expect(row.messagesType, code).toMatch(/_error$|_too_large$/)
    expect(['request', 'client', 'credential', 'upstream', 'gateway', 'aborted'], code).toContain(row.scope)
  }
})

test('an error body has all four keys, whatever the error knows', () => {
  const error = new DragomanError('invalid_request', 'messages: expected an array', { param: 'messages' })
  expect(errorBody(error)).toEqual({
    error: { message: 'messages: expected an array', type: 'invalid_request_error', param: 'messages', code: null },
  })
  expect(errorBody(new DragomanError('internal', 'x'))).toEqual({
    error: { message: 'x', type: 'server_error', param: null, code: null },
  })
})

test("an upstream's own code goes to the client", () => {
  const error = new DragomanError('invalid_request', 'no', { publicCode: 'unsupported_parameter', origin: 'upstream' })
  expect(errorBody(error).error.code).toBe('unsupported_parameter')
})

test('an error of another copy of the package is recognised', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('dragoman.error')]: true, code: 'rate_limited' })
  expect(isDragomanError(foreign)).toBe(true)
  expect(isDragomanError(new Error('x'))).toBe(false)
  expect(isDragomanError(null)).toBe(false)
})

test('a stray exception becomes internal and keeps its message to itself', () => {
  const error = toDragomanError(new TypeError('reading secret-123'))
  expect(error.code).toBe('internal')
  expect(error.message).not.toContain('secret-123')
  expect(error.cause).toBeInstanceOf(TypeError)
})

test('what an aborted call throws is the reason of the abort', () => {
  const late = new DragomanError('upstream_timeout', 'late')
  expect(toDragomanError(new Error('socket'), AbortSignal.abort(late))).toBe(late)
  expect(toDragomanError(new Error('socket'), AbortSignal.abort()).code).toBe('aborted')
})

test.each([
  ['rate_limit_exceeded', 2_000, '2', undefined],
  ['rate_limit_exceeded', 1, '1', undefined],
  ['rate_limit_exceeded', undefined, '1', undefined],
  ['no_credential', 3_600_000, '60', 'false'],
  ['insufficient_quota', undefined, '1', 'false'],
  ['invalid_request', undefined, undefined, undefined],
] as const)('%s that may be tried after %s ms says retry-after %s, x-should-retry %s', (code, ms, after, should) => {
  const headers = errorHeaders(new DragomanError(code, 'x', { retryAfterMs: ms }))
  expect(headers['retry-after']).toBe(after)
  expect(headers['x-should-retry']).toBe(should)
})

test('a wait that is too long for the header stands in the message', () => {
  const error = new DragomanError('no_credential', 'All are out', { retryAfterMs: 3_600_000 })
  expect(errorBody(error).error.message).toContain('3600 s')
})
