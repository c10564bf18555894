import {
  type AnswerItem,
  type AttemptEntry,
  type Clock,
  DragomanError,
  FollowingController,
  type Lease,
  type LogEntry,
  type StateStore,
  toDragomanError,
  untilAborted,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Answer, ChatContext, RouteInfo } from './answer.ts'
import { Attempt, idleChunksFactor } from './attempt.ts'
import { type Target, targetName } from './deployments.ts'
import { backoffMs, type Failure, finalError, isWorthRepeating } from './failures.ts'
import type { Health } from './health.ts'
import type { Limits, TargetLimits } from './limits.ts'
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
}

/** One request from its arrival to its record, with the one loop of this system that tries again. */
export class RequestRun {
  readonly #request: ChatCompletionRequest
  readonly #context: ChatContext
  readonly #engine: Engine
  readonly #controller: FollowingController
  readonly #cancelDeadline: () => void
  readonly #startedAt: number
  readonly #begunAt: number
  #firstTokenMs: number | undefined
  #attempt: Attempt | undefined
  #attempts: AttemptEntry[] = []
  #route: RouteInfo | undefined
  #isStreaming = false
  #isRecorded = false

  constructor(request: ChatCompletionRequest, context: ChatContext, engine: Engine) {
    const { clock, limits } = engine
    this.#request = request
    this.#context = context
    this.#engine = engine
    this.#controller = new FollowingController(context.signal)
    this.signal.addEventListener('abort', () => this.#attempt?.abort(this.signal.reason))
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
    this.#cancelDeadline = clock.schedule(() => {
      const message = `The answer was not complete within ${limits.totalMs} ms (limits.totalMs)`
      this.#controller.abort(new DragomanError('upstream_timeout', message))
    }, limits.totalMs)
  }

  /** Trips when the caller leaves, when the whole request is out of time, and when it has failed. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** @param route which targets to try; a promise where lists must be read first */
  async answer(route: () => RoutePlan | undefined | Promise<RoutePlan | undefined>): Promise<Answer> {
    try {
      this.signal.throwIfAborted()
      const found = route()
      const plan = found instanceof Promise ? await untilAborted(found, this.signal) : found
      if (!plan) {
        const name = this.#request.model.slice(0, 200)
        throw new DragomanError('model_not_found', `There is no model ${name}`, { param: 'model' })
      }
      return this.#request.stream ? await this.#stream(plan) : await this.#whole(plan)
    } catch (cause) {
      const error = toDragomanError(cause, this.signal)
      this.#finish(error)
      throw error
    }
  }

  async #whole(plan: RoutePlan): Promise<Answer> {
    const [answer, route] = await this.#try(plan, (attempt) => attempt.complete())
    this.#finish(undefined)
    return { ...answer, route }
  }

  async #stream(plan: RoutePlan): Promise<Answer> {
    const { clock, limits } = this.#engine
    let first: AnswerItem[] = []
    const opening = this.#try(plan, (attempt) => attempt.begin()).then(([items]) => {
      first = items
    })
    // A heartbeat fixes the status, not the target: attempts go on behind it.
    const silence = sleep(clock, limits.heartbeatMs)
    await Promise.race([opening, silence.over]).finally(silence.cancel)

    this.#isStreaming = true
    const guard = new StreamGuard({
      clock,
      isLate: !this.#route,
      signal: this.signal,
      heartbeatMs: limits.heartbeatMs,
      // Until there is output, the attempt's own limit for the first one holds.
      idleMs: () => (this.#route && this.#attempt ? this.#attempt.limits.idleMs * idleChunksFactor : undefined),
      pull: () => {
        if (this.#route && first.length === 0 && this.#attempt) return this.#attempt.next()
        return opening.then(() => {
          const value = first.shift()
          if (value) return { done: false, value }
          return this.#attempt ? this.#attempt.next() : { done: true, value: undefined }
        })
      },
      finish: (error) => this.#finish(error),
    })
    return { kind: 'chunks', chunks: guard, route: this.#route }
  }

  /** Tries targets until one gives what `use` wants of it. */
  async #try<T>(plan: RoutePlan, use: (attempt: Attempt) => Promise<T>): Promise<[T, RouteInfo]> {
    const { clock, limits, health, retryBudget } = this.#engine
    const targets = this.#able(plan.targets)
    const waiting = [...targets.keys()]
    const tried = new TriedCredentials()
    const failures: Failure[] = []
    let callsLeft = Math.max(limits.attempts, plan.healthy)

    let target = waiting.shift()
    while (target && callsLeft > 0) {
      const { id: provider, credentials } = target.entry
      const lease = await this.#lease(target, tried).catch((cause: unknown) => {
        failures.push({ provider, error: this.#unlessAborted(cause) })
      })
      if (!lease) {
        target = waiting.shift()
        continue
      }
      callsLeft--
      retryBudget.called()
      const attempt = this.#open(target, lease)
      try {
        const result = await use(attempt)
        this.#firstTokenMs ??= Math.round(clock.elapsed() - this.#begunAt)
        this.#route = { name: plan.name, provider, model: target.model, dropped: targets.get(target) ?? [] }
        return [result, this.#route]
      } catch (cause) {
        const error = toDragomanError(cause, attempt.signal)
        // Left to #finish, which records what was used so far.
        if (this.signal.aborted) throw error
        this.#close(attempt, error)
        health.failed(targetName(target), error, clock.now())
        if (error.scope !== 'credential' && error.scope !== 'upstream') throw error
        failures.push({ provider, error })
        retryBudget.failed()
        if (error.scope === 'credential') tried.add(credentials, target.model, attempt.credentialId, error)
        target = await this.#after(error, target, waiting, callsLeft)
      }
    }
    throw finalError(failures)
  }

  async #lease({ entry, model }: Target, tried: TriedCredentials): Promise<Lease> {
    const leasing = entry.credentials.lease({
      signal: this.signal,
      model,
      exclude: tried.exclude(entry.credentials, model),
    })
    try {
      return await untilAborted(leasing, this.signal)
    } catch (cause) {
      // One that comes too late is given back.
      leasing.then(
        (late) => late.settle({ kind: 'aborted' }),
        () => {},
      )
      throw cause
    }
  }

  #open(target: Target, lease: Lease): Attempt {
    const { clock, state, targetLimits } = this.#engine
    const { body, dialect = 'openai-chat' } = this.#context
    const limits = targetLimits.of(target)
    try {
      this.#attempt = new Attempt(target, lease, { request: this.#request, body, dialect, clock, state, limits })
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
    failed: Target,
    waiting: Target[],
    callsLeft: number,
  ): Promise<Target | undefined> {
    // Bad keys of one target must not use up the calls that the others are owed.
    if (error.scope === 'credential' && callsLeft > waiting.length) return failed
    if (error.code === 'upstream_challenge') {
      // The service has begun to look for robots: its other credentials are not to be offered up.
      const pool = failed.entry.credentials
      waiting.splice(0, waiting.length, ...waiting.filter(({ entry }) => entry.credentials !== pool))
    }
    const other = waiting.shift()
    if (other || callsLeft === 0 || !isWorthRepeating(error)) return other
    const waitMs = backoffMs(this.#attempts.length - 1, error, this.#engine.random)
    if (waitMs === undefined || !this.#engine.retryBudget.mayRepeat()) return undefined
    const rest = sleep(this.#engine.clock, waitMs)
    await untilAborted(rest.over, this.signal).finally(rest.cancel)
    return failed
  }

  /** The targets that can do what is asked, with the fields that each leaves out. */
  #able(targets: readonly Target[]): Map<Target, readonly string[]> {
    const able = new Map<Target, readonly string[]>()
    let refused: { param: string; message: string } | undefined
    for (const target of targets) {
      const acceptance = target.entry.provider.accepts?.({ ...this.#request, model: target.model })
      if (acceptance?.refused) refused ??= acceptance.refused
      else able.set(target, acceptance?.dropped ?? [])
    }
    if (able.size === 0 && refused) {
      throw new DragomanError('unsupported_value', refused.message, { param: refused.param })
    }
    return able
  }

  #unlessAborted(cause: unknown): DragomanError {
    const error = toDragomanError(cause, this.signal)
    if (this.signal.aborted) throw error
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
    this.#controller.release()
    // Whatever still runs for this request, such as an attempt behind a heartbeat, ends with it.
    if (error) this.#controller.abort(error)
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
      attempts: [...this.#attempts],
      firstTokenMs: this.#firstTokenMs,
      finishReason: attempt?.finishReason,
      usage: attempt?.usage,
      dropped: this.#route?.dropped ?? [],
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

function sleep(clock: Clock, ms: number): { over: Promise<void>; cancel: () => void } {
  let cancel = () => {}
  const over = new Promise<void>((resolve) => {
    cancel = clock.schedule(resolve, ms)
  })
  return { over, cancel: () => cancel() }
}
