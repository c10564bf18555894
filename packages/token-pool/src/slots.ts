import { healthy } from './cooldown.ts'
import type { CredentialSource } from './credential-source.ts'
import { fingerprint } from './fingerprint.ts'
import { SessionState } from './session-state.ts'
import type { Slot } from './slot.ts'
import { tokenName } from './token-name.ts'

/** Operators may replace all tokens every hour. */
const MAX_REMEMBERED = 10_000
/** So many are in their order before the first lease of any. */
const BEFORE_FIRST = 2 ** 32
/** No heap has anything there. */
const NOWHERE = -1

/** The credentials of a pool, and those that were: what comes back is what it was. */
export class Slots {
  readonly #pool: string
  readonly #isRenewable: boolean
  readonly #byFingerprint = new Map<string, Slot>()
  readonly #byId = new Map<string, Slot>()
  readonly #removed = new Set<Slot>()
  readonly #freeIndexes: number[] = []
  #added = 0
  #indexes = 0

  constructor(pool: string, isRenewable: boolean) {
    this.#pool = pool
    this.#isRenewable = isRenewable
  }

  /** Those that are listed, in the order of addition. */
  get listed(): readonly Slot[] {
    return [...this.#byId.values()]
  }

  /** And those that were. */
  get known(): Iterable<Slot> {
    return this.#byFingerprint.values()
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Slot | undefined {
    return this.#byId.get(id)
  }

  /** The one with these values, listed or not. */
  of(source: CredentialSource): Slot {
    const print = fingerprint(source.values)
    return this.#byFingerprint.get(print) ?? this.#create(print, source)
  }

  list(slot: Slot): void {
    if (slot.isListed) return
    slot.isListed = true
    slot.index = this.#freeIndexes.pop() ?? this.#indexes++
    this.#byId.set(slot.id, slot)
    this.#removed.delete(slot)
  }

  unlist(slot: Slot): void {
    slot.isListed = false
    this.#byId.delete(slot.id)
    this.#removed.add(slot)
    for (const oldest of this.#removed) {
      if (this.#removed.size <= MAX_REMEMBERED) break
      // A renewal that runs must be found again, or there could be two.
      if (oldest.session?.renewal) continue
      this.#removed.delete(oldest)
      this.#byFingerprint.delete(oldest.fingerprint)
    }
  }

  /**
   * To be called when one that is not listed has left all heaps: the next one gets its place in them. It must not keep
   * it, since its leases and its renewal may end long after.
   */
  release(slot: Slot): void {
    this.#freeIndexes.push(slot.index)
    slot.index = NOWHERE
  }

  #create(print: string, { values }: CredentialSource): Slot {
    const number = ++this.#added
    const id = `${this.#pool}:${number}`
    const slot: Slot = {
      index: NOWHERE,
      id,
      fingerprint: print,
      source: { id, values },
      session: this.#isRenewable ? new SessionState() : undefined,
      name: '…',
      from: undefined,
      weight: 1,
      isListed: false,
      standing: 'out',
      health: healthy,
      inFlight: 0,
      lastUsed: number - BEFORE_FIRST,
      pass: 0,
      successes: 0,
      failures: 0,
      lastUsedAt: undefined,
      lastSuccessAt: undefined,
      lastFailureAt: undefined,
    }
    this.#byFingerprint.set(print, slot)
    return slot
  }
}

/** What the operator says of it beside its values. A weight that is no positive number is 1. */
export function describe(slot: Slot, { name, values, from, weight = 1 }: CredentialSource): void {
  slot.name = name ?? tokenName(values)
  slot.from = from
  slot.weight = weight > 0 && weight < Number.POSITIVE_INFINITY ? weight : 1
}
