import type { Clock, DragomanError } from '@dragoman/core'
import { type Target, targetName } from './deployments.ts'
import { type RestReason, TargetFacts, type TargetState } from './target-facts.ts'

/** Names come from clients: no more of them are remembered, and no more of each. */
const maxTargets = 10_000
const maxNameLength = 200

/** How a target is that was called lately. */
export interface SeenTarget {
  /** `<provider>/<model>`. */
  readonly name: string
  readonly state: TargetState
  /** Why it rests, or rested before it became due. */
  readonly reason: RestReason | undefined
  /** Until its rest is over; 0 where it does not rest. */
  readonly restMs: number
  /** Calls under way. */
  readonly inFlight: number
}

/**
 * What has been seen of the targets lately. A rest moves a target to the end of a plan, it does not forbid it.
 *
 * For each call to a target: `started`, then `firstOutput` if there is any, then `ended` once.
 */
export class Health {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>
  readonly #targets = new Map<string, TargetFacts>()
  /** Goes round them, and on from where it was: looking from the start would pass all that has gone. */
  #hand = this.#targets.values()

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>) {
    this.#clock = clock
  }

  started(target: Target): TargetFacts {
    const facts = this.#kept(targetName(target))
    facts.called(this.#clock.elapsed())
    return facts
  }

  /** @param isWhole the answer came whole, and its first output with its last */
  firstOutput(facts: TargetFacts, ms: number, isWhole = false): void {
    facts.measured(ms, isWhole, this.#clock.elapsed())
  }

  /** @param error undefined: the answer was complete */
  ended(facts: TargetFacts, error: DragomanError | undefined): void {
    const now = this.#clock.elapsed()
    if (!error) {
      facts.succeeded(now)
      return
    }
    if (error.scope !== 'upstream') {
      facts.leftOpen()
      return
    }
    facts.lastError = { code: error.code, at: this.#clock.now() }
    facts.failed(error.code, now, error.retryAfterMs)
  }

  /** Undefined for a target that was not called lately. */
  of(name: string): TargetFacts | undefined {
    return this.#targets.get(keyOf(name))
  }

  /** @param isMeant whether a target is to be new again, by its name */
  forget(isMeant: (name: string) => boolean): void {
    for (const key of this.#targets.keys()) if (isMeant(key)) this.#targets.delete(key)
  }

  /** As they are now; a name only the one that it names. */
  *seen(name?: string): Iterable<SeenTarget> {
    const now = this.#clock.elapsed()
    const named = name === undefined ? this.#targets.values() : [this.of(name)]
    for (const facts of named) {
      if (!facts) continue
      const { restReason: reason, inFlight } = facts
      yield {
        name: facts.name,
        state: facts.stateAt(now),
        reason,
        restMs: Math.max(0, facts.restsUntil - now),
        inFlight,
      }
    }
  }

  get size(): number {
    return this.#targets.size
  }

  #kept(name: string): TargetFacts {
    const key = keyOf(name)
    const known = this.#targets.get(key)
    if (known) {
      known.isUsed = true
      return known
    }
    if (this.#targets.size >= maxTargets) this.#makeRoom()
    const facts = new TargetFacts(key)
    this.#targets.set(key, facts)
    return facts
  }

  /** One that was not used since it was last looked at goes. Those with calls under way stay, whatever they are. */
  #makeRoom(): void {
    // The second round finds one unless all of them have calls under way.
    for (let looks = 2 * this.#targets.size; looks > 0; looks--) {
      const { done, value: facts } = this.#hand.next()
      if (done) this.#hand = this.#targets.values()
      else if (facts.isUsed || facts.inFlight > 0) facts.isUsed = false
      else {
        this.#targets.delete(facts.name)
        return
      }
    }
  }
}

/** A slice would keep the whole of the text alive. */
function keyOf(target: string): string {
  return target.length > maxNameLength ? Array.from(target.slice(0, maxNameLength)).join('') : target
}
