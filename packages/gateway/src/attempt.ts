import {
  type AnswerItem,
  type AttemptEntry,
  type Call,
  type Clock,
  type Credential,
  DragomanError,
  type Lease,
  type StateStore,
  type Taker,
  Watchdog,
} from '@dragoman/core'
import type { Usage } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'
import type { Candidate, OpenLane } from './job.ts'
import type { Lane, WholeAnswer } from './lane.ts'
import type { Limits } from './limits.ts'
import type { TurnReader } from './turn-reader.ts'

/** Without new output an answer may go on for this many times `idleMs`, as long as bytes come (the upstream's own limit). */
export const idleChunksFactor = 5

/** An upstream that does not stream gives its first output with its last, and gets this many times as long for it. */
const wholeAnswerFactor = 5

export interface AttemptContext {
  readonly client: string
  readonly clock: Clock
  readonly state: StateStore
  readonly limits: Limits
  /** The client has had a heartbeat. */
  readonly isLate: boolean
}

/**
 * One call to one target with one credential.
 *
 * It owns the lease, the upstream's answer and the limits that belong to a call. Exactly one of `succeed` and `fail`
 * ends it; both are safe to call again.
 */
export class Attempt {
  readonly target: Target
  readonly limits: Limits
  readonly #lease: Lease
  readonly #clock: Clock
  readonly #controller = new AbortController()
  readonly #opened: OpenLane
  readonly #watchdog: Watchdog
  readonly #startedAt: number
  readonly #begunAt: number
  #refuse: ((reason: unknown) => void) | undefined
  #hasOutput = false
  #upstreamStatus: number | undefined
  #entry: AttemptEntry | undefined

  constructor(candidate: Candidate, lease: Lease, { client, clock, state, limits, isLate }: AttemptContext) {
    this.target = candidate.target
    this.limits = limits
    this.#lease = lease
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
    this.#watchdog = new Watchdog(clock, this.#onStall)
    const call: Call = {
      credential: lease.credential,
      signal: this.#controller.signal,
      state,
      client,
      limits,
      observe: (event) => {
        if (event.type === 'response') this.#upstreamStatus = event.status
      },
    }
    this.#opened = candidate.open(call, isLate)
  }

  get #lane(): Lane {
    return this.#opened.lane
  }

  /** Whether the upstream's own bytes are handed on. */
  get isRelay(): boolean {
    return this.#opened.parsedBecause === undefined
  }

  /** What has been read along, for later turns. */
  get turn(): TurnReader | undefined {
    return this.#opened.turn
  }

  /** Tells what was used, and how much: the upstream's report, else an estimate that says so. */
  get usage(): Usage {
    return this.#lane.usage
  }

  get finishReason(): string | undefined {
    return this.#lane.finishReason
  }

  get credential(): Credential {
    return this.#lease.credential
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The whole answer. */
  complete(): Promise<WholeAnswer> {
    return this.#within((lane) => lane.whole(this.#onProgress))
  }

  /** The items up to and with the first that carries output; all of them where none does. */
  begin(): Promise<AnswerItem[]> {
    return this.#within(untilOutput)
  }

  /** What follows `begin`. Whoever waits for it watches the clock and the caller: a provider may never settle. */
  next(): Promise<IteratorResult<AnswerItem, undefined>> {
    return this.#lane.next()
  }

  /** The same without a promise. */
  take(taker: Taker<AnswerItem>): void {
    this.#lane.take(taker)
  }

  /** Ends the call with what made it fail; the upstream's socket is closed. */
  abort(reason: unknown): void {
    this.#controller.abort(reason)
    this.#refuse?.(reason)
  }

  succeed(): AttemptEntry {
    return this.#end(undefined)
  }

  fail(error: DragomanError): AttemptEntry {
    return this.#end(error)
  }

  /** Settles with `run`, or before it when the attempt is aborted or out of time. */
  #within<T>(run: (lane: Lane) => Promise<T>): Promise<T> {
    this.#watchdog.watch(this.#firstOutputMs)
    return new Promise((resolve, reject) => {
      this.#refuse = reject
      run(this.#lane).then(
        (result) => {
          this.#watchdog.stop()
          resolve(result)
        },
        (error) => {
          this.#watchdog.stop()
          reject(error)
        },
      )
      if (this.signal.aborted) reject(this.signal.reason)
    })
  }

  get #firstOutputMs(): number {
    return this.limits.firstTokenMs * (this.#lane.answersWhole ? wholeAnswerFactor : 1)
  }

  get #furtherOutputMs(): number {
    return this.limits.idleMs * idleChunksFactor
  }

  readonly #onProgress = (): void => {
    if (!this.#lane.hasOutput) return
    if (!this.#hasOutput) this.#watchdog.stop()
    this.#hasOutput = true
    this.#watchdog.watch(this.#furtherOutputMs)
  }

  readonly #onStall = (): void => {
    const what = this.#hasOutput
      ? `for ${this.#furtherOutputMs} ms (${idleChunksFactor} times limits.idleMs)`
      : `within ${this.#firstOutputMs} ms (limits.firstTokenMs)`
    const message = `${this.target.entry.id} gave no output ${what}`
    this.abort(new DragomanError('upstream_timeout', message, { origin: 'upstream' }))
  }

  #end(error: DragomanError | undefined): AttemptEntry {
    if (this.#entry) return this.#entry
    if (error) this.abort(error)
    this.#watchdog.stop()
    this.#lane.leave()
    if (!error) this.#lease.settle({ kind: 'ok' })
    else if (error.scope === 'aborted') this.#lease.settle({ kind: 'aborted' })
    else this.#lease.settle({ kind: 'failed', error })
    this.#entry = {
      provider: this.target.entry.id,
      model: this.target.model,
      credential: this.#lease.credential.id,
      startedAt: this.#startedAt,
      durationMs: Math.round(this.#clock.elapsed() - this.#begunAt),
      upstreamStatus: this.#upstreamStatus,
      relayed: this.isRelay,
      parsedBecause: this.#opened.parsedBecause,
      markup: this.#opened.markup?.found,
      error: error && { code: error.code, message: error.message },
    }
    return this.#entry
  }
}

async function untilOutput(lane: Lane): Promise<AnswerItem[]> {
  const items: AnswerItem[] = []
  while (!lane.hasOutput) {
    const { done, value } = await lane.next()
    if (done) break
    items.push(value)
  }
  return items
}
