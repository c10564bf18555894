import { type Call, type CallEvent, DragomanError, isDragomanError } from '@dragoman/core'

/**
 * What `open` gives, with errors that mean at Model Studio what they mean there: the word `insufficient_quota` of a 429
 * is its limit of tokens per minute, which a moment's wait mends, unless the message speaks of the free quota; and a key
 * it does not know is often one of another region.
 */
export function withKnownFaults<T>(
  call: Call,
  region: string,
  open: (call: Call) => AsyncIterable<T>,
): AsyncIterableIterator<T, undefined> {
  let status = 0
  const observe = (event: CallEvent) => {
    if (event.type === 'response') status = event.status
    call.observe?.(event)
  }
  const source = open({ ...call, observe })[Symbol.asyncIterator]()
  // No generator: that would let go of the source only when a pending item has come.
  return {
    async next() {
      try {
        const { done, value } = await source.next()
        return done ? { done, value: undefined } : { done: false, value }
      } catch (error) {
        throw explained(error, status, region)
      }
    },
    async return() {
      await source.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

function explained(error: unknown, status: number, region: string): unknown {
  if (!isDragomanError(error)) return error
  const { message, retryAfterMs, origin } = error
  if (error.code === 'credential_exhausted' && status === 429 && !/free/i.test(message)) {
    return new DragomanError('rate_limited', message, { retryAfterMs, origin, cause: error })
  }
  if (error.code === 'credential_rejected') {
    const where = `${message} (a key works in its own region only; this is ${region})`
    return new DragomanError('credential_rejected', where, { origin, cause: error })
  }
  return error
}
