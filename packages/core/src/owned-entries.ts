import type { StateStore } from './store.ts'

export interface OwnedEntriesOptions {
  /** What the entries are: the first part of their keys. */
  readonly kind: string
  /** Of one owner; the oldest leave first. */
  readonly maxEntries: number
  /**
   * Of one owner, in characters. An entry that is larger than its part of that, `maxCharacters / maxEntries`, takes the
   * place of several. Default: whatever they take.
   */
  readonly maxCharacters?: number | undefined
  /** From when an entry was written. */
  readonly ttlMs: number
}

/**
 * Entries of a state store that belong to somebody, a client key say: nobody else can read them, and nobody's crowd out
 * another's.
 */
export class OwnedEntries {
  readonly #state: StateStore
  readonly #options: OwnedEntriesOptions

  constructor(state: StateStore, options: OwnedEntriesOptions) {
    this.#state = state
    this.#options = options
  }

  get(owner: string, id: string): Promise<string | undefined> {
    return this.#state.get(this.#key(owner, id))
  }

  async set(owner: string, id: string, value: string): Promise<void> {
    const { kind, maxEntries, ttlMs } = this.#options
    const places = this.#placesOf(value)
    const key = this.#key(owner, id)
    const isNew = (await this.#state.get(key)) === undefined
    await this.#state.set(key, value, { ttlMs })
    if (!isNew) return
    const count = await this.#state.increment(`${kind}-count:${owner}`, places, { ttlMs: countMs })
    for (let place = count - places + 1; place <= count; place++) {
      const slot = `${kind}-slot:${owner}:${place % maxEntries}`
      const oldest = await this.#state.get(slot)
      await this.#state.set(slot, key, { ttlMs })
      if (oldest !== undefined && oldest !== key) await this.#state.delete(oldest)
    }
  }

  #placesOf(value: string): number {
    const { maxEntries, maxCharacters } = this.#options
    if (maxCharacters === undefined) return 1
    return Math.min(maxEntries, Math.max(1, Math.ceil((value.length * maxEntries) / maxCharacters)))
  }

  delete(owner: string, id: string): Promise<void> {
    return this.#state.delete(this.#key(owner, id))
  }

  #key(owner: string, id: string): string {
    // Lengths, because names of owners may hold any character.
    return `${this.#options.kind}:${owner.length}:${owner}:${id}`
  }
}

/** Longer than any entry lives: a count that starts anew would forget which is the oldest. */
const countMs = 10 * 365 * 24 * 60 * 60 * 1000
