import { DragomanError } from '@dragoman/core'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Beijing has no summer time. */
const BEIJING_MS = 8 * HOUR_MS

/** Until the next midnight in Beijing, when quotas begin anew. */
export function untilQuotaReset(now: number): number {
  return DAY_MS - ((now + BEIJING_MS) % DAY_MS)
}

/** LongCat says that a quota is used up, but not for how long: that is known. */
export function withQuotaReset(error: DragomanError, now: number): DragomanError {
  if (error.code !== 'credential_exhausted' || error.retryAfterMs !== undefined) return error
  const { message, param, origin, cause } = error
  return new DragomanError(error.code, message, { param, origin, cause, retryAfterMs: untilQuotaReset(now) })
}
