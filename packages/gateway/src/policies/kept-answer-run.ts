import {
  type CallerSignal,
  type Dialect,
  DragomanError,
  type Endpoint,
  type LogEntry,
  toDragomanError,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { type Admitted, askAdmission } from '../admission.ts'
import type { RouteInfo } from '../answer.ts'
import type { Engine, RunContext } from '../engine.ts'
import { recordOf } from '../record.ts'
import type { RoutePlan } from '../router.ts'
import type { Facts } from './kept-answer.ts'

/** What is asked, as records have it. */
export interface Asked {
  readonly model: string
  readonly dialect: Dialect
  readonly endpoint?: Endpoint | undefined
  readonly isStreamed: boolean
  /** Undefined for endpoints besides chat. */
  readonly chat?: ChatCompletionRequest | undefined
  /** The body that the client sent, in its own dialect. */
  readonly parsed?: unknown
}

export type Recorder = ((entry: LogEntry) => void) | undefined

/** What plans, records and tells the time. */
export type AnswerEngine = Pick<Engine, 'clock' | 'admission' | 'priceOf' | 'meaningOf'>

/** A request that is answered without a call of its own: it counts against its client's limits, and is recorded. */
export class KeptAnswerRun {
  readonly #asked: Asked
  readonly #context: RunContext
  readonly #engine: AnswerEngine
  readonly #answeredBy: LogEntry['answeredBy']
  readonly #record: Recorder
  readonly #startedAt: number
  readonly #begunAt: number
  #admitted: Admitted | undefined
  #firstOutputMs: number | undefined
  /** Once it is over. */
  #entry: LogEntry | undefined

  constructor(
    asked: Asked,
    context: RunContext,
    { engine, answeredBy, record }: { engine: AnswerEngine; answeredBy: LogEntry['answeredBy']; record: Recorder },
  ) {
    this.#asked = asked
    this.#context = context
    this.#engine = engine
    this.#answeredBy = answeredBy
    this.#record = record
    this.#startedAt = engine.clock.now()
    this.#begunAt = engine.clock.elapsed()
  }

  get signal(): CallerSignal {
    return this.#context.signal
  }

  /** Whether anybody has to be asked. */
  get isLimited(): boolean {
    return this.#context.rights !== undefined && this.#engine.admission !== undefined
  }

  /** Rejects where the client may not ask for this, or not now. */
  async admit(plan: RoutePlan): Promise<void> {
    this.#admitted = await askAdmission(this.#engine, this.#context, this.#asked, plan)
    if (!this.#entry) return
    this.#admitted?.settle(this.#entry)
    throw new DragomanError('aborted', 'The caller left')
  }

  /** The first of a stream is about to be handed out: from here its status is settled. */
  begin(): void {
    this.#firstOutputMs ??= Math.round(this.#engine.clock.elapsed() - this.#begunAt)
  }

  /** Once; what comes later is left aside. @returns the error, as it goes to the client */
  fail(cause: unknown): DragomanError {
    const error = toDragomanError(cause, this.#context.signal)
    this.#finish(error, {}, undefined)
    return error
  }

  /** The client has had enough, before the end or after it. */
  leave(): void {
    this.fail(new DragomanError('aborted', 'The caller left'))
  }

  succeed(facts: Partial<Facts>, route: Pick<RouteInfo, 'dropped'> | undefined): void {
    this.begin()
    this.#finish(undefined, facts, route)
  }

  #finish(
    error: DragomanError | undefined,
    { usage, finishReason }: Partial<Facts>,
    route: Pick<RouteInfo, 'dropped'> | undefined,
  ): void {
    if (this.#entry) return
    const entry: LogEntry = {
      ...recordOf(this.#asked, this.#context, {
        error,
        isStreaming: this.#firstOutputMs !== undefined,
        startedAt: this.#startedAt,
        durationMs: Math.round(this.#engine.clock.elapsed() - this.#begunAt),
        attempts: [],
        firstTokenMs: this.#firstOutputMs,
        finishReason,
        usage,
        dropped: route?.dropped ?? [],
      }),
      // Whoever made the call has paid for it.
      cost: 0,
      answeredBy: this.#answeredBy,
    }
    this.#entry = entry
    this.#admitted?.settle(entry)
    try {
      // An async function fits the type as well.
      const written: unknown = this.#record?.(entry)
      if (written instanceof Promise) written.catch(() => {})
    } catch {
      // An answer does not depend on whether somebody could write down that it was given.
    }
  }
}
