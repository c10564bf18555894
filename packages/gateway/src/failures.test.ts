import { DragomanError, type ErrorCode } from '@dragoman/core'
import { expect, test } from 'vitest'
import { backoffMs, type Failure, finalError } from './failures.ts'

function failure(provider: string, code: ErrorCode, retryAfterMs?: number): Failure {
  return { provider, error: new DragomanError(code, `${provider} is down.`, { origin: 'upstream', retryAfterMs }) }
}

test.each<[string, readonly Failure[], string]>([
  ['one failed', [failure('a', 'upstream_timeout')], 'upstream_timeout: a is down.'],
  [
    'one failed three times in the same way',
    [failure('a', 'upstream_empty'), failure('a', 'upstream_empty'), failure('a', 'upstream_empty')],
    'upstream_empty: a is down.',
  ],
  [
    'three failed',
    [failure('a', 'upstream_timeout'), failure('b', 'rate_limited'), failure('c', 'upstream_unavailable')],
    'upstream_unavailable: c is down. (tried: a: upstream_timeout, b: rate-limited, c: upstream_unavailable)',
  ],
  [
    'the last one had no credential',
    [failure('a', 'upstream_unavailable'), failure('b', 'credential_rejected')],
    'upstream_unavailable: a is down. (tried: a: upstream_unavailable, b: rejected)',
  ],
  [
    'credentials failed only',
    [failure('a', 'rate_limited'), failure('b', 'credential_rejected')],
    'no_credential: a has no usable credential: rate-limited; b has no usable credential: rejected',
  ],
])('when %s, that is what the client is told', (_when, failures, expected) => {
  const { code, message } = finalError(failures)
  expect(`${code}: ${message}`).toBe(expected)
})

test('what the last failure says besides its message is kept', () => {
  const last = new DragomanError('upstream_unavailable', 'no', {
    origin: 'upstream',
    retryAfterMs: 3_000,
    publicCode: 'engine_overloaded',
  })
  expect(finalError([failure('a', 'upstream_timeout'), { provider: 'b', error: last }])).toMatchObject({
    origin: 'upstream',
    retryAfterMs: 3_000,
    publicCode: 'engine_overloaded',
    cause: last,
  })
})

test.each([
  [0, 500],
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [4, 8_000],
  [5, 8_000],
  [99, 8_000],
])('the wait before repetition %i is any part of %i ms', (repeat, longestMs) => {
  const { error } = failure('a', 'upstream_unavailable')
  expect(backoffMs(repeat, error, () => 0)).toBe(0)
  expect(backoffMs(repeat, error, () => 0.25)).toBe(longestMs / 4)
  expect(backoffMs(repeat, error, () => 0.999)).toBeCloseTo(longestMs * 0.999)
})

test('what the upstream asks for is waited for, unless it is too long', () => {
  expect(backoffMs(0, failure('a', 'upstream_unavailable', 8_000).error, () => 0)).toBe(8_000)
  expect(backoffMs(0, failure('a', 'upstream_unavailable', 8_001).error, () => 0)).toBeUndefined()
})
