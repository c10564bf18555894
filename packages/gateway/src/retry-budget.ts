import type { Clock } from '@dragoman/core'

/** As long as the longest rest of a target, and longer than any wait before a repeat. */
const windowMs = 60_000
const slotMs = 5_000

/** Until so many calls have failed, repeats are free: whoever is alone here has all attempts when his service hiccups. */
const freeFailures = 10

/** Repeats stay below this part of all calls. */
const share = 0.2

/** So many second calls are free, that whoever is alone here has some. */
const freeHedges = 3

/** Beyond them, second calls stay within this part of all calls. */
const hedgeShare = 0.1

/**
 * Keeps the repeats of all requests together from becoming a storm on services that are down already.
 *
 * A repeat is one more call, after a wait, to the target that has just failed; going on to another target or credential
 * is none. Once ten calls of the last minute have failed, fewer than a fifth of its calls may be repeats.
 *
 * There is one for a whole gateway, because what is down together (a network, a region, a proxy) has many targets,
 * whose free repeats would add up, and because names of targets come from clients. A request that is refused a repeat
 * had no other target left. Second calls, made to be faster, have a smaller part of their own.
 */
export class RetryBudget {
  readonly #clock: Pick<Clock, 'elapsed'>
  readonly #window: Counts = { calls: 0, failures: 0, repeats: 0, hedges: 0 }
  /** What makes up the window, oldest first. */
  readonly #slots: Slot[] = []

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock
  }

  /** A call to a target is made, a repeat or not. */
  called(): void {
    this.#count('calls')
  }

  /** A call failed in a way that lets others be tried. */
  failed(): void {
    this.#count('failures')
  }

  /** Asked before each repeat: true counts it, although its call is still to come. */
  mayRepeat(): boolean {
    this.#forget()
    const { calls, failures, repeats } = this.#window
    if (failures >= freeFailures && repeats + 1 >= share * (calls + 1)) return false
    this.#count('repeats')
    return true
  }

  /** Asked before a second call is made while the first one is still awaited: true counts it. */
  mayHedge(): boolean {
    this.#forget()
    const { calls, hedges } = this.#window
    if (hedges >= freeHedges && hedges + 1 > hedgeShare * (calls + 1)) return false
    this.#count('hedges')
    return true
  }

  #count(what: keyof Counts): void {
    this.#forget()
    const number = this.#slotNumber()
    let slot = this.#slots.at(-1)
    if (slot?.number !== number) {
      slot = { number, calls: 0, failures: 0, repeats: 0, hedges: 0 }
      this.#slots.push(slot)
    }
    slot[what]++
    this.#window[what]++
  }

  #forget(): void {
    const firstNumber = this.#slotNumber() - windowMs / slotMs + 1
    for (let oldest = this.#slots[0]; oldest && oldest.number < firstNumber; oldest = this.#slots[0]) {
      this.#window.calls -= oldest.calls
      this.#window.failures -= oldest.failures
      this.#window.repeats -= oldest.repeats
      this.#window.hedges -= oldest.hedges
      this.#slots.shift()
    }
  }

  #slotNumber(): number {
    return Math.floor(this.#clock.elapsed() / slotMs)
  }
}

interface Counts {
  calls: number
  failures: number
  repeats: number
  hedges: number
}

interface Slot extends Counts {
  readonly number: number
}
