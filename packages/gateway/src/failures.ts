import { DragomanError } from '@dragoman/core'

/**
 * What the client is told after every target has failed.
 *
 * The last failure of an upstream as it is. Failures of our own credentials are ours: a 429 where waiting or paying
 * would help, else 503, with the earliest time; they never look like a fault of the client's key.
 */
export function finalError(failures: readonly DragomanError[]): DragomanError {
  const upstream = failures.findLast(({ scope }) => scope === 'upstream')
  if (upstream) return upstream
  // A pool that has run dry says less than the upstream's own words on each credential.
  const told = failures.filter(({ code }) => code !== 'no_credential')
  const last = told.at(-1) ?? failures.at(-1)
  if (!last) return new DragomanError('internal', 'No target was tried')

  const waits = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? [])
  const options = { cause: last, retryAfterMs: waits.length > 0 ? Math.min(...waits) : undefined }
  if (told.length > 0 && told.every(isRateLimit)) return new DragomanError('rate_limit_exceeded', last.message, options)
  if (told.length > 0 && told.every(isQuota)) return new DragomanError('insufficient_quota', last.message, options)
  return new DragomanError('no_credential', `No credential is usable: ${last.message}`, options)
}

const isRateLimit = ({ code }: DragomanError) => code === 'rate_limited' || code === 'rate_limit_exceeded'
const isQuota = ({ code }: DragomanError) => code === 'credential_exhausted' || code === 'insufficient_quota'

/** Whether the same target may be asked again when there is no other: not where it would say the same once more. */
export function isWorthRepeating({ code }: DragomanError): boolean {
  return code === 'upstream_unavailable' || code === 'upstream_protocol' || code === 'upstream_empty'
}

const firstWaitMs = 500
const longestWaitMs = 8_000

/** Before the `repeat`th repetition (from 0): full jitter, or what the upstream asked for. Undefined: too long to wait. */
export function backoffMs(repeat: number, error: DragomanError, random: () => number): number | undefined {
  if (error.retryAfterMs !== undefined) return error.retryAfterMs <= longestWaitMs ? error.retryAfterMs : undefined
  return random() * Math.min(firstWaitMs * 2 ** repeat, longestWaitMs)
}
