import type { Clock } from './clock.ts'

// setTimeout takes no more than 31 bits and fires at once beyond.
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * Runs an action when nothing has happened for a while. Touching it costs a look at the clock and no timer, and one
 * timer serves limit after limit: one that comes too early arms itself again for the rest.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #expire: () => void
  #isWatching = false
  #limitMs = 0
  #lastAt = 0
  #dueAt = 0
  #cancel: (() => void) | undefined

  constructor(clock: Clock, expire: () => void) {
    this.#clock = clock
    this.#expire = expire
  }

  /** Starts to count, and forgets what was watched before. A limit that is not finite is none. */
  watch(limitMs: number): void {
    this.#isWatching = true
    this.#limitMs = limitMs
    this.touch()
    if (this.#cancel && this.#dueAt <= this.#lastAt + limitMs) return
    this.#disarm()
    if (Number.isFinite(limitMs)) this.#arm(limitMs, this.#lastAt)
  }

  /** When something happened last, by the clock. */
  get lastAt(): number {
    return this.#lastAt
  }

  /** Something happened: counts from here. */
  touch(): void {
    this.#lastAt = this.#clock.elapsed()
  }

  stop(): void {
    this.#isWatching = false
    this.#disarm()
  }

  #arm(delayMs: number, now: number): void {
    const shortened = Math.min(delayMs, LONGEST_DELAY)
    this.#dueAt = now + shortened
    this.#cancel = this.#clock.schedule(this.#ring, shortened)
  }

  #disarm(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  readonly #ring = (): void => {
    this.#cancel = undefined
    if (!this.#isWatching || !Number.isFinite(this.#limitMs)) return
    const now = this.#clock.elapsed()
    const restMs = this.#lastAt + this.#limitMs - now
    if (restMs > 0) {
      this.#arm(restMs, now)
      return
    }
    this.#isWatching = false
    this.#expire()
  }
}
