import type { LogEntry } from '@dragoman/core'

/** How the requests that reached the gateway have ended since the start; for `/health`. */
export class RequestCounts {
  #successful = 0
  #failed = 0
  #aborted = 0

  add({ error }: Pick<LogEntry, 'error'>): void {
    if (!error) this.#successful++
    else if (error.code === 'aborted') this.#aborted++
    else this.#failed++
  }

  /** `success_rate` is between 0 and 1, of those that were not aborted; undefined while there are none. */
  summary() {
    const successful = this.#successful
    const ended = successful + this.#failed
    return {
      total_requests: ended + this.#aborted,
      successful_requests: successful,
      failed_requests: this.#failed,
      aborted_requests: this.#aborted,
      success_rate: ended === 0 ? undefined : Math.round((successful / ended) * 10_000) / 10_000,
    }
  }
}
