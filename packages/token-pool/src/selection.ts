import type { Credential } from '@dragoman/core'
import { isResting } from './cooldown.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { Strategy } from './pool-options.ts'
import { credentialOf, type Slot } from './slot.ts'

/** Leases of one credential at the same time that order exactly; more are still fewest first. */
const ORDERED = 2 ** 40

/** What the next one has least of. */
const ranks: Readonly<Record<Strategy, (slot: Slot) => number>> = {
  'least-used': ({ inFlight, lastUsed }) => inFlight * ORDERED + lastUsed,
  'round-robin': ({ lastUsed }) => lastUsed,
  // Stride scheduling: each use moves a credential on by a step that is the shorter the greater its weight is.
  weighted: ({ pass }) => pass,
}

/** Clients may bring models' names without end. Beyond these, resting credentials are stepped over one by one. */
const MAX_VIEWS = 16

/**
 * The free credentials in the order in which they are to be used. For models for which some of them rest there is an
 * order of its own, so that nine hundred rate-limited ones are not stepped over at each lease.
 */
export class Selection {
  readonly #rank: (slot: Slot) => number
  readonly #isWeighted: boolean
  readonly #free = new IndexedHeap<Slot>()
  readonly #asleep = new IndexedHeap<Slot>()
  readonly #views = new Map<string, IndexedHeap<Slot>>()
  /** How many credentials have a cooldown for the model. */
  readonly #resting = new Map<string, number>()
  #pass = 0

  constructor(strategy: Strategy) {
    this.#rank = ranks[strategy]
    this.#isWeighted = strategy === 'weighted'
  }

  get free(): number {
    return this.#free.size
  }

  /** The next one whose session has to be fetched. */
  get asleep(): Slot | undefined {
    return this.#asleep.top
  }

  /** To be called whenever anything about it has changed. */
  update(slot: Slot, now: number): void {
    const isFree = slot.standing === 'free'
    const rank = this.#rank(slot)
    if (isFree) this.#free.set(slot, rank)
    else this.#free.delete(slot)
    if (slot.session) {
      if (slot.standing === 'asleep') this.#asleep.set(slot, rank)
      else this.#asleep.delete(slot)
    }
    for (const [model, view] of this.#views) {
      if (isFree && !restsFor(slot, model, now)) view.set(slot, rank)
      else view.delete(slot)
    }
  }

  /** To be called before `update` where the models for which it has cooldowns are others now. */
  recount(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>, now: number): void {
    for (const model of after.keys()) if (!before.has(model)) this.#count(model, 1, now)
    for (const model of before.keys()) if (!after.has(model)) this.#count(model, -1, now)
  }

  /**
   * To be called before `update` when it was out and is not any more: it would else be used alone until it had made up
   * for all that time. One that was only full has to make up for it, or it would never get its part.
   */
  returned(slot: Slot): void {
    if (slot.pass < this.#pass) slot.pass = this.#pass
  }

  /** It got a lease. */
  used(slot: Slot): void {
    if (!this.#isWeighted) return
    this.#pass = Math.max(this.#pass, slot.pass)
    slot.pass += 1 / slot.weight
  }

  best(model: string | undefined, exclude: ReadonlySet<Credential> | undefined, now: number): Slot | undefined {
    const heap = this.#of(model)
    const { top } = heap
    if (!top || this.accepts(top, model, exclude, now)) return top
    return heap.first((slot) => this.accepts(slot, model, exclude, now))
  }

  /** More than one could serve, those included that the caller excludes. */
  hasChoice(model: string | undefined): boolean {
    return this.#of(model).size > 1
  }

  accepts(slot: Slot, model: string | undefined, exclude: ReadonlySet<Credential> | undefined, now: number): boolean {
    if (exclude && exclude.size > 0 && exclude.has(credentialOf(slot))) return false
    return model === undefined || slot.health.models.size === 0 || !restsFor(slot, model, now)
  }

  #of(model: string | undefined): IndexedHeap<Slot> {
    return (model !== undefined && this.#views.size > 0 && this.#views.get(model)) || this.#free
  }

  #count(model: string, by: number, now: number): void {
    const count = (this.#resting.get(model) ?? 0) + by
    if (count === 0) {
      this.#resting.delete(model)
      this.#views.delete(model)
      return
    }
    this.#resting.set(model, count)
    if (by < 0 || this.#views.has(model) || this.#views.size >= MAX_VIEWS) return
    const view = new IndexedHeap<Slot>()
    for (const slot of this.#free) if (!restsFor(slot, model, now)) view.set(slot, this.#rank(slot))
    this.#views.set(model, view)
  }
}

function restsFor({ health }: Slot, model: string, now: number): boolean {
  const cooldown = health.models.size === 0 ? undefined : health.models.get(model)
  return cooldown !== undefined && isResting(cooldown, now)
}
