const KEPT_MS = 3_600_000
const MAX_KEYS = 10_000
const SWEEP_MS = 60_000

/** Which credential a key had last: for an hour since the last use, and for so many keys; the oldest leave first. */
export class Affinity<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly usedAt: number }>()
  #sweptAt = 0

  get size(): number {
    return this.#entries.size
  }

  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key)
    return entry && now - entry.usedAt < KEPT_MS ? entry.value : undefined
  }

  /** `now` by `clock.elapsed()`. */
  use(key: string, value: T, now: number): void {
    // A map keeps the order of insertion: whatever is used goes to the end.
    this.#entries.delete(key)
    this.#entries.set(key, { value, usedAt: now })
    if (this.#entries.size <= MAX_KEYS && now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    for (const [oldest, { usedAt }] of this.#entries) {
      if (this.#entries.size <= MAX_KEYS && now - usedAt < KEPT_MS) break
      this.#entries.delete(oldest)
    }
  }
}
