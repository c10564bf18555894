import { type Cooldown, isResting } from './cooldown.ts'
import { signInFailed } from './reasons.ts'
import type { Renewals } from './refresh.ts'
import type { Slot } from './slot.ts'
import type { ModelStatus, RefreshStats, TokenStatus } from './token-status.ts'

/** `now` by `clock.elapsed()`; `unixOf` makes Unix milliseconds of such times. */
export function tokenStatus(slot: Slot, now: number, unixOf: (time: number) => number): TokenStatus {
  const { health, session } = slot
  const at = (time: number | undefined) =>
    time === undefined || time === Number.POSITIVE_INFINITY ? undefined : unixOf(time)
  return {
    id: slot.id,
    name: slot.name,
    from: slot.from,
    weight: slot.weight,
    ...standing(slot, now, at),
    inFlight: slot.inFlight,
    isRefreshing: session?.renewal !== undefined,
    isProbing: health.whole?.probe !== undefined,
    askedUntil: health.whole && later(health.whole, now) ? at(health.whole.askedUntil) : undefined,
    models: Array.from(health.models)
      .filter(([, cooldown]) => isResting(cooldown, now))
      .map(([model, cooldown]) => modelStatus(model, cooldown, at)),
    successes: slot.successes,
    failures: slot.failures,
    consecutiveFailures: health.consecutiveFailures,
    lastUsedAt: at(slot.lastUsedAt),
    lastSuccessAt: at(slot.lastSuccessAt),
    lastFailureAt: at(slot.lastFailureAt),
    expiresAt: session?.current?.credential.expiresAt,
    refreshedAt: at(session?.current?.refreshedAt),
  }
}

export function refreshStats(
  renewals: Renewals | undefined,
  intervalMs: number | undefined,
  unixOf: (time: number) => number,
): RefreshStats {
  if (!renewals) return { isEnabled: false, running: 0, succeeded: 0, failed: 0 }
  const { running, succeeded, failed, lastAt, lastError, nextAt } = renewals
  return {
    isEnabled: true,
    intervalMs,
    running,
    succeeded,
    failed,
    lastAt: lastAt === undefined ? undefined : unixOf(lastAt),
    lastError,
    nextAt: nextAt === Number.POSITIVE_INFINITY ? undefined : unixOf(nextAt),
  }
}

type At = (time: number | undefined) => number | undefined

/** A rest that is over and that nobody tries is no rest any more: the next lease may get it. */
function standing({ health, session }: Slot, now: number, at: At): Pick<TokenStatus, 'state' | 'reason' | 'until'> {
  if (health.disabled) return { state: 'disabled', reason: health.disabled.reason }
  if (health.whole && isResting(health.whole, now)) {
    return { state: 'cooling', reason: health.whole.reason, until: at(health.whole.until) }
  }
  if (session?.failure && !session.isUsable(now) && !session.renewal && session.retryAt > now) {
    return { state: 'cooling', reason: signInFailed(session.failure), until: at(session.retryAt) }
  }
  return { state: 'ready' }
}

function modelStatus(model: string, { reason, until, askedUntil, probe }: Cooldown, at: At): ModelStatus {
  return {
    model,
    state: 'cooling',
    reason,
    until: at(until) ?? 0,
    askedUntil: at(askedUntil),
    isProbing: probe !== undefined,
  }
}

function later({ askedUntil }: Cooldown, now: number): boolean {
  return askedUntil !== undefined && askedUntil > now
}
