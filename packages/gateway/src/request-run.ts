import {
  type AnswerItem,
  type AttemptEntry,
  type Clock,
  DragomanError,
  type EndpointAnswer,
  type Lease,
  type LogEntry,
  type StateStore,
  toDragomanError,
} from '@dragoman/core'
import type { Admission, Admitted } from './admission.ts'
import type { Answer, ChatContext, EndpointResult, RouteInfo } from './answer.ts'
import { Attempt, idleChunksFactor } from './attempt.ts'
import { type Target, targetName } from './deployments.ts'
import { backoffMs, type Failure, finalError, isWorthRepeating } from './failures.ts'
import type { Health } from './health.ts'
import type { Candidate, Job } from './job.ts'
import type { Limits, TargetLimits } from './limits.ts'
import { originOf } from './reasoning-origin.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { RoutePlan } from './router.ts'
import { StreamGuard } from './stream-guard.ts'
import { TriedCredentials } from './tried-credentials.ts'

export interface Engine {
  readonly clock: Clock
  readonly random: () => number
  readonly state: StateStore
  readonly limits: Limits
  readonly targetLimits: TargetLimits
  readonly health: Health
  readonly retryBudget: RetryBudget
  readonly record: ((entry: LogEntry) => void) | undefined
  readonly admission: Admission | undefined
}

const nothing: readonly string[] = []

/** What a run of any kind needs of its context. */
export type RunContext = Pick<ChatContext, 'signal' | 'client' | 'rights' | 'variant' | 'requestId' | 'attempted'>

type Planned = () => RoutePlan | undefined | Promise<RoutePlan | undefined>

/** Bytes that are no events have no room for one. The longest that a timer can be set to. */
const noHeartbeat = 2 ** 31 - 1

const completed = (attempt: Attempt) => attempt.complete()
const begun = (attempt: Attempt) => attempt.begin()

/** One request from its arrival to its record, with the one loop of this system that tries again. */
export class RequestRun {
  readonly #job: Job
  readonly #context: RunContext
  readonly #engine: Engine
  readonly #cancelDeadline: () => void
  readonly #startedAt: number
  readonly #begunAt: number
  /** What ended it before its time. */
  #broken: { readonly reason: unknown } | undefined
  /** Made when somebody wants a signal: most requests need none of their own. */
  #controller: AbortController | undefined
  /** Rejects what is being waited for. */
  #refuse: ((reason: unknown) => void) | undefined
  #firstTokenMs: number | undefined
  #attempt: Attempt | undefined
  #guard: StreamGuard | undefined
  #attempts: AttemptEntry[] = []
  #route: RouteInfo | undefined
  #admitted: Admitted | undefined
  #isStreaming = false
  #isRecorded = false

  constructor(job: Job, context: RunContext, engine: Engine) {
    const { clock, limits } = engine
    this.#job = job
    this.#context = context
    this.#engine = engine
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
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
      if (this.#broken) this.#controller.abort(this.#broken.reason)
    }
    return this.#controller.signal
  }

  /** Only asked for where there is a choice. */
  readonly #affinityKey = (): string => this.#job.affinityKey()

  readonly #onCallerLeft = (): void => this.#break(this.#context.signal.reason)

  #break(reason: unknown): void {
    if (this.#broken) return
    this.#broken = { reason }
    this.#controller?.abort(reason)
    this.#attempt?.abort(reason)
    this.#guard?.abort(reason)
    this.#refuse?.(reason)
  }

  /** Settles with `promise`, or before it when the request is broken off: a plugin may never settle. */
  #until<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#broken) reject(this.#broken.reason)
      this.#refuse = reject
      promise.then(resolve, reject)
    })
  }

  /** @param planned which targets to try; a promise where lists must be read first */
  answer(planned: Planned): Promise<Answer> {
    return this.#planned(planned, async (plan) => {
      if (this.#job.isStreamed) return this.#stream(plan)
      const [answer, route] = await this.#try(plan, completed)
      this.#finish(undefined)
      return { ...answer, route }
    })
  }

  /** For an endpoint besides chat. */
  serve(planned: Planned, answered: () => EndpointAnswer | undefined): Promise<EndpointResult> {
    return this.#planned(planned, async (plan) => {
      const [first, route] = await this.#try(plan, begun)
      const answer = answered()
      if (answer?.kind === 'stream') {
        const { contentType } = answer
        return { kind: 'stream', contentType, pieces: this.#guarded(Promise.resolve(first), noHeartbeat), route }
      }
      this.#finish(undefined)
      return { kind: 'json', json: answer?.json, route }
    })
  }

  async #planned<T>(planned: Planned, use: (plan: RoutePlan) => Promise<T>): Promise<T> {
    try {
      if (this.#broken) throw this.#broken.reason
      const found = planned()
      const plan = found instanceof Promise ? await this.#until(found) : found
      if (!plan) {
        const name = this.#job.model.slice(0, 200)
        throw new DragomanError('model_not_found', `There is no model ${name}`, { param: 'model' })
      }
      const preparing = this.#job.prepare()
      if (preparing) await this.#until(preparing)
      const admitting = this.#admit(plan)
      if (admitting) this.#admitted = admitting instanceof Promise ? await this.#until(admitting) : admitting
      return await use(this.#admitted ? { ...plan, targets: this.#admitted.targets } : plan)
    } catch (cause) {
      const error = this.#errorOf(cause)
      this.#finish(error)
      throw error
    }
  }

  #admit(plan: RoutePlan): Admitted | Promise<Admitted> | undefined {
    const { rights } = this.#context
    const { model, chat } = this.#job
    return rights && this.#engine.admission?.admit({ rights, asked: model, plan, chat })
  }

  async #stream(plan: RoutePlan): Promise<Answer> {
    const { clock, limits } = this.#engine
    const opening = this.#try(plan, begun).then(([items]) => items)
    // A heartbeat fixes the status, not the target: attempts go on behind it.
    await within(clock, limits.heartbeatMs, opening)
    this.#isStreaming = true
    return new StreamedAnswer(this.#guarded(opening, limits.heartbeatMs), this)
  }

  get route(): RouteInfo | undefined {
    return this.#route
  }

  get isRelaying(): boolean {
    return this.#attempt?.isRelay ?? false
  }

  /** @param opening the items up to the first output */
  #guarded(opening: Promise<AnswerItem[]>, heartbeatMs: number): StreamGuard {
    const { clock } = this.#engine
    let first: AnswerItem[] | undefined
    const guard = new StreamGuard({
      clock,
      isLate: !this.#route,
      errorOf: (cause) => this.#errorOf(cause),
      heartbeatMs,
      // Until there is output, the attempt's own limit for the first one holds.
      idleMs: () => (this.#route && this.#attempt ? this.#attempt.limits.idleMs * idleChunksFactor : undefined),
      take: (taker) => {
        if (first?.length === 0 && this.#attempt) {
          this.#attempt.take(taker)
          return
        }
        const next = async (): Promise<IteratorResult<AnswerItem, undefined> | undefined> => {
          first ??= await opening
          const value = first.shift()
          return value ? { done: false, value } : this.#attempt?.next()
        }
        next().then(
          (result) => (!result || result.done ? taker.done() : taker.item(result.value)),
          (error) => taker.fail(error),
        )
      },
      finish: (error) => this.#finish(error),
    })
    this.#guard = guard
    if (this.#broken) guard.abort(this.#broken.reason)
    return guard
  }

  /** Tries targets until one gives what `use` wants of it. */
  async #try<T>(plan: RoutePlan, use: (attempt: Attempt) => Promise<T>): Promise<[T, RouteInfo]> {
    const { clock, limits, health, retryBudget } = this.#engine
    const waiting = this.#job.candidates(plan.targets)
    let tried: TriedCredentials | undefined
    const failures: Failure[] = []
    let callsLeft = Math.max(limits.attempts, plan.healthy)

    let next = waiting.shift()
    while (next && callsLeft > 0) {
      const { target, dropped } = next
      const { id: provider, credentials } = target.entry
      let lease: Lease
      try {
        const { model } = target
        const given = credentials.lease({
          signal: this.#context.signal,
          model,
          exclude: tried?.exclude(credentials, model),
          affinityKey: this.#affinityKey,
        })
        lease = given instanceof Promise ? await this.#granted(given) : given
      } catch (cause) {
        failures.push({ provider, error: this.#unlessBroken(cause) })
        next = waiting.shift()
        continue
      }
      callsLeft--
      retryBudget.called()
      const attempt = this.#open(next, lease)
      try {
        const result = await use(attempt)
        lease.confirm?.()
        this.#firstTokenMs ??= Math.round(clock.elapsed() - this.#begunAt)
        const origin = originOf(target, lease.credential)
        this.#route = { name: plan.name, provider, model: target.model, origin, dropped }
        return [result, this.#route]
      } catch (cause) {
        const error = toDragomanError(cause, attempt.signal)
        // Left to #finish, which records what was used so far.
        if (this.#broken) throw error
        this.#close(attempt, error)
        health.failed(targetName(target), error, clock.now())
        const instead = callsLeft > 0 ? next.instead?.(error) : undefined
        if (instead) {
          next = instead
          continue
        }
        if (error.scope !== 'credential' && error.scope !== 'upstream') throw error
        failures.push({ provider, error })
        retryBudget.failed()
        if (error.scope === 'credential') {
          tried ??= new TriedCredentials()
          tried.add(credentials, target.model, attempt.credential, error)
          // What is told then should hold for the whole pool, and not for the few that were tried.
          if (callsLeft === 0) failures.push({ provider, error: this.#remaining(target, tried) })
        }
        next = await this.#after(error, next, waiting, callsLeft)
      }
    }
    throw finalError(failures)
  }

  /** What a pool has to say to a request that may make no more calls. */
  #remaining({ entry: { id, credentials }, model }: Target, tried: TriedCredentials): DragomanError {
    try {
      const exclude = tried.exclude(credentials, model)
      const given = credentials.lease({ signal: this.#context.signal, model, exclude, waitMs: 0 })
      Promise.resolve(given).then(
        (lease) => lease.settle({ kind: 'aborted' }),
        () => {},
      )
      const message = `The credentials of ${id} that were tried failed, and others are left: try again`
      return new DragomanError('no_credential', message, { retryAfterMs: 1_000 })
    } catch (cause) {
      return toDragomanError(cause)
    }
  }

  /** One that comes too late is given back. */
  #granted(lease: Promise<Lease>): Promise<Lease> {
    lease.then((late) => this.#broken && late.settle({ kind: 'aborted' })).catch(() => {})
    return this.#until(lease)
  }

  #open(candidate: Candidate, lease: Lease): Attempt {
    const { clock, state, targetLimits } = this.#engine
    const { client = 'open' } = this.#context
    try {
      if (this.#broken) throw this.#broken.reason
      const limits = targetLimits.of(candidate.target)
      this.#attempt = new Attempt(candidate, lease, { client, clock, state, limits, isLate: this.#isStreaming })
      return this.#attempt
    } catch (cause) {
      lease.settle({ kind: 'aborted' })
      throw cause
    }
  }

  #close(attempt: Attempt, error: DragomanError | undefined): void {
    const entry = error ? attempt.fail(error) : attempt.succeed()
    if (this.#attempt !== attempt) return
    this.#attempt = undefined
    this.#attempts.push(entry)
    this.#context.attempted?.(entry)
  }

  /** What to try after a failure: another credential, another target, else the same one once it had some rest. */
  async #after(
    error: DragomanError,
    failed: Candidate,
    waiting: Candidate[],
    callsLeft: number,
  ): Promise<Candidate | undefined> {
    // Bad keys of one target must not use up the calls that the others are owed.
    if (error.scope === 'credential' && callsLeft > waiting.length) return failed
    if (error.code === 'upstream_challenge') {
      // The service has begun to look for robots: its other credentials are not to be offered up.
      const pool = failed.target.entry.credentials
      waiting.splice(0, waiting.length, ...waiting.filter(({ target }) => target.entry.credentials !== pool))
    }
    const other = waiting.shift()
    if (other || callsLeft === 0 || !isWorthRepeating(error)) return other
    const waitMs = backoffMs(this.#attempts.length - 1, error, this.#engine.random)
    if (waitMs === undefined || !this.#engine.retryBudget.mayRepeat()) return undefined
    const rest = sleep(this.#engine.clock, waitMs)
    await this.#until(rest.over).finally(rest.cancel)
    return failed
  }

  #errorOf(cause: unknown): DragomanError {
    return toDragomanError(cause, this.#broken && { aborted: true, reason: this.#broken.reason })
  }

  #unlessBroken(cause: unknown): DragomanError {
    const error = this.#errorOf(cause)
    if (this.#broken) throw error
    return error
  }

  #finish(error: DragomanError | undefined): void {
    if (this.#isRecorded) return
    this.#isRecorded = true
    this.#cancelDeadline()
    const { clock, health, record } = this.#engine
    const attempt = this.#attempt
    if (attempt) {
      this.#close(attempt, error)
      if (!error && attempt.turn) this.#job.answered?.(attempt.turn, attempt.target, attempt.credential)
      if (error) health.failed(targetName(attempt.target), error, clock.now())
      else health.succeeded(targetName(attempt.target))
    }
    this.#context.signal.removeEventListener('abort', this.#onCallerLeft)
    // Whatever still runs for this request, such as an attempt behind a heartbeat, ends with it.
    if (error) this.#break(error)
    const entry: LogEntry = {
      id: this.#context.requestId ?? `req_${crypto.randomUUID().replaceAll('-', '')}`,
      startedAt: this.#startedAt,
      durationMs: Math.round(clock.elapsed() - this.#begunAt),
      dialect: this.#job.dialect,
      endpoint: this.#job.endpoint,
      client: this.#context.client ?? 'open',
      model: this.#job.model,
      streamed: this.#job.isStreamed,
      status: !error || (this.#isStreaming && error.scope !== 'aborted') ? 200 : error.status,
      error: error && { code: error.code, message: error.message },
      attempts: this.#attempts,
      firstTokenMs: this.#firstTokenMs,
      finishReason: attempt?.finishReason,
      usage: attempt?.usage,
      dropped: this.#route?.dropped ?? nothing,
    }
    this.#admitted?.settle(entry)
    try {
      // An async function fits the type as well.
      const written: unknown = record?.(entry)
      if (written instanceof Promise) written.catch(() => {})
    } catch {
      // An answer does not depend on whether somebody could write down that it was given.
    }
  }
}

/** A streamed answer, and what its run knows of it by now. */
class StreamedAnswer {
  readonly kind = 'chunks'
  readonly chunks: AsyncIterable<AnswerItem>
  readonly #run: RequestRun

  constructor(chunks: AsyncIterable<AnswerItem>, run: RequestRun) {
    this.chunks = chunks
    this.#run = run
  }

  get route(): RouteInfo | undefined {
    return this.#run.route
  }

  get isRelaying(): boolean {
    return this.#run.isRelaying
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

function sleep(clock: Clock, ms: number): { over: Promise<void>; cancel: () => void } {
  let cancel = () => {}
  const over = new Promise<void>((resolve) => {
    cancel = clock.schedule(resolve, ms)
  })
  return { over, cancel: () => cancel() }
}
