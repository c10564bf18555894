/** Gets the next item of a stream by a call, in the turn in which it comes. Exactly one of the three is called, once. */
export interface Taker<T> {
  item(value: T): void
  done(): void
  fail(error: unknown): void
}

/** The method beside `next` of iterators that can hand out items without a promise for each. */
export const take: unique symbol = Symbol.for('dragoman.take')

interface Takeable<T> {
  [take](taker: Taker<T>): void
}

/**
 * Asks an iterator for its next item. Promises cost several turns of the microtask queue and as many objects for each
 * item and layer, which is most of what a stream costs beside its sockets; where the iterator can do without, so be it.
 */
export function takeNext<T>(iterator: AsyncIterator<T, unknown>, taker: Taker<T>): void {
  if (isTakeable(iterator)) iterator[take](taker)
  else
    promised(iterator).then(({ done, value }) => (done ? taker.done() : taker.item(value as T)), taker.fail.bind(taker))
}

/** Also where `next` throws in place of giving a promise, or gives something else. */
async function promised<T>(iterator: AsyncIterator<T, unknown>): Promise<IteratorResult<T, unknown>> {
  return iterator.next()
}

function isTakeable<T>(iterator: AsyncIterator<T, unknown>): iterator is AsyncIterator<T, unknown> & Takeable<T> {
  return take in iterator
}
