/**
 * Reads how long an upstream asks us to wait.
 *
 * Understands `retry-after-ms`, `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3) and, only where neither
 * is there, what services tell of their rate limits: `x-ratelimit-reset-requests` and `-tokens` as durations (`6m0s`,
 * `120ms`), `anthropic-ratelimit-*-reset` as RFC 3339 dates, `x-ratelimit-reset` and `ratelimit-reset` as seconds or,
 * when too large for seconds to wait, as an instant. Of several limits those count that are used up, and of these the
 * one that lasts longest. Returns milliseconds from `now` (Unix milliseconds), never negative, uncapped; undefined when
 * nothing usable is present. Does not throw.
 */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const milliseconds = readNumber(headers.get('retry-after-ms'))
  if (milliseconds !== undefined) return milliseconds
  return readWait(headers.get('retry-after'), now) ?? readRateLimits(headers, now)
}

const LIMITS: readonly { reset: string; remaining: string }[] = [
  ...['requests', 'tokens'].map((of) => ({
    reset: `x-ratelimit-reset-${of}`,
    remaining: `x-ratelimit-remaining-${of}`,
  })),
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map((of) => ({
    reset: `anthropic-ratelimit-${of}-reset`,
    remaining: `anthropic-ratelimit-${of}-remaining`,
  })),
  { reset: 'x-ratelimit-reset', remaining: 'x-ratelimit-remaining' },
  { reset: 'ratelimit-reset', remaining: 'ratelimit-remaining' },
]

function readRateLimits(headers: Headers, now: number): number | undefined {
  let longest: number | undefined
  for (const { reset, remaining } of LIMITS) {
    // A limit that is not used up refills as well; its time says nothing about this refusal.
    const left = readNumber(headers.get(remaining))
    if (left !== undefined && left > 0) continue
    const wait = readWait(headers.get(reset), now)
    if (wait !== undefined && (longest === undefined || wait > longest)) longest = wait
  }
  return longest
}

/** Seconds, an instant, a date or a duration -> milliseconds to wait. */
function readWait(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  const value = readNumber(text)
  if (value !== undefined) {
    const instant = readInstant(value)
    return instant === undefined ? Math.ceil(value * 1000) : Math.max(0, instant - now)
  }
  const duration = readDuration(text)
  if (duration !== undefined) return duration
  const date = looksLikeDate(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

// The year 2001 in Unix seconds, and 30 years as a wait: nobody means the latter. Likewise for milliseconds.
const EPOCH_SECONDS = 1e9
const EPOCH_MS = 1e12

function readInstant(value: number): number | undefined {
  if (value >= EPOCH_MS) return value
  return value >= EPOCH_SECONDS ? value * 1000 : undefined
}

function readNumber(text: string | null): number | undefined {
  if (text === null || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** `1h2m3.5s`, `6m0s`, `120ms` -> milliseconds, rounded up. */
export function readDuration(text: string): number | undefined {
  if (!/^\s*(\d+(\.\d+)?(ms|[dhms]))+\s*$/.test(text)) return undefined
  let total = 0
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) {
    total += Number(value) * (UNIT_MS[unit ?? ''] ?? 0)
  }
  return Math.ceil(total)
}

/** Date.parse makes a date of nearly anything with a number in it; these are the forms that headers use. */
function looksLikeDate(text: string): boolean {
  return /^\s*(mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s/i.test(text) || /^\s*\d{4}-\d{2}-\d{2}T/.test(text)
}
