import type { Clock, Lease, LeaseOptions } from '@dragoman/core'

export interface Waiter {
  readonly options: LeaseOptions
  grant(lease: Lease): void
  refuse(reason: unknown): void
}

/** What decides which credentials somebody can use. */
export type Need = Pick<LeaseOptions, 'model' | 'exclude'>

/** Those who wait for the same model. Who excludes nothing can use whatever the first of them can. */
interface Line {
  readonly undemanding: Map<Waiter, number>
  readonly excluding: Map<Waiter, number>
}

/** Leases that wait for a free credential, first come, first served. */
export class LeaseQueue {
  readonly #clock: Clock
  readonly #lines = new Map<string | undefined, Line>()
  #size = 0
  #came = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#size
  }

  /**
   * Rejects with the signal's reason, with what `late` makes after `waitMs`, or with what it is refused with. Leaves
   * nothing behind, whichever comes first.
   */
  wait(options: LeaseOptions, waitMs: number, late: () => unknown): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const { signal } = options
      const leave = () => {
        this.#remove(waiter)
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
      this.#add(waiter)
      signal.addEventListener('abort', abort)
    })
  }

  /** The first who can use it. Whoever has left without saying so is refused on the way. */
  first(fits: (need: Need) => boolean): Waiter | undefined {
    let first: Waiter | undefined
    let came = Number.POSITIVE_INFINITY
    const consider = (waiters: ReadonlyMap<Waiter, number>, isFit: (waiter: Waiter) => boolean) => {
      for (const [waiter, at] of waiters) {
        if (at > came) return
        const { signal } = waiter.options
        if (signal.aborted) waiter.refuse(signal.reason)
        else if (isFit(waiter)) {
          first = waiter
          came = at
          return
        }
      }
    }
    for (const [model, { undemanding, excluding }] of this.#lines) {
      if (!fits({ model })) continue
      consider(undemanding, () => true)
      consider(excluding, ({ options }) => fits(options))
    }
    return first
  }

  /** Refuses all for whom there is a reason. What holds for a model without exclusions holds for all of its line. */
  refuseWhere(reasonFor: (need: Need) => unknown): void {
    for (const [model, { undemanding, excluding }] of [...this.#lines]) {
      const reason = reasonFor({ model })
      if (reason !== undefined) for (const waiter of [...undemanding.keys()]) waiter.refuse(reason)
      for (const waiter of [...excluding.keys()]) {
        const own = reason ?? reasonFor(waiter.options)
        if (own !== undefined) waiter.refuse(own)
      }
    }
  }

  #add(waiter: Waiter): void {
    const { model, exclude } = waiter.options
    const line = this.#lines.get(model) ?? { undemanding: new Map(), excluding: new Map() }
    this.#lines.set(model, line)
    const waiters = exclude && exclude.size > 0 ? line.excluding : line.undemanding
    waiters.set(waiter, ++this.#came)
    this.#size++
  }

  #remove(waiter: Waiter): void {
    const { model } = waiter.options
    const line = this.#lines.get(model)
    if (!line || !(line.undemanding.delete(waiter) || line.excluding.delete(waiter))) return
    this.#size--
    if (line.undemanding.size + line.excluding.size === 0) this.#lines.delete(model)
  }
}
