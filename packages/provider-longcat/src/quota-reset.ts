import { DragomanError, isDragomanError, type Taker, take, takeNext } from '@dragoman/core'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Beijing has no summer time. */
const BEIJING_MS = 8 * HOUR_MS

/** Until the next midnight in Beijing, when quotas begin anew. */
export function untilQuotaReset(now: number): number {
  return DAY_MS - ((now + BEIJING_MS) % DAY_MS)
}

/** LongCat says that a quota is used up, but not for how long: that is known. */
export function withQuotaReset(error: unknown, now: number): unknown {
  if (!isDragomanError(error) || error.code !== 'credential_exhausted' || error.retryAfterMs !== undefined) return error
  const { message, param, origin, cause } = error
  return new DragomanError(error.code, message, { param, origin, cause, retryAfterMs: untilQuotaReset(now) })
}

/** The same items, with other words where it fails. An item costs nothing more where `source` hands out without promises. */
export function mendErrors<T>(
  source: AsyncIterator<T, undefined>,
  mend: (error: unknown) => unknown,
): AsyncIterableIterator<T, undefined> {
  const mended = {
    async next(): Promise<IteratorResult<T, undefined>> {
      try {
        return await source.next()
      } catch (error) {
        throw mend(error)
      }
    },
    async return(): Promise<IteratorResult<T, undefined>> {
      await source.return?.()
      return { done: true, value: undefined }
    },
    [take](taker: Taker<T>): void {
      takeNext(source, {
        item: (value) => taker.item(value),
        done: () => taker.done(),
        fail: (error) => taker.fail(mend(error)),
      })
    },
    [Symbol.asyncIterator]() {
      return mended
    },
  }
  return mended
}
