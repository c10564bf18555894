import { expect, test } from 'vitest'
import { readRetryAfter } from './index.ts'

const now = Date.UTC(2026, 0, 1, 12)

test.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': '7' }, 7_000],
  [{ 'Retry-After': ' 1.5 ' }, 1_500],
  [{ 'retry-after': '1587827' }, 1_587_827_000],
  [{ 'retry-after': 'Thu, 01 Jan 2026 12:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Thursday, 01-Jan-26 12:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Thu, 01 Jan 2026 11:00:00 GMT' }, 0],
  [{ 'retry-after': '2026-01-01T12:01:00Z' }, 60_000],
  [{ 'retry-after': '30s' }, 30_000],
  [{ 'retry-after': String(now / 1000 + 5) }, 5_000],
  [{ 'retry-after': String(now + 5_000) }, 5_000],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': '5 apples' }, undefined],
  [{ 'retry-after': 'Infinity' }, undefined],
  [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
  [{ 'retry-after-ms': 'x', 'retry-after': '7' }, 7_000],
  [{ 'retry-after': '7', 'x-ratelimit-reset-requests': '6m0s' }, 7_000],
  [{ 'x-ratelimit-reset-requests': '6m0s' }, 360_000],
  [{ 'x-ratelimit-reset-tokens': '120ms' }, 120],
  [{ 'x-ratelimit-reset-requests': '1h2m3.5s' }, 3_723_500],
  [{ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6m0s' }, 360_000],
  [
    {
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-tokens': '6m0s',
      'x-ratelimit-remaining-tokens': '4000',
    },
    1_000,
  ],
  [{ 'x-ratelimit-reset-tokens': '6m0s', 'x-ratelimit-remaining-tokens': '4000' }, undefined],
  [{ 'anthropic-ratelimit-tokens-reset': '2026-01-01T12:00:45Z', 'anthropic-ratelimit-tokens-remaining': '0' }, 45_000],
  [{ 'x-ratelimit-reset': String(now + 9_000) }, 9_000],
  [{ 'x-ratelimit-reset': String(now / 1000 + 9) }, 9_000],
  [{ 'x-ratelimit-reset': '9' }, 9_000],
  [{ 'ratelimit-reset': '9', 'ratelimit-remaining': '0' }, 9_000],
  [{ 'x-ratelimit-reset': String(now - 9_000) }, 0],
])('%j asks to wait %s ms', (headers, expected) => {
  expect(readRetryAfter(new Headers(headers), now)).toBe(expected)
})
