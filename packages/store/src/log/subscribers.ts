import type { LogEntry, LogFilter } from '@dragoman/core'
import { matchesEntry } from './match-entry.ts'

/** Entries that one reader has not taken yet, at most. */
const MAX_WAITING = 1_000

interface Subscriber {
  readonly filter: LogFilter
  readonly waiting: LogEntry[]
  wake: (() => void) | undefined
}

/** Who wants to see entries as they come. Costs a look at a number where there is nobody. */
export class Subscribers {
  readonly #all = new Set<Subscriber>()
  #isClosed = false

  publish(entry: LogEntry): void {
    if (this.#all.size === 0) return
    for (const subscriber of this.#all) {
      if (!matchesEntry(entry, subscriber.filter)) continue
      if (subscriber.waiting.length >= MAX_WAITING) subscriber.waiting.shift()
      subscriber.waiting.push(entry)
      subscriber.wake?.()
    }
  }

  /** From now on, whenever the first one is asked for. Ends, without an error, when `signal` trips. */
  subscribe(filter: LogFilter, signal: AbortSignal): AsyncIterable<LogEntry> {
    const subscriber: Subscriber = { filter, waiting: [], wake: undefined }
    const wake = () => subscriber.wake?.()
    if (!signal.aborted && !this.#isClosed) this.#all.add(subscriber)
    signal.addEventListener('abort', wake, { once: true })
    const isOver = () => signal.aborted || this.#isClosed
    const leave = () => {
      this.#all.delete(subscriber)
      signal.removeEventListener('abort', wake)
    }
    return (async function* () {
      try {
        while (!isOver()) {
          const entry = subscriber.waiting.shift()
          if (entry) yield entry
          else {
            await new Promise<void>((resolve) => {
              subscriber.wake = resolve
            })
            subscriber.wake = undefined
          }
        }
      } finally {
        leave()
      }
    })()
  }

  close(): void {
    this.#isClosed = true
    for (const { wake } of this.#all) wake?.()
  }
}
