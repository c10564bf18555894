import type { Clock } from '@dragoman/core'

// setTimeout takes no more than 31 bits and fires at once beyond.
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * Runs an action when nothing has happened for a while. Touching it costs a look at the clock and no timer: a timer
 * that comes too early arms itself again for the rest.
 */
export class Watchdog {
  readonly #clock: Clock
  #limitMs = 0
  #lastAt = 0
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
    this.touch()
    if (Number.isFinite(limitMs)) this.#arm(limitMs)
  }

  /** Something happened: counts from here. */
  touch(): void {
    this.#lastAt = this.#clock.elapsed()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#expire = undefined
  }

  #arm(delayMs: number): void {
    this.#cancel = this.#clock.schedule(() => this.#ring(), Math.min(delayMs, LONGEST_DELAY))
  }

  #ring(): void {
    const restMs = this.#lastAt + this.#limitMs - this.#clock.elapsed()
    if (restMs > 0) {
      this.#arm(restMs)
      return
    }
    const expire = this.#expire
    this.stop()
    expire?.()
  }
}
