import { type ClientRights, type Clock, DragomanError } from '@dragoman/core'
import { SlidingMinute } from './sliding-minute.ts'

/** What a key may still do within the minute; `resetMs` until all of it is free again. */
export interface RateState {
  readonly requests?: Rate | undefined
  readonly tokens?: Rate | undefined
}

export interface Rate {
  readonly limit: number
  readonly remaining: number
  readonly resetMs: number
}

/** What was taken for one request. */
export interface Taken {
  /** The tokens that it came to, in place of those that were taken. */
  settle(tokens: number): void
  /** As if it had not been made. */
  undo(): void
}

interface Minutes {
  readonly requests: SlidingMinute
  readonly tokens: SlidingMinute
}

/** Keys that were not used for a minute are forgotten when there are more than this. */
const mostKeys = 1_000

/** Requests and tokens per minute, by key, in this process. */
export class Rates {
  readonly #clock: Clock
  readonly #minutes = new Map<string, Minutes>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Throws `rate_limit_exceeded`. @param tokens what the request may come to; more than the limit is all of it */
  take(rights: ClientRights, tokens: number): Taken | undefined {
    const { requestsPerMinute, tokensPerMinute } = rights
    if (requestsPerMinute === undefined && tokensPerMinute === undefined) return undefined
    const minutes = this.#of(rights.id)
    const now = this.#clock.elapsed()
    if (requestsPerMinute !== undefined) {
      const waitMs = minutes.requests.take(1, requestsPerMinute, now)
      if (waitMs > 0) throw refusal(`${requestsPerMinute} requests per minute`, waitMs)
    }
    if (tokensPerMinute !== undefined) {
      const waitMs = minutes.tokens.take(tokens, tokensPerMinute, now)
      if (waitMs > 0) {
        if (requestsPerMinute !== undefined) minutes.requests.correct(now, -1, now)
        throw refusal(`${tokensPerMinute} tokens per minute, and this request may need ${tokens}`, waitMs)
      }
    }
    return new TakenNow(minutes, rights, Math.min(tokens, tokensPerMinute ?? 0), now, this.#clock)
  }

  of(rights: ClientRights): RateState | undefined {
    const { requestsPerMinute, tokensPerMinute } = rights
    if (requestsPerMinute === undefined && tokensPerMinute === undefined) return undefined
    const { requests, tokens } = this.#of(rights.id)
    const now = this.#clock.elapsed()
    const rate = (minute: SlidingMinute, limit: number | undefined) =>
      limit === undefined ? undefined : { limit, remaining: minute.remaining(limit, now), resetMs: minute.resetMs(now) }
    return { requests: rate(requests, requestsPerMinute), tokens: rate(tokens, tokensPerMinute) }
  }

  #of(id: string): Minutes {
    const known = this.#minutes.get(id)
    if (known) return known
    if (this.#minutes.size >= mostKeys) this.#forget()
    const minutes = { requests: new SlidingMinute(), tokens: new SlidingMinute() }
    this.#minutes.set(id, minutes)
    return minutes
  }

  #forget(): void {
    const now = this.#clock.elapsed()
    for (const [id, { requests, tokens }] of this.#minutes) {
      if (requests.resetMs(now) === 0 && tokens.resetMs(now) === 0) this.#minutes.delete(id)
    }
  }
}

class TakenNow implements Taken {
  readonly #minutes: Minutes
  readonly #rights: ClientRights
  readonly #tokens: number
  readonly #at: number
  readonly #clock: Clock

  constructor(minutes: Minutes, rights: ClientRights, tokens: number, at: number, clock: Clock) {
    this.#minutes = minutes
    this.#rights = rights
    this.#tokens = tokens
    this.#at = at
    this.#clock = clock
  }

  settle(tokens: number): void {
    if (this.#rights.tokensPerMinute === undefined || tokens === this.#tokens) return
    this.#minutes.tokens.correct(this.#at, tokens - this.#tokens, this.#clock.elapsed())
  }

  undo(): void {
    if (this.#rights.requestsPerMinute !== undefined)
      this.#minutes.requests.correct(this.#at, -1, this.#clock.elapsed())
    this.settle(0)
  }
}

/** Of what is told to clients: beyond it their SDKs are told not to wait at all. */
const longestWaitMs = 60_000

function refusal(limit: string, waitMs: number): DragomanError {
  const retryAfterMs = Math.min(waitMs, longestWaitMs)
  const message = `This key has ${limit}: try again in ${Math.ceil(retryAfterMs / 1_000)} s`
  return new DragomanError('rate_limit_exceeded', message, { retryAfterMs })
}
