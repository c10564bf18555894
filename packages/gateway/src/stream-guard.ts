import { type AnswerItem, type Clock, DragomanError, heartbeat, type Taker, take } from '@dragoman/core'

export interface GuardOptions {
  /** Asks for the next item. Before the first one it may take several attempts; a failure ends the stream. */
  take(taker: Taker<AnswerItem>): void
  /** What a failure means. */
  errorOf(cause: unknown): DragomanError
  clock: Clock
  heartbeatMs: number
  /** One silence is over already: the first thing to hand out is its heartbeat. */
  isLate: boolean
  /** Between two chunks, counted only while one is awaited: a slow client is no stall. Undefined before output. */
  idleMs(): number | undefined
  /** Whether the stream goes on in another way, though what it was taken from has stalled. Default: it does not. */
  stalled?: ((error: DragomanError) => boolean) | undefined
  /** Called once, with what ended the stream if it was not its own end. */
  finish(error: DragomanError | undefined): void
}

/**
 * Owns how a streamed answer goes on and ends, towards whoever writes it to the client.
 *
 * Gives chunks as they come and a heartbeat for each silence of `heartbeatMs`. Throws when the answer stalls, breaks or
 * is aborted; ends only when the answer did. Pulls one chunk at a time, so the reader's pace is the upstream's.
 */
export class StreamGuard implements AsyncIterableIterator<AnswerItem, undefined> {
  #options: GuardOptions
  #waiter: Taker<AnswerItem> | undefined
  #arrived: Arrival | undefined
  #pullingSince: number | undefined
  #waitingSince = 0
  #cancelWatch: (() => void) | undefined
  #isOver = false

  constructor(options: GuardOptions) {
    this.#options = options
    if (options.isLate) this.#arrived = { item: heartbeat }
  }

  [Symbol.asyncIterator]() {
    return this
  }

  next(): Promise<IteratorResult<AnswerItem, undefined>> {
    return new Promise((resolve, reject) => {
      this[take]({
        item: (value) => resolve({ done: false, value }),
        done: () => resolve({ done: true, value: undefined }),
        fail: reject,
      })
    })
  }

  [take](waiter: Taker<AnswerItem>): void {
    this.#waiter = waiter
    const now = this.#options.clock.elapsed()
    this.#waitingSince = now
    if (this.#arrived) this.#deliver(this.#arrived)
    else if (this.#isOver) this.#deliver(ended)
    else {
      if (!this.#cancelWatch) this.#watch()
      if (this.#pullingSince !== undefined) return
      this.#pullingSince = now
      this.#options.take(this.#fromSource)
    }
  }

  /** The reader leaves early: for it, that is the end. */
  async return(): Promise<IteratorResult<AnswerItem, undefined>> {
    this.#end(new DragomanError('aborted', 'The caller left'))
    return { done: true, value: undefined }
  }

  /** The client has left, the whole request is out of time, or the gateway shuts down. */
  abort(reason: unknown): void {
    this.#fromSource.fail(reason)
  }

  readonly #fromSource: Taker<AnswerItem> = {
    item: (item) => {
      const waiter = this.#waiter
      if (!waiter || this.#isOver) {
        this.#arrive({ item })
        return
      }
      this.#pullingSince = undefined
      this.#waiter = undefined
      waiter.item(item)
    },
    done: () => this.#arrive(ended),
    fail: (cause) => this.#arrive({ error: this.#options.errorOf(cause) }),
  }

  #arrive(arrival: Arrival): void {
    this.#pullingSince = undefined
    if (this.#isOver) return
    if ('error' in arrival) this.#end(arrival.error)
    else if (!('item' in arrival)) this.#end(undefined)
    if (this.#waiter) this.#deliver(arrival)
    else this.#arrived = arrival
  }

  #deliver(arrival: Arrival): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    this.#arrived = undefined
    if ('error' in arrival) waiter?.fail(arrival.error)
    else if ('item' in arrival) waiter?.item(arrival.item)
    else waiter?.done()
  }

  #end(error: DragomanError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelWatch?.()
    this.#options.finish(error)
  }

  /** One timer for all waits: it looks how long the present one has lasted instead of being set anew for each chunk. */
  #watch(): void {
    const { clock, heartbeatMs, idleMs } = this.#options
    const idle = idleMs() ?? Number.POSITIVE_INFINITY
    const now = clock.elapsed()
    const untilHeartbeat = this.#waitingSince + heartbeatMs - now
    const untilIdle = (this.#pullingSince ?? now) + idle - now
    this.#cancelWatch = clock.schedule(() => this.#look(), Math.max(Math.min(untilHeartbeat, untilIdle), 1))
  }

  #look(): void {
    this.#cancelWatch = undefined
    if (!this.#waiter || this.#isOver) return
    const { clock, heartbeatMs, idleMs } = this.#options
    const now = clock.elapsed()
    const idle = idleMs()
    if (idle !== undefined && this.#pullingSince !== undefined && now - this.#pullingSince >= idle) {
      const message = `The upstream gave no output for ${idle} ms (limits.idleMs)`
      const error = new DragomanError('upstream_timeout', message, { origin: 'upstream' })
      if (this.#options.stalled?.(error)) this.#watch()
      else this.#arrive({ error })
    } else if (now - this.#waitingSince >= heartbeatMs) {
      this.#deliver({ item: heartbeat })
    } else this.#watch()
  }
}

type Arrival = { readonly item: AnswerItem } | { readonly error: DragomanError } | typeof ended

const ended = { isEnd: true } as const
