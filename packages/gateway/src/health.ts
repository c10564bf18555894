import type { DragomanError } from '@dragoman/core'

export interface HealthSnapshot {
  isResting(target: string): boolean
}

interface TargetHealth {
  readonly failures: number
  /** Unix milliseconds. */
  readonly restsUntil: number
}

/** Names come from clients: no more of them are remembered, and no more of each. */
const maxTargets = 10_000
const maxNameLength = 200

const failuresBeforeRest = 3
const shortestRestMs = 5_000
const longestRestMs = 60_000

/** Pure: a target rests after three failures in a row, each further one doubling the time, a minute at the most. */
export function afterFailure(before: TargetHealth | undefined, now: number, retryAfterMs = 0): TargetHealth {
  const failures = (before?.failures ?? 0) + 1
  const beyond = failures - failuresBeforeRest
  if (beyond < 0) return { failures, restsUntil: before?.restsUntil ?? 0 }
  const restMs = Math.max(retryAfterMs, shortestRestMs * 2 ** Math.min(beyond, 10))
  return { failures, restsUntil: now + Math.min(restMs, longestRestMs) }
}

const allWell: HealthSnapshot = { isResting: () => false }

/** What has been seen of the targets lately. A rest moves a target to the end of a plan, it does not forbid it. */
export class Health {
  #targets = new Map<string, TargetHealth>()

  succeeded(target: string): void {
    if (this.#targets.size > 0) this.#targets.delete(keyOf(target))
  }

  failed(target: string, error: DragomanError, now: number): void {
    // That a model is not there says nothing about how the target is.
    if (error.scope !== 'upstream' || error.code === 'deployment_not_found') return
    const key = keyOf(target)
    const after = afterFailure(this.#targets.get(key), now, error.retryAfterMs)
    this.#targets.delete(key)
    this.#targets.set(key, after)
    if (this.#targets.size <= maxTargets) return
    const oldest = this.#targets.keys().next().value
    if (oldest !== undefined) this.#targets.delete(oldest)
  }

  get size(): number {
    return this.#targets.size
  }

  at(now: number): HealthSnapshot {
    if (this.#targets.size === 0) return allWell
    return { isResting: (target) => (this.#targets.get(keyOf(target))?.restsUntil ?? 0) > now }
  }
}

function keyOf(target: string): string {
  return target.slice(0, maxNameLength)
}
