import type { Clock } from '@dragoman/core'

// setTimeout takes no more than 31 bits and fires at once beyond.
const LONGEST_DELAY = 2 ** 31 - 1

// How far a timer may be late before the wall clock is thought to have been set meanwhile.
const LATENESS_MS = 1_000

/**
 * Runs an action when nothing has happened for a while. Touching it costs a look at the clock and no timer: a timer
 * that comes too early arms itself again for the rest.
 */
export class Watchdog {
  readonly #clock: Clock
  #limitMs = 0
  #lastAt = 0
  #isTouched = false
  #expire: (() => void) | undefined
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Starts to count, and forgets what was watched before. A limit that is not finite is none. */
  watch(limitMs: number, expire: () => void): void {
    this.stop()
    this.#limitMs = limitMs
    this.#expire = expire
    this.#arm(limitMs)
  }

  /** Something happened: counts from here. */
  touch(): void {
    this.#isTouched = true
    this.#lastAt = this.#clock.now()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#expire = undefined
  }

  #arm(delayMs: number): void {
    this.#isTouched = false
    if (!Number.isFinite(delayMs)) return
    this.#cancel = this.#clock.schedule(() => this.#ring(), Math.min(delayMs, LONGEST_DELAY))
  }

  #ring(): void {
    const restMs = this.#isTouched ? this.#rest() : 0
    if (restMs > 0) return this.#arm(restMs)
    const expire = this.#expire
    this.stop()
    expire?.()
  }

  #rest(): number {
    const silentMs = this.#clock.now() - this.#lastAt
    // Outside of this range somebody has set the wall clock. Counting anew is late at worst; believing it would end a
    // lively stream, or watch a dead one for as long as the clock was set back.
    const isPlausible = silentMs >= 0 && silentMs <= this.#limitMs + LATENESS_MS
    return isPlausible ? this.#limitMs - silentMs : this.#limitMs
  }
}
