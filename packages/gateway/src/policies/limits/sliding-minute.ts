const bucketMs = 1_000
/** A minute in whole seconds, and the one that is under way. */
const buckets = 61

/**
 * What was used within the last minute, by the second: in no sixty seconds more is let through than the limit, and at most
 * a second passes until what is a minute old counts no more. Times are milliseconds of `Clock.elapsed`. Takes 61 numbers,
 * whatever the limit is.
 */
export class SlidingMinute {
  readonly #used = new Float64Array(buckets)
  #sum = 0
  /** The second that was looked at last, and the last one in which something was used. */
  #now = 0
  #lastUse = Number.NEGATIVE_INFINITY

  /**
   * Uses `amount`, where that is within the limit. Where it is not, the milliseconds until it will be, if nobody else
   * comes first. More than the whole limit is taken as all of it.
   *
   * @returns 0 where it was used
   */
  take(amount: number, limit: number, now: number): number {
    this.#advance(now)
    const asked = Math.min(amount, limit)
    if (this.#sum + asked > limit) return this.#waitFor(this.#sum + asked - limit, now)
    this.#used[this.#now % buckets] = (this.#used[this.#now % buckets] ?? 0) + asked
    this.#sum += asked
    if (asked > 0) this.#lastUse = this.#now
    return 0
  }

  /** What was used at a time, as it turned out to be more or less than was taken. */
  correct(takenAt: number, difference: number, now: number): void {
    this.#advance(now)
    const second = Math.floor(takenAt / bucketMs)
    if (second <= this.#now - buckets) return
    const before = this.#used[second % buckets] ?? 0
    const after = Math.max(0, before + difference)
    this.#used[second % buckets] = after
    this.#sum += after - before
  }

  remaining(limit: number, now: number): number {
    this.#advance(now)
    return Math.max(0, Math.floor(limit - this.#sum))
  }

  /** Until nothing of what was used counts any more. */
  resetMs(now: number): number {
    this.#advance(now)
    return this.#sum === 0 ? 0 : Math.max(0, (this.#lastUse + buckets) * bucketMs - now)
  }

  #advance(now: number): void {
    const second = Math.floor(now / bucketMs)
    if (second <= this.#now) return
    if (second - this.#now >= buckets) {
      this.#used.fill(0)
      this.#sum = 0
    } else {
      for (let passed = this.#now + 1; passed <= second; passed++) {
        this.#sum -= this.#used[passed % buckets] ?? 0
        this.#used[passed % buckets] = 0
      }
    }
    this.#now = second
  }

  #waitFor(excess: number, now: number): number {
    let freed = 0
    for (let second = this.#now - buckets + 1; second <= this.#now; second++) {
      freed += this.#used[((second % buckets) + buckets) % buckets] ?? 0
      if (freed >= excess) return (second + buckets) * bucketMs - now
    }
    // Not reached: all of it together is more than the excess.
    return buckets * bucketMs
  }
}
