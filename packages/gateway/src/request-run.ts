import {
  type AnswerItem,
  type AttemptEntry,
  type Clock,
  DragomanError,
  type Lease,
  type LogEntry,
  type StateStore,
  toDragomanError,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { affinityKey } from './affinity-key.ts'
import type { Answer, ChatContext, RouteInfo } from './answer.ts'
import { Attempt, idleChunksFactor } from './attempt.ts'
import { type Target, targetName } from './deployments.ts'
import { backoffMs, type Failure, finalError, isWorthRepeating } from './failures.ts'
import type { Health } from './health.ts'
import type { Limits, TargetLimits } from './limits.ts'
import type { TargetMarkup } from './markup.ts'
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
  readonly targetMarkup: TargetMarkup
  readonly health: Health
  readonly retryBudget: RetryBudget
  readonly record: ((entry: LogEntry) => void) | undefined
}

/** A target that can do what is asked. */
interface Candidate {
  readonly target: Target
  /** The request, under the target's model id. */
  readonly request: ChatCompletionRequest
  /** What the target leaves out of it. */
  readonly dropped: readonly string[]
}

const nothing: readonly string[] = []

const completed = (attempt: Attempt) => attempt.complete()
const begun = (attempt: Attempt) => attempt.begin()

/** One request from its arrival to its record, with the one loop of this system that tries again. */
export class RequestRun {
  readonly #request: ChatCompletionRequest
  readonly #context: ChatContext
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
  #isStreaming = false
  #isRecorded = false

  constructor(request: ChatCompletionRequest, context: ChatContext, engine: Engine) {
    const { clock, limits } = engine
    this.#request = request
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
  readonly #affinityKey = (): string => affinityKey(this.#request, this.#context)

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
  async answer(planned: () => RoutePlan | undefined | Promise<RoutePlan | undefined>): Promise<Answer> {
    try {
      if (this.#broken) throw this.#broken.reason
      const found = planned()
      const plan = found instanceof Promise ? await this.#until(found) : found
      if (!plan) {
        const name = this.#request.model.slice(0, 200)
        throw new DragomanError('model_not_found', `There is no model ${name}`, { param: 'model' })
      }
      if (this.#request.stream) return await this.#stream(plan)
      const [answer, route] = await this.#try(plan, completed)
      this.#finish(undefined)
      return { ...answer, route }
    } catch (cause) {
      const error = this.#errorOf(cause)
      this.#finish(error)
      throw error
    }
  }

  async #stream(plan: RoutePlan): Promise<Answer> {
    const { clock, limits } = this.#engine
    let first: AnswerItem[] = []
    const opening = this.#try(plan, begun).then(([items]) => {
      first = items
    })
    // A heartbeat fixes the status, not the target: attempts go on behind it.
    await within(clock, limits.heartbeatMs, opening)

    this.#isStreaming = true
    const guard = new StreamGuard({
      clock,
      isLate: !this.#route,
      errorOf: (cause) => this.#errorOf(cause),
      heartbeatMs: limits.heartbeatMs,
      // Until there is output, the attempt's own limit for the first one holds.
      idleMs: () => (this.#route && this.#attempt ? this.#attempt.limits.idleMs * idleChunksFactor : undefined),
      take: (taker) => {
        if (this.#route && first.length === 0 && this.#attempt) {
          this.#attempt.take(taker)
          return
        }
        const next = async (): Promise<IteratorResult<AnswerItem, undefined> | undefined> => {
          await opening
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
    return { kind: 'chunks', chunks: guard, route: this.#route }
  }

  /** Tries targets until one gives what `use` wants of it. */
  async #try<T>(plan: RoutePlan, use: (attempt: Attempt) => Promise<T>): Promise<[T, RouteInfo]> {
    const { clock, limits, health, retryBudget } = this.#engine
    const waiting = this.#able(plan.targets)
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
        this.#route = { name: plan.name, provider, model: target.model, dropped }
        return [result, this.#route]
      } catch (cause) {
        const error = toDragomanError(cause, attempt.signal)
        // Left to #finish, which records what was used so far.
        if (this.#broken) throw error
        this.#close(attempt, error)
        health.failed(targetName(target), error, clock.now())
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

  #open({ target, request }: Candidate, lease: Lease): Attempt {
    const { clock, state, targetLimits, targetMarkup } = this.#engine
    const { body, dialect = 'openai-chat', client = 'open' } = this.#context
    try {
      if (this.#broken) throw this.#broken.reason
      const limits = targetLimits.of(target)
      const markup = targetMarkup.of(target, request)
      this.#attempt = new Attempt(target, lease, { request, body, dialect, client, clock, state, limits, markup })
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

  /** The targets that can do what is asked. */
  #able(targets: readonly Target[]): Candidate[] {
    const able: Candidate[] = []
    let refused: { param: string; message: string } | undefined
    for (const target of targets) {
      const request = { ...this.#request, model: target.model }
      const acceptance = target.entry.provider.accepts?.(request)
      if (acceptance?.refused) refused ??= acceptance.refused
      else able.push({ target, request, dropped: acceptance?.dropped ?? nothing })
    }
    if (able.length === 0 && refused) {
      throw new DragomanError('unsupported_value', refused.message, { param: refused.param })
    }
    return able
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
      dialect: this.#context.dialect ?? 'openai-chat',
      client: this.#context.client ?? 'open',
      model: this.#request.model,
      streamed: this.#request.stream === true,
      status: !error || (this.#isStreaming && error.scope !== 'aborted') ? 200 : error.status,
      error: error && { code: error.code, message: error.message },
      attempts: this.#attempts,
      firstTokenMs: this.#firstTokenMs,
      finishReason: attempt?.finishReason,
      usage: attempt?.usage,
      dropped: this.#route?.dropped ?? nothing,
    }
    try {
      // An async function fits the type as well.
      const written: unknown = record?.(entry)
      if (written instanceof Promise) written.catch(() => {})
    } catch {
      // An answer does not depend on whether somebody could write down that it was given.
    }
  }
}

/** Settles with `promise`, or before it when time is up. */
function within(clock: Clock, ms: number, promise: Promise<void>): Promise<void> {
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
