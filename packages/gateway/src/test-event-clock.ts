import type { Clock } from '@dragoman/core'

interface Event {
  readonly at: number
  /** Of two at one instant, the one scheduled first comes first. */
  readonly order: number
  readonly action: () => void
  isCancelled: boolean
}

/**
 * A clock that jumps from event to event: for tens of thousands of timers, of which the testkit's would look through all
 * to find the next one. Milliseconds.
 */
export class EventClock implements Clock {
  readonly #startAt: number
  readonly #heap: Event[] = []
  #elapsed = 0
  #scheduled = 0
  #waiting = 0

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.#startAt = startAt
  }

  now(): number {
    return this.#startAt + this.#elapsed
  }

  elapsed(): number {
    return this.#elapsed
  }

  /** Events that are neither over nor cancelled. */
  get pending(): number {
    return this.#waiting
  }

  schedule(action: () => void, delayMs: number): () => void {
    const event = { at: this.#elapsed + Math.max(0, delayMs), order: this.#scheduled++, action, isCancelled: false }
    this.#push(event)
    this.#waiting++
    return () => {
      if (event.isCancelled) return
      event.isCancelled = true
      this.#waiting--
    }
  }

  /** Until nothing is left to happen. What an event sets off runs before the next instant. */
  async run(): Promise<void> {
    for (let next = this.#pop(); next; next = this.#pop()) {
      if (next.isCancelled) continue
      this.#elapsed = next.at
      this.#happen(next)
      for (let same = this.#heap[0]; same && same.at === next.at; same = this.#heap[0]) {
        this.#pop()
        if (!same.isCancelled) this.#happen(same)
      }
      await turn()
    }
  }

  #happen(event: Event): void {
    event.isCancelled = true
    this.#waiting--
    event.action()
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (!parent || !isBefore(event, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (!last || first === last) return first
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const isRight = left && right && isBefore(right, left)
      const child = isRight ? right : left
      if (!child || !isBefore(child, last)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
