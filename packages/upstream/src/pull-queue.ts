import { type Taker, take } from '@dragoman/core'

/** Where the items come from, as far as their reader may steer it. */
export interface Flow {
  pause(): void
  resume(): void
  /** The reader is through, or has left before the end. Called once. */
  release(): void
}

// A read of the socket brings up to 64 KiB, so this is how far a stream runs ahead of a reader that has stopped:
// enough that a lively reader never waits for a resume, little enough that a thousand stalled ones fit into memory.
const MAX_ITEMS = 512
const MAX_BYTES = 256 * 1024

const DONE: IteratorReturnResult<undefined> = Object.freeze({ value: undefined, done: true })

/**
 * Items that one side pushes, in its own turn, and the other side pulls. The only asynchronous step between a socket
 * and its reader: `next()` answers at once while something waits, and pushing answers a `next()` that waits. When too
 * much waits, the source is paused until half of it is gone.
 */
export class PullQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #flow: Flow
  readonly #items: T[] = []
  readonly #sizes: number[] = []
  readonly #readers: { resolve: (result: IteratorResult<T, undefined>) => void; reject: (error: Error) => void }[] = []
  #taker: Taker<T> | undefined
  #bytes = 0
  #isPaused = false
  #isOver = false
  #isReleased = false
  #error: Error | undefined

  constructor(flow: Flow) {
    this.#flow = flow
  }

  /** @param bytes what the item took on the wire, roughly */
  push(item: T, bytes: number): void {
    if (this.#isOver) return
    const taker = this.#taker
    if (taker) {
      this.#taker = undefined
      taker.item(item)
      return
    }
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ value: item, done: false })
      return
    }
    this.#items.push(item)
    this.#sizes.push(bytes)
    this.#bytes += bytes
    if (!this.#isPaused && (this.#items.length > MAX_ITEMS || this.#bytes > MAX_BYTES)) {
      this.#isPaused = true
      this.#flow.pause()
    }
  }

  /** No more items; the reader still gets those that wait. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#readers.length > 0 || this.#taker) this.#release()
  }

  /** The reader gets the items that wait, unless `discard`, and then this error, once. */
  fail(error: Error, discard = false): void {
    if (this.#isReleased) return
    // An abort counts even when the last item is here already: nobody is to read on after it.
    if (discard) this.#clear()
    else if (this.#isOver) return
    this.#isOver = true
    const taker = this.#taker
    const reader = this.#readers.shift()
    if (taker) {
      this.#taker = undefined
      this.#release()
      taker.fail(error)
    } else if (reader) {
      reader.reject(error)
      this.#release()
    } else {
      this.#error = error
    }
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#items.length > 0) return Promise.resolve({ value: this.#shift(), done: false })
    if (!this.#isOver) return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
    const error = this.#error
    this.#release()
    return error ? Promise.reject(error) : Promise.resolve(DONE)
  }

  [take](taker: Taker<T>): void {
    if (this.#items.length > 0) {
      taker.item(this.#shift())
    } else if (!this.#isOver) {
      this.#taker = taker
    } else {
      const error = this.#error
      this.#release()
      if (error) taker.fail(error)
      else taker.done()
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#isOver = true
    this.#clear()
    this.#release()
    return Promise.resolve(DONE)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #release(): void {
    this.#error = undefined
    const taker = this.#taker
    this.#taker = undefined
    if (!this.#isReleased) {
      this.#isReleased = true
      this.#flow.release()
    }
    for (const reader of this.#readers.splice(0)) reader.resolve(DONE)
    // At last: what it does happens here and now.
    taker?.done()
  }

  #shift(): T {
    const item = this.#items.shift() as T // asked only where there is one; T itself may be undefined
    this.#bytes -= this.#sizes.shift() ?? 0
    if (this.#isPaused && this.#items.length <= MAX_ITEMS / 2 && this.#bytes <= MAX_BYTES / 2) {
      this.#isPaused = false
      if (!this.#isOver) this.#flow.resume()
    }
    return item
  }

  #clear(): void {
    this.#items.length = 0
    this.#sizes.length = 0
    this.#bytes = 0
  }
}
