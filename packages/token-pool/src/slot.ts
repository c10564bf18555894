import type { Credential } from '@dragoman/core'
import { type Health, isResting } from './cooldown.ts'
import type { SessionState } from './session-state.ts'

/**
 * `free`: can be leased. `full`: has as many leases as it may. `asleep`: needs a session, and nobody fetches one.
 * `renewing`: has no session that could serve, and one is being fetched. `out`: disabled, resting, being probed, removed.
 */
export type Standing = 'free' | 'full' | 'asleep' | 'renewing' | 'out'

/** What a pool knows of one credential. Only the pool changes it. Times by `clock.elapsed()`. */
export interface Slot {
  /** Its place in heaps, while it is listed; else -1. */
  index: number
  readonly id: string
  readonly fingerprint: string
  /** What the operator gave. */
  readonly source: Credential
  /** Only where the pool renews. */
  readonly session: SessionState | undefined
  name: string
  from: string | undefined
  weight: number
  isListed: boolean
  standing: Standing
  health: Health
  inFlight: number
  /** The number of its last lease; negative, in the order of addition, before the first. */
  lastUsed: number
  /** Of stride scheduling. */
  pass: number
  successes: number
  failures: number
  lastUsedAt: number | undefined
  lastSuccessAt: number | undefined
  lastFailureAt: number | undefined
}

/** What calls would use now. */
export function credentialOf(slot: Slot): Credential {
  return slot.session?.current?.credential ?? slot.source
}

export function standingOf(
  { isListed, health, session, inFlight }: Slot,
  now: number,
  maxConcurrent: number,
): Standing {
  if (!isListed || health.disabled || (health.whole && isResting(health.whole, now))) return 'out'
  if (session && !session.isUsable(now)) {
    if (session.renewal) return 'renewing'
    return session.retryAt > now ? 'out' : 'asleep'
  }
  return inFlight >= maxConcurrent ? 'full' : 'free'
}
