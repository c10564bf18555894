import { type Clock, toDragomanError } from '@dragoman/core'

/** Between two looks at a job of a service that tells nobody when it is done. Rejects as soon as the signal trips. */
export function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      cancel()
      reject(toDragomanError(signal.reason, signal))
    }
    const cancel = clock.schedule(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, ms)
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
  })
}
