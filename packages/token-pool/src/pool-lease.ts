import type { Credential, Lease, Outcome } from '@dragoman/core'
import type { Slot } from './slot.ts'

export interface LeaseListener {
  confirmed(slot: Slot, lease: PoolLease): void
  settled(slot: Slot, lease: PoolLease, outcome: Outcome): void
}

/** Counts on the first `settle` only, and on the first `confirm` before it. */
export class PoolLease implements Lease {
  readonly credential: Credential
  readonly number: number
  readonly model: string | undefined
  #slot: Slot | undefined
  #isConfirmed = false
  readonly #listener: LeaseListener

  constructor(slot: Slot, credential: Credential, number: number, model: string | undefined, listener: LeaseListener) {
    this.credential = credential
    this.number = number
    this.model = model
    this.#slot = slot
    this.#listener = listener
  }

  confirm(): void {
    if (!this.#slot || this.#isConfirmed) return
    this.#isConfirmed = true
    this.#listener.confirmed(this.#slot, this)
  }

  settle(outcome: Outcome): void {
    const slot = this.#slot
    if (!slot) return
    this.#slot = undefined
    this.#listener.settled(slot, this, outcome)
  }
}
