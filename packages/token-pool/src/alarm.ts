import type { Clock } from '@dragoman/core'

// setTimeout takes no more than 31 bits and fires at once beyond.
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** One timer for whatever is next due. Times by `clock.elapsed()`. */
export class Alarm {
  readonly #clock: Clock
  readonly #action: () => void
  #at = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: Clock, action: () => void) {
    this.#clock = clock
    this.#action = action
  }

  /** In place of what was set before; Infinity: not at all. */
  set(at: number): void {
    if (at === this.#at) return
    this.#cancel?.()
    this.#cancel = undefined
    this.#at = at
    if (at !== Number.POSITIVE_INFINITY) this.#arm()
  }

  #arm(): void {
    const delayMs = Math.ceil(this.#at - this.#clock.elapsed())
    this.#cancel = this.#clock.schedule(this.#ring, Math.min(Math.max(0, delayMs), LONGEST_DELAY_MS))
  }

  readonly #ring = (): void => {
    // Timers may come a little early.
    if (this.#clock.elapsed() < this.#at) {
      this.#arm()
      return
    }
    this.#cancel = undefined
    this.#at = Number.POSITIVE_INFINITY
    this.#action()
  }
}
