import {
  type AttemptEntry,
  type Clock,
  DragomanError,
  type LogEntry,
  type StateStore,
  toDragomanError,
} from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Answer, ChatContext, RouteInfo } from './answer.ts'
import { Attempt } from './attempt.ts'
import { type ProviderEntry, type Target, targetName } from './deployments.ts'
import { backoffMs, finalError, isWorthRepeating } from './failures.ts'
import type { Health } from './health.ts'
import type { Limits } from './limits.ts'
import type { RoutePlan } from './router.ts'
import { StreamGuard } from './stream-guard.ts'
import { untilAborted } from './until-aborted.ts'

export interface Engine {
  readonly clock: Clock
  readonly random: () => number
  readonly state: StateStore
  readonly limits: Limits
  readonly health: Health
  readonly record: ((entry: LogEntry) => void) | undefined
}

/** Without new output a stream may stay open this many times `idleMs`, as long as bytes come (the upstream's own limit). */
const idleChunksFactor = 5

/** One request from its arrival to its record, with the one loop of this system that tries again. */
export class RequestRun {
  readonly signal: AbortSignal
  #request: ChatCompletionRequest
  #context: ChatContext
  #engine: Engine
  #controller = new AbortController()
  #cancelDeadline: () => void
  #startedAt: number
  #begunAt: number
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
    this.signal = AbortSignal.any([context.signal, this.#controller.signal])
    this.#startedAt = clock.now()
    this.#begunAt = clock.elapsed()
    this.#cancelDeadline = clock.schedule(() => {
      const message = `The answer was not complete within ${limits.totalMs} ms (limits.totalMs)`
      this.#controller.abort(new DragomanError('upstream_timeout', message))
    }, limits.totalMs)
  }

  async answer(route: () => Promise<RoutePlan | undefined>): Promise<Answer> {
    try {
      const plan = await untilAborted(route(), this.signal)
      if (!plan) {
        throw new DragomanError('model_not_found', `There is no model ${this.#request.model}`, { param: 'model' })
      }
      return this.#request.stream ? await this.#stream(plan) : await this.#whole(plan)
    } catch (cause) {
      const error = toDragomanError(cause, this.signal)
      this.#finish(error)
      throw error
    }
  }

  async #whole(plan: RoutePlan): Promise<Answer> {
    const [completion, route] = await this.#try(plan, (attempt) => attempt.complete())
    this.#finish(undefined)
    return { kind: 'completion', completion, route }
  }

  async #stream(plan: RoutePlan): Promise<Answer> {
    const { clock, limits } = this.#engine
    let first: ChatCompletionChunk[] = []
    const opening = this.#try(plan, (attempt) => attempt.begin()).then(([chunks]) => {
      first = chunks
    })
    // A heartbeat fixes the status, not the target: attempts go on behind it.
    const silence = sleep(clock, limits.heartbeatMs)
    await Promise.race([opening, silence.over]).finally(silence.cancel)

    this.#isStreaming = true
    const guard = new StreamGuard({
      clock,
      signal: this.signal,
      heartbeatMs: limits.heartbeatMs,
      idleMs: () => this.#attempt && this.#attempt.limits.idleMs * idleChunksFactor,
      pull: async () => {
        await opening
        const value = first.shift()
        if (value) return { done: false, value }
        return this.#attempt ? this.#attempt.next() : { done: true, value: undefined }
      },
      finish: (error) => this.#finish(error),
    })
    return { kind: 'chunks', chunks: guard, route: this.#route }
  }

  /** Tries targets until one gives what `use` wants of it. */
  async #try<T>(plan: RoutePlan, use: (attempt: Attempt) => Promise<T>): Promise<[T, RouteInfo]> {
    const { clock, state, limits, health } = this.#engine
    const targets = this.#able(plan.targets)
    const calls = Math.max(limits.attempts, plan.healthy)
    const waiting = [...targets.keys()]
    const tried = new Map<ProviderEntry, Set<string>>()
    const failures: DragomanError[] = []

    let target = waiting.shift()
    while (target && this.#attempts.length < calls) {
      const { entry, model } = target
      const exclude = tried.get(entry) ?? new Set()
      tried.set(entry, exclude)
      let attempt: Attempt
      try {
        const lease = await untilAborted(entry.credentials.lease({ signal: this.signal, model, exclude }), this.signal)
        attempt = new Attempt(target, lease, this.#request, { signal: this.signal, clock, state, limits })
      } catch (cause) {
        failures.push(this.#unlessAborted(cause))
        target = waiting.shift()
        continue
      }
      try {
        const result = await use(attempt)
        this.#attempt = attempt
        this.#firstTokenMs ??= Math.round(clock.elapsed() - this.#begunAt)
        this.#route = { name: plan.name, provider: entry.id, model, dropped: targets.get(target) ?? [] }
        return [result, this.#route]
      } catch (cause) {
        const error = toDragomanError(cause, attempt.signal)
        this.#attempts.push(attempt.fail(error))
        health.failed(targetName(target), error, clock.now())
        if (error.scope !== 'credential' && error.scope !== 'upstream') throw error
        failures.push(error)
        if (error.scope === 'credential') exclude.add(attempt.credentialId)
        target = await this.#after(error, target, waiting)
      }
    }
    throw finalError(failures)
  }

  /** What to try after a failure: another credential, another target, else the same one once it had some rest. */
  async #after(error: DragomanError, failed: Target, waiting: Target[]): Promise<Target | undefined> {
    if (error.scope === 'credential') return failed
    if (error.code === 'upstream_challenge') {
      // The service has begun to look for robots: its other credentials are not to be offered up.
      for (const target of waiting.filter(({ entry }) => entry === failed.entry))
        waiting.splice(waiting.indexOf(target), 1)
    }
    const other = waiting.shift()
    if (other || !isWorthRepeating(error)) return other
    const waitMs = backoffMs(this.#attempts.length - 1, error, this.#engine.random)
    if (waitMs === undefined) return undefined
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
    if (attempt && error) {
      this.#attempts.push(attempt.fail(error))
      health.failed(targetName(attempt.target), error, clock.now())
    } else if (attempt) {
      this.#attempts.push(attempt.succeed())
      health.succeeded(targetName(attempt.target))
    }
    // Whatever still runs for this request, such as an attempt behind a heartbeat, ends with it.
    if (error) this.#controller.abort(error)
    record?.({
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
      dropped: this.#route?.dropped ?? [],
    })
  }
}

function sleep(clock: Clock, ms: number): { over: Promise<void>; cancel: () => void } {
  let cancel = () => {}
  const over = new Promise<void>((resolve) => {
    cancel = clock.schedule(resolve, ms)
  })
  return { over, cancel: () => cancel() }
}
