import type { Credential, Lease, Outcome } from '@dragoman/core'
import type { Slot } from './slot.ts'

/** Counts on the first `settle` only. */
export class PoolLease implements Lease {
  readonly credential: Credential
  readonly number: number
  readonly model: string | undefined
  #slot: Slot | undefined
  readonly #settled: (slot: Slot, lease: PoolLease, outcome: Outcome) => void

  constructor(
    slot: Slot,
    credential: Credential,
    number: number,
    model: string | undefined,
    settled: (slot: Slot, lease: PoolLease, outcome: Outcome) => void,
  ) {
    this.credential = credential
    this.number = number
    this.model = model
    this.#slot = slot
    this.#settled = settled
  }

  settle(outcome: Outcome): void {
    const slot = this.#slot
    if (!slot) return
    this.#slot = undefined
    this.#settled(slot, this, outcome)
  }
}
