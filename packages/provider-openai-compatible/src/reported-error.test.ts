import { expect, test } from 'vitest'
import { mapBaseResponse } from './reported-error.ts'

const clock = { now: () => Date.UTC(2026, 10, 20, 12, 0, 0) }

function map(status: number, status_code: number, status_msg = 'no', headers: Record<string, string> = {}) {
  const json = { base_resp: { status_code, status_msg } }
  return mapBaseResponse('MiniMax', clock)({ status, headers: new Headers(headers), text: '', json })
}

test('an HTTP error says more than a code that is not known', () => {
  expect(map(200, 1033)).toMatchObject({ code: 'upstream_unavailable', message: 'MiniMax answered 1033: no' })
  for (const status of [400, 401, 429, 500]) expect(map(status, 1033)).toBeUndefined()
  expect(map(500, 1008)?.code).toBe('credential_exhausted')
})

test('the time to wait is kept', () => {
  expect(map(429, 1002, 'slowly', { 'retry-after': '7' })?.retryAfterMs).toBe(7000)
  const inAMinute = { 'retry-after': 'Fri, 20 Nov 2026 12:01:00 GMT' }
  expect(map(200, 1002, 'slowly', inAMinute)?.retryAfterMs).toBe(60_000)
  expect(map(200, 1002)?.retryAfterMs).toBeUndefined()
})

test('a long message is cut between words, so that no half of a secret is left', () => {
  const message = map(200, 2013, `bad\n ${'word '.repeat(398)} sk-${'a'.repeat(40)} more`)?.message ?? ''
  expect(message).toBe(`bad ${'word '.repeat(398)}`.trim())
  expect(map(200, 2013, 'x '.repeat(100_000))?.message.length).toBeLessThanOrEqual(2000)
  expect(map(200, 2013, 'x'.repeat(100_000))?.message).toBe('MiniMax answered 2013')
})
