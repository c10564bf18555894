import { DragomanError } from '@dragoman/core'

/**
 * An iterable that stops its source as soon as it is left, also while a `next()` is pending: an async generator would
 * first wait for what it awaits. `open` gets a signal that trips then, and with the caller's own.
 */
export function abortOnLeave<T>(
  signal: AbortSignal,
  open: (signal: AbortSignal) => AsyncGenerator<T>,
): AsyncIterableIterator<T> {
  const controller = new AbortController()
  const source = open(AbortSignal.any([signal, controller.signal]))
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => source.next(),
    async return() {
      controller.abort(new DragomanError('aborted', 'The caller left'))
      await source.return(undefined).catch(() => {
        // Its last words are for somebody who still listens.
      })
      return { done: true, value: undefined }
    },
  }
}
