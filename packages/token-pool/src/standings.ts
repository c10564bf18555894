import type { LeaseOptions } from '@dragoman/core'
import { nextEnd, restOf } from './cooldown.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { Strategy } from './pool-options.ts'
import { Selection } from './selection.ts'
import { credentialOf, type Slot, type Standing, standingOf } from './slot.ts'

/** Where each credential stands, and which of them may stand otherwise soon. Times by `clock.elapsed()`. */
export class Standings {
  readonly selection: Selection
  readonly #maxConcurrent: number
  /** By the time at which they stand otherwise without anybody doing anything. */
  readonly #due = new IndexedHeap<Slot>()
  /** What somebody may wait for. */
  readonly #awaited = new Set<Slot>()

  constructor(strategy: Strategy, maxConcurrent: number) {
    this.selection = new Selection(strategy)
    this.#maxConcurrent = maxConcurrent
  }

  /** When time alone changes something; Infinity where it does not. */
  get dueAt(): number {
    return this.#due.topRank
  }

  /** To be called whenever anything about it has changed: counts, health, session, the list. */
  place(slot: Slot, now: number): void {
    const standing = standingOf(slot, now, this.#maxConcurrent)
    if (standing !== slot.standing) {
      const hasReturned = isPresent(standing) && !isPresent(slot.standing)
      slot.standing = standing
      if (hasReturned) this.selection.returned(slot)
      if (isAwaited(standing)) this.#awaited.add(slot)
      else this.#awaited.delete(slot)
    }
    this.selection.update(slot, now)
  }

  /** The same where its times have changed: of cooldowns, of its session. */
  replace(slot: Slot, now: number): void {
    const next = slot.isListed ? nextChange(slot, now) : Number.POSITIVE_INFINITY
    if (next === Number.POSITIVE_INFINITY) this.#due.delete(slot)
    else this.#due.set(slot, next)
    this.place(slot, now)
  }

  /** The next whose time has come, placed anew; undefined where there is none. */
  takeDue(now: number): Slot | undefined {
    if (this.#due.topRank > now) return undefined
    const slot = this.#due.top
    if (slot) this.replace(slot, now)
    return slot
  }

  /** Something that the lease may use will be free without a cooldown having to end. */
  hasHope({ model, exclude }: Pick<LeaseOptions, 'model' | 'exclude'>, now: number): boolean {
    for (const slot of this.#awaited) {
      if (restOf(slot.health, model, now)) continue
      // What was excluded and is being renewed will be another one.
      if (slot.standing !== 'full' || !exclude?.has(credentialOf(slot))) return true
    }
    return false
  }
}

/** It works, and has at most all its places taken. */
function isPresent(standing: Standing): boolean {
  return standing === 'free' || standing === 'full'
}

/** Nobody can lease it now, and somebody may soon. */
export function isAwaited(standing: Standing): boolean {
  return standing === 'full' || standing === 'asleep' || standing === 'renewing'
}

function nextChange({ health, session }: Slot, now: number): number {
  let next = nextEnd(health, now)
  if (!session) return next
  if (session.retryAt > now) next = Math.min(next, session.retryAt)
  if (session.current && session.current.expiresAt > now) next = Math.min(next, session.current.expiresAt)
  return next
}
