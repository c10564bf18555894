import { DragomanError, type Taker, take, takeNext } from '@dragoman/core'

/**
 * Items whose source is opened with the first `next()`, and let go as soon as they are left, also while a `next()` is
 * pending: an async generator would first wait for what it awaits. `left` trips then; what `open` does has to end with
 * it (requests take it beside the signal of their call). Once the source is open, its own promises are handed on, so
 * that an item costs nothing here.
 */
export function abortOnLeave<T>(
  open: (left: AbortSignal) => Promise<AsyncIterator<T, undefined>>,
): AsyncIterableIterator<T, undefined> {
  return new OpenedOnDemand(open)
}

class OpenedOnDemand<T> implements AsyncIterableIterator<T, undefined> {
  readonly #controller = new AbortController()
  readonly #open: (left: AbortSignal) => Promise<AsyncIterator<T, undefined>>
  #opening: Promise<AsyncIterator<T, undefined>> | undefined
  #source: AsyncIterator<T, undefined> | undefined
  #isOver = false

  constructor(open: (left: AbortSignal) => Promise<AsyncIterator<T, undefined>>) {
    this.#open = open
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined })
    return this.#source ? this.#source.next() : this.#first()
  }

  [take](taker: Taker<T>): void {
    if (this.#source && !this.#isOver) {
      takeNext(this.#source, taker)
      return
    }
    this.next().then(
      (result) => (result.done ? taker.done() : taker.item(result.value)),
      (error) => taker.fail(error),
    )
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isOver = true
    this.#controller.abort(new DragomanError('aborted', 'The caller left'))
    try {
      const source = this.#source ?? (await this.#opening)
      await source?.return?.()
    } catch {
      // Its last words are for somebody who still listens.
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async #first(): Promise<IteratorResult<T, undefined>> {
    this.#opening ??= this.#open(this.#controller.signal)
    try {
      this.#source = await this.#opening
    } catch (error) {
      this.#isOver = true
      throw error
    }
    return this.#source.next()
  }
}
