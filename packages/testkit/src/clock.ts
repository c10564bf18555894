import type { Clock } from '@dragoman/core'

/** A `Clock` that stands still until a test moves it. All durations in milliseconds. */
export interface HandClock extends Clock {
  /**
   * Moves time forward and runs every timer that falls due on the way, in order, those that timers schedule included.
   * Before the first and after each of them, promise jobs and one turn of the event loop run, so that code which waits
   * for a timer goes on before the next one fires.
   */
  advance(ms: number): Promise<void>
  /** The same in one go, for code that is synchronous itself: no promise job runs in between. */
  advanceSync(ms: number): void
  /** The wall clock jumps, ahead or back, as when somebody sets it. Timers keep their distance; none fires. */
  jump(ms: number): void
  /** Resolves as soon as a timer is waiting that was scheduled with exactly this delay. */
  armed(delayMs: number): Promise<void>
  /** Timers that wait: neither run nor cancelled. Zero when everything cleaned up after itself. */
  readonly pending: number
}

interface Timer {
  readonly dueAt: number
  readonly delayMs: number
  readonly action: () => void
}

/** More timers than this within one advance is a timer that schedules itself without delay. */
const MAX_RUNS = 100_000

/** @param startAt Unix milliseconds; the default is a round instant in 2026. */
export function handClock(startAt: number = Date.UTC(2026, 0, 1)): HandClock {
  let elapsedMs = 0
  let wallOffset = startAt
  const timers = new Set<Timer>()
  const awaited = new Map<number, () => void>()

  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined
    // A set keeps its order of insertion, so of two timers due at once the earlier scheduled one wins.
    for (const timer of timers) if (timer.dueAt <= until && (!next || timer.dueAt < next.dueAt)) next = timer
    return next
  }
  const runNext = (until: number): boolean => {
    const timer = nextDue(until)
    if (!timer) return false
    timers.delete(timer)
    elapsedMs = Math.max(elapsedMs, timer.dueAt)
    timer.action()
    return true
  }
  const target = (ms: number): number => {
    if (!(ms >= 0)) throw new RangeError(`A clock advances by a positive number of milliseconds, not ${ms}; see jump()`)
    return elapsedMs + ms
  }
  const bounded = (runs: number) => {
    if (runs > MAX_RUNS) throw new Error(`More than ${MAX_RUNS} timers ran in one advance: one schedules itself`)
  }

  return {
    now: () => wallOffset + elapsedMs,
    elapsed: () => elapsedMs,
    schedule(action, delayMs) {
      const timer = { dueAt: elapsedMs + Math.max(0, delayMs || 0), delayMs, action }
      timers.add(timer)
      awaited.get(delayMs)?.()
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const until = target(ms)
      await turn()
      for (let runs = 0; runNext(until); runs++) {
        bounded(runs)
        await turn()
      }
      elapsedMs = Math.max(elapsedMs, until)
    },
    advanceSync(ms) {
      const until = target(ms)
      for (let runs = 0; runNext(until); runs++) bounded(runs)
      elapsedMs = Math.max(elapsedMs, until)
    },
    jump(ms) {
      wallOffset += ms
    },
    armed(delayMs) {
      for (const timer of timers) if (timer.delayMs === delayMs) return Promise.resolve()
      return new Promise((resolve) => {
        const before = awaited.get(delayMs)
        awaited.set(delayMs, () => {
          awaited.delete(delayMs)
          before?.()
          resolve()
        })
      })
    },
    get pending() {
      return timers.size
    },
  }
}

/** One turn of the event loop: what was ready has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
