import type { Clock, Lease, LeaseOptions } from '@dragoman/core'

export interface Waiter {
  readonly options: LeaseOptions
  grant(lease: Lease): void
  refuse(reason: unknown): void
}

/** Leases that wait for a free credential, first come, first served. */
export class LeaseQueue {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiters.size
  }

  /**
   * Rejects with the signal's reason, with what `late` makes after `waitMs`, or with what it is refused with. Leaves
   * nothing behind, whichever comes first.
   */
  wait(options: LeaseOptions, waitMs: number, late: () => unknown): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const { signal } = options
      const leave = () => {
        this.#waiters.delete(waiter)
        signal.removeEventListener('abort', abort)
        cancel()
      }
      const waiter: Waiter = {
        options,
        grant(lease) {
          leave()
          resolve(lease)
        },
        refuse(reason) {
          leave()
          reject(reason)
        },
      }
      const abort = () => waiter.refuse(signal.reason)
      const cancel = Number.isFinite(waitMs) ? this.#clock.schedule(() => waiter.refuse(late()), waitMs) : () => {}
      this.#waiters.add(waiter)
      signal.addEventListener('abort', abort)
    })
  }

  /** The first who can use it. Whoever has left without saying so is refused on the way. */
  first(fits: (options: LeaseOptions) => boolean): Waiter | undefined {
    for (const waiter of this.#waiters) {
      const { signal } = waiter.options
      if (signal.aborted) waiter.refuse(signal.reason)
      else if (fits(waiter.options)) return waiter
    }
    return undefined
  }

  /** Refuses all for whom there is a reason. */
  refuseWhere(reasonFor: (options: LeaseOptions) => unknown): void {
    for (const waiter of [...this.#waiters]) {
      const reason = reasonFor(waiter.options)
      if (reason !== undefined) waiter.refuse(reason)
    }
  }
}
