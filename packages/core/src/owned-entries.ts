import type { StateStore } from './store.ts'

export interface OwnedEntriesOptions {
  /** What the entries are: the first part of their keys. */
  readonly kind: string
  /** Of one owner; the oldest leave first. */
  readonly maxEntries: number
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
    const key = this.#key(owner, id)
    const isNew = (await this.#state.get(key)) === undefined
    await this.#state.set(key, value, { ttlMs })
    if (!isNew) return
    const count = await this.#state.increment(`${kind}-count:${owner}`, 1, { ttlMs: countMs })
    const slot = `${kind}-slot:${owner}:${count % maxEntries}`
    const oldest = await this.#state.get(slot)
    await this.#state.set(slot, key, { ttlMs })
    if (oldest !== undefined) await this.#state.delete(oldest)
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
