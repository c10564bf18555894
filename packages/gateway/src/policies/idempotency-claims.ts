import type { Clock, StateStore } from '@dragoman/core'
import { lookedUp } from './kept-answer-look.ts'

/** After a crash nobody can use the key for this long. */
const claimMs = 15_000
const renewMs = 5_000

export interface Claim {
  release(): void
}

/** Who makes the call for an idempotency key, among all processes that share a store. */
export class Claims {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #releasing = new Map<string, Promise<unknown>>()

  constructor(state: StateStore, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  /** Undefined where the store says nothing: then this process is by itself. */
  async take(place: string): Promise<Claim | 'taken' | undefined> {
    // Ours, on its way out.
    await this.#releasing.get(place)
    const key = `idempotency-claim:${place}`
    const token = crypto.randomUUID()
    const isOurs = await lookedUp(this.#clock, () => this.#state.set(key, token, { ttlMs: claimMs, ifAbsent: true }))
    if (isOurs === undefined) return undefined
    return isOurs ? this.#held(place, key, token) : 'taken'
  }

  #held(place: string, key: string, token: string): Claim {
    const renewed = () =>
      this.#clock.schedule(() => {
        this.#state.compareAndSet(key, token, token, { ttlMs: claimMs }).catch(() => {}) // the next one may work
        cancel = renewed()
      }, renewMs)
    let cancel = renewed()
    return {
      release: () => {
        cancel()
        const gone = lookedUp(this.#clock, async () => {
          // One that has run out may be somebody else's by now.
          if ((await this.#state.get(key)) === token) await this.#state.delete(key)
        }).finally(() => {
          if (this.#releasing.get(place) === gone) this.#releasing.delete(place)
        })
        this.#releasing.set(place, gone)
      },
    }
  }
}
