import type { Clock } from '@dragoman/core'

/** A store that takes longer than an upstream's first word is of no use to the one who waits. */
const longestLookMs = 2_000

/** What a store says, in time; undefined where it says nothing or cannot be asked. A request goes on without it. */
export function lookedUp<T>(clock: Clock, look: () => Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.schedule(() => resolve(undefined), longestLookMs)
    const settle = (value: T | undefined) => {
      cancel()
      resolve(value)
    }
    try {
      look().then(settle, () => settle(undefined))
    } catch {
      settle(undefined) // a store of somebody else's may throw in place of rejecting
    }
  })
}
