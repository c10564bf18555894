import {
  type AnswerItem,
  type Clock,
  DragomanError,
  type EndpointAnswer,
  type LogEntry,
  type Taker,
} from '@dragoman/core'
import { type Admitted, askAdmission } from './admission.ts'
import type { Answer, EndpointResult, RouteInfo } from './answer.ts'
import type { Attempt } from './attempt.ts'
import { AttemptLoop } from './attempt-loop.ts'
import { planWith } from './candidate-queue.ts'
import { mayBeContinued, SaidText, usageWith } from './continuation.ts'
import { type Target, targetName } from './deployments.ts'
import type { Engine, RunContext } from './engine.ts'
import type { Job } from './job.ts'
import { MendedStream } from './mended-stream.ts'
import { recordOf } from './record.ts'
import type { RoutePlan } from './router.ts'
import { StreamGuard } from './stream-guard.ts'

const nothing: readonly string[] = []

type Planned = () => RoutePlan | undefined | Promise<RoutePlan | undefined>

/** Bytes that are no events have no room for one. The longest that a timer can be set to. */
const noHeartbeat = 2 ** 31 - 1

const completed = (attempt: Attempt) => attempt.complete()
const begun = (attempt: Attempt) => attempt.begin()

/** One request from its arrival to its record. */
export class RequestRun {
  readonly #job: Job
  readonly #context: RunContext
  readonly #engine: Engine
  readonly #loop: AttemptLoop
  readonly #cancelDeadline: () => void
  readonly #startedAt: number
  readonly #begunAt: number
  /** Made when somebody wants a signal: most requests need none of their own. */
  #controller: AbortController | undefined
  #guard: StreamGuard | undefined
  /** Where the answer may be gone on with. */
  #said: SaidText | undefined
  #isRecorded = false
  #record: LogEntry | undefined

  constructor(job: Job, context: RunContext, engine: Engine) {
    const { clock, limits } = engine
    this.#job = job
    this.#context = context
    this.#engine = engine
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
    this.#loop = new AttemptLoop(job, context, engine, this.#begunAt)
    this.#cancelDeadline = clock.schedule(() => {
      const message = `The answer was not complete within ${limits.totalMs} ms (limits.totalMs)`
      this.#break(new DragomanError('upstream_timeout', message))
    }, limits.totalMs)
    if (context.signal.aborted) this.#onCallerLeft()
    else context.signal.addEventListener('abort', this.#onCallerLeft)
  }

  /** Trips when the caller leaves, when the whole request is out of time, and when it has failed. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      const { broken } = this.#loop
      if (broken) this.#controller.abort(broken.reason)
    }
    return this.#controller.signal
  }

  readonly #onCallerLeft = (): void => this.#break(this.#context.signal.reason)

  #break(reason: unknown): void {
    if (this.#loop.broken) return
    this.#loop.break(reason)
    this.#controller?.abort(reason)
    this.#guard?.abort(reason)
  }

  /** @param planned which targets to try; a promise where lists must be read first */
  answer(planned: Planned): Promise<Answer> {
    return this.#planned(planned, async (plan) => {
      if (this.#job.isStreamed) return this.#stream(plan)
      const answer = await this.#loop.first(plan, completed)
      this.#finish(undefined)
      return { ...answer, route: this.#served }
    })
  }

  /** For an endpoint besides chat. */
  serve(planned: Planned, answered: () => EndpointAnswer | undefined): Promise<EndpointResult> {
    return this.#planned(planned, async (plan) => {
      const first = await this.#loop.first(plan, begun)
      const route = this.#served
      const answer = answered()
      if (answer?.kind === 'stream') {
        const { contentType } = answer
        return { kind: 'stream', contentType, pieces: this.#guarded(plan, Promise.resolve(first), noHeartbeat), route }
      }
      this.#finish(undefined)
      return { kind: 'json', json: answer?.json, route }
    })
  }

  /** Of an answer that is there. */
  get #served(): RouteInfo {
    const { route } = this.#loop
    if (!route) throw new DragomanError('internal', 'An answer came from nowhere')
    return route
  }

  async #planned<T>(planned: Planned, use: (plan: RoutePlan) => Promise<T>): Promise<T> {
    try {
      const { broken } = this.#loop
      if (broken) throw broken.reason
      const found = planned()
      const plan = found instanceof Promise ? await this.#loop.until(found) : found
      if (!plan) {
        const name = this.#job.model.slice(0, 200)
        throw new DragomanError('model_not_found', `There is no model ${name}`, { param: 'model' })
      }
      const preparing = this.#job.prepare()
      if (preparing) await this.#loop.until(preparing)
      const admitting = askAdmission(this.#engine, this.#context, this.#job, plan)
      const admitted = admitting instanceof Promise ? await this.#granted(admitting) : admitting
      this.#loop.admitted = admitted
      return await use(admitted ? planWith(plan, admitted.targets) : plan)
    } catch (cause) {
      const error = this.#loop.errorOf(cause)
      this.#finish(error)
      throw error
    }
  }

  /** One that comes when the request is over already is given back; one that comes while it breaks off, with its end. */
  #granted(admitting: Promise<Admitted>): Promise<Admitted> {
    const granted = (admitted: Admitted) => {
      if (this.#record) admitted.settle(this.#record)
      else this.#loop.admitted = admitted
    }
    admitting.then(granted).catch(() => {})
    return this.#loop.until(admitting)
  }

  async #stream(plan: RoutePlan): Promise<Answer> {
    const { clock, limits } = this.#engine
    if (plan.group?.continuesCutText && mayBeContinued(this.#job.chat, this.#context)) {
      this.#said = new SaidText()
      this.#job.parseAnswers?.()
    }
    const opening = this.#loop.first(plan, begun)
    // A heartbeat fixes the status, not the target: attempts go on behind it.
    await within(clock, limits.heartbeatMs, opening)
    this.#loop.isLate = true
    return new StreamedAnswer(this.#guarded(plan, opening, limits.heartbeatMs), this.#loop)
  }

  /** @param opening the items up to the first output */
  #guarded(plan: RoutePlan, opening: Promise<AnswerItem[]>, heartbeatMs: number): StreamGuard {
    const { clock } = this.#engine
    const loop = this.#loop
    let first: AnswerItem[] | undefined
    const take = (taker: Taker<AnswerItem>): void => {
      const attempt = loop.current
      if (first?.length === 0 && attempt) {
        attempt.take(taker)
        return
      }
      const next = async (): Promise<IteratorResult<AnswerItem, undefined> | undefined> => {
        first ??= await opening
        const value = first.shift()
        return value ? { done: false, value } : loop.current?.next()
      }
      next().then(
        (result) => (!result || result.done ? taker.done() : taker.item(result.value)),
        (error) => taker.fail(error),
      )
    }
    const said = this.#said
    const mended =
      said &&
      new MendedStream({
        said,
        take,
        cut: (cause) => this.#cut(cause),
        goOn: async (error) => {
          first = await this.#rest(plan, said, error)
        },
      })
    const guard = new StreamGuard({
      clock,
      isLate: !loop.route,
      errorOf: (cause) => loop.errorOf(cause),
      heartbeatMs,
      // Until there is output, the attempt's own limit for the first one holds.
      idleMs: () => (loop.route && !mended?.isOpening ? loop.current?.furtherOutputMs : undefined),
      take: mended ? (taker) => mended.take(taker) : take,
      stalled: mended && ((error) => mended.stalled(error)),
      finish: (error) => this.#finish(error),
    })
    this.#guard = guard
    if (loop.broken) guard.abort(loop.broken.reason)
    return guard
  }

  /** What broke a stream, where another call may go on with it. */
  #cut(cause: unknown): DragomanError | undefined {
    const error = this.#loop.errorOf(cause)
    const isOfTarget = error.scope === 'upstream' || error.scope === 'credential'
    return isOfTarget && !this.#loop.broken && this.#loop.current ? error : undefined
  }

  #rest(plan: RoutePlan, said: SaidText, error: DragomanError): Promise<AnswerItem[]> {
    const attempt = this.#loop.current
    if (!attempt) throw error
    said.wasCut(attempt.usage)
    this.#loop.close(attempt, error)
    const begunAgain = async (next: Attempt) => {
      const items = await next.begin()
      const { entry, model } = next.target
      const { chat } = this.#job
      said.goesOn(chat && entry.provider.prefill?.({ ...chat, model }))
      return items
    }
    return this.#loop.rest(this.#without(attempt.target, plan), said.text, begunAgain)
  }

  /** The targets that are well now, the one whose answer was cut behind them. */
  #without(cut: Target, plan: RoutePlan): RoutePlan {
    const { health, clock } = this.#engine
    const now = clock.elapsed()
    const isWell = (target: Target) => (health.of(targetName(target))?.stateAt(now) ?? 'ready') === 'ready'
    const others = plan.targets.filter((target) => target !== cut)
    const well = [...others.filter(isWell), ...(isWell(cut) ? [cut] : [])]
    return { ...plan, targets: [...well, ...plan.targets.filter((target) => !isWell(target))], healthy: well.length }
  }

  #finish(error: DragomanError | undefined): void {
    if (this.#isRecorded) return
    this.#isRecorded = true
    this.#cancelDeadline()
    const { clock, record } = this.#engine
    const loop = this.#loop
    const attempt = loop.current
    loop.closeAll(error)
    // A turn that several calls made is nowhere read as a whole.
    if (attempt?.turn && !error && !this.#said?.spent) {
      this.#job.answered?.(attempt.turn, attempt.target, attempt.credential)
    }
    this.#context.signal.removeEventListener('abort', this.#onCallerLeft)
    // Whatever still runs for this request, such as an attempt behind a heartbeat, ends with it.
    if (error) this.#break(error)
    const usage = loop.entries.at(-1)?.usage ?? attempt?.usage
    const entry = recordOf(this.#job, this.#context, {
      error,
      isStreaming: loop.isLate,
      startedAt: this.#startedAt,
      durationMs: Math.round(clock.elapsed() - this.#begunAt),
      attempts: loop.entries,
      firstTokenMs: loop.firstTokenMs,
      finishReason: attempt?.finishReason,
      usage: this.#said ? usageWith(this.#said, attempt && usage) : usage,
      dropped: loop.route?.dropped ?? nothing,
    })
    this.#record = entry
    loop.admitted?.settle(entry)
    try {
      // An async function fits the type as well.
      const written: unknown = record?.(entry)
      if (written instanceof Promise) written.catch(() => {})
    } catch {
      // An answer does not depend on whether somebody could write down that it was given.
    }
  }
}

/** A streamed answer, and what is known of its call by now. */
class StreamedAnswer {
  readonly kind = 'chunks'
  readonly chunks: AsyncIterable<AnswerItem>
  readonly #loop: AttemptLoop

  constructor(chunks: AsyncIterable<AnswerItem>, loop: AttemptLoop) {
    this.chunks = chunks
    this.#loop = loop
  }

  get route(): RouteInfo | undefined {
    return this.#loop.route
  }

  get isRelaying(): boolean {
    return this.#loop.isRelaying
  }
}

/** Settles with `promise`, or before it when time is up. */
function within(clock: Clock, ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(resolve, ms)
    promise.then(
      () => {
        cancel()
        resolve()
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}
