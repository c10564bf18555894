import {
  type AnswerItem,
  type AttemptEntry,
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
import type { Health } from './health.ts'
import type { BoundCall, Candidate, OpenLane } from './job.ts'
import type { Lane, WholeAnswer } from './lane.ts'
import type { Limits } from './limits.ts'
import { contradictsItself, costOf } from './pricing/cost.ts'
import type { Price } from './pricing/price.ts'
import type { TargetFacts } from './target-facts.ts'
import type { TurnReader } from './turn-reader.ts'

/** Without new output an answer may go on for this many times `idleMs`, as long as bytes come (the upstream's own limit). */
export const idleChunksFactor = 5

/** An upstream that does not stream gives its first output with its last, and gets this many times as long for it. */
export const wholeAnswerFactor = 5

export interface AttemptContext {
  readonly client: string
  readonly clock: Clock
  readonly state: StateStore
  readonly limits: Limits
  readonly health: Health
  readonly price: Price | undefined
  /** The client has had a heartbeat. */
  readonly isLate: boolean
  /** It is made while another one for the same request is awaited. */
  readonly isHedge: boolean
  /** It is made for the rest of an answer. */
  readonly goesOn: boolean
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
  /** Told of the first output, in the turn in which it comes. */
  onOutput: (() => void) | undefined
  readonly #isHedge: boolean
  readonly #goesOn: boolean
  readonly #lease: Lease
  readonly #clock: Clock
  readonly #health: Health
  readonly #facts: TargetFacts
  readonly #price: Price | undefined
  readonly #controller = new AbortController()
  readonly #opened: OpenLane
  readonly #watchdog: Watchdog
  readonly #startedAt: number
  readonly #begunAt: number
  #refuse: ((reason: unknown) => void) | undefined
  #hasOutput = false
  #origin: string | undefined
  #upstreamStatus: number | undefined
  #entry: AttemptEntry | undefined

  constructor(candidate: Candidate, lease: Lease, context: AttemptContext) {
    const { client, clock, state, limits, health, price, isLate } = context
    this.target = candidate.target
    this.limits = limits
    this.#isHedge = context.isHedge
    this.#goesOn = context.goesOn
    this.#lease = lease
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
    this.#watchdog = new Watchdog(clock, this.#onStall)
    const call: BoundCall = {
      credential: lease.credential,
      signal: this.#controller.signal,
      state,
      client,
      limits,
      observe: (event) => {
        if (event.type === 'response') this.#upstreamStatus = event.status
        else this.#origin = event.origin
      },
    }
    this.#opened = candidate.open(call, isLate)
    this.#health = health
    this.#facts = health.started(candidate.target)
    this.#price = price
  }

  get #lane(): Lane {
    return this.#opened.lane
  }

  /** Whether the upstream's own bytes are handed on. */
  get isRelay(): boolean {
    return this.#opened.parsedBecause === undefined
  }

  /** Whether the model has said anything. */
  get hasOutput(): boolean {
    return this.#hasOutput
  }

  /** How many times as long as others it may take to say something. */
  get firstOutputFactor(): number {
    return this.#lane.answersWhole ? wholeAnswerFactor : 1
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

  /** Whether a tool call was asked for in vain, as far as is known by now. */
  get toolEnforcement(): 'exhausted' | undefined {
    return this.#opened.rounds?.isExhausted ? 'exhausted' : undefined
  }

  get credential(): Credential {
    return this.#lease.credential
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The credential works, though the answer is not over. */
  confirm(): void {
    this.#lease.confirm?.()
  }

  /** Another call for the same request was faster: this target takes at least as long as it took by now. */
  overtaken(): void {
    if (this.#hasOutput || this.#facts.restsUntil !== 0) return
    this.#health.firstOutput(this.#facts, this.#clock.elapsed() - this.#begunAt, this.#lane.answersWhole)
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
          this.#noteOutput()
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
    if (this.#lane.watchesItself) return Number.POSITIVE_INFINITY
    return this.limits.firstTokenMs * this.firstOutputFactor
  }

  /** The longest silence between two chunks. */
  get furtherOutputMs(): number {
    return this.#lane.watchesItself ? Number.POSITIVE_INFINITY : this.limits.idleMs * idleChunksFactor
  }

  readonly #onProgress = (): void => {
    if (!this.#lane.hasOutput) return
    if (!this.#hasOutput) this.#watchdog.stop()
    this.#noteOutput()
    this.#watchdog.watch(this.furtherOutputMs)
  }

  #noteOutput(): void {
    if (this.#hasOutput || !this.#lane.hasOutput) return
    this.#hasOutput = true
    this.#health.firstOutput(this.#facts, this.#clock.elapsed() - this.#begunAt, this.#lane.answersWhole)
    this.onOutput?.()
  }

  readonly #onStall = (): void => {
    const what = this.#hasOutput
      ? `for ${this.furtherOutputMs} ms (${idleChunksFactor} times limits.idleMs)`
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
    const { rounds } = this.#opened
    // Nothing is learned of a target that was not called.
    this.#health.ended(this.#facts, error ?? (rounds?.made === 0 ? noCall : undefined))
    // One that was given up before its first output has read its prompt all the same.
    const isGivenUp = error?.scope === 'aborted' && rounds?.made !== 0
    const usage = this.#lane.hasOutput || rounds?.hasUsed || isGivenUp ? this.#lane.usage : undefined
    this.#entry = {
      provider: this.target.entry.id,
      model: this.target.model,
      credential: rounds?.made === 0 ? undefined : this.#lease.credential.id,
      startedAt: this.#startedAt,
      durationMs: Math.round(this.#clock.elapsed() - this.#begunAt),
      origin: this.#origin,
      upstreamStatus: this.#upstreamStatus,
      relayed: this.isRelay,
      parsedBecause: this.#opened.parsedBecause,
      markup: this.#opened.markup?.found,
      rounds: rounds?.made,
      toolEnforcement: this.toolEnforcement,
      error: error && { code: error.code, message: error.message },
      fallback: this.target.fallback,
      hedge: this.#isHedge || undefined,
      continues: this.#goesOn || undefined,
      usage,
      contradictory: usage && contradictsItself(usage) ? true : undefined,
      cost: usage && costOf(usage, this.#price, { images: this.#lane.images, calls: rounds?.made }),
    }
    return this.#entry
  }
}

const noCall = new DragomanError('aborted', 'No call was made')

async function untilOutput(lane: Lane): Promise<AnswerItem[]> {
  const items: AnswerItem[] = []
  while (!lane.hasOutput) {
    const { done, value } = await lane.next()
    if (done) break
    items.push(value)
  }
  return items
}
