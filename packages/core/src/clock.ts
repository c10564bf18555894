/** Time as data and as an effect, passed in, so that tests can drive it by hand. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Milliseconds since an arbitrary instant, for durations: unlike `now`, it never jumps. */
  elapsed(): number
  /** Runs `action` once after `delayMs`; the result cancels it. */
  schedule(action: () => void, delayMs: number): () => void
}

/** The machine's own clock. A pending timer does not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  schedule(action, delayMs) {
    const timer = setTimeout(action, delayMs)
    // Browsers give a number here, Node an object that would hold the process open.
    if (typeof timer === 'object') timer.unref()
    return () => clearTimeout(timer)
  },
}
