import { type AttemptEntry, type DragomanError, type Lease, toDragomanError } from '@dragoman/core'
import type { Admitted } from './admission.ts'
import type { RouteInfo } from './answer.ts'
import { Attempt } from './attempt.ts'
import { CandidateQueue, planWith } from './candidate-queue.ts'
import { mostLongerModels, type Target } from './deployments.ts'
import type { Engine, RunContext } from './engine.ts'
import { backoffMs, type Failure, finalError, isOfRequest, isWorthRepeating } from './failures.ts'
import { mayRunTwice, type OpenCall, raced } from './hedge.ts'
import type { Candidate, Job, RestAsked } from './job.ts'
import { originOf } from './reasoning-origin.ts'
import type { RoutePlan } from './router.ts'
import { TriedCredentials } from './tried-credentials.ts'

const nothingWaits = new CandidateQueue({ targets: [], healthy: 0 }, () => undefined)

type Use<T> = (attempt: Attempt) => Promise<T>

/**
 * The calls for one request: the one loop of this system that tries again.
 *
 * A request has `limits.attempts` calls, and never fewer than its plan has healthy targets: each of those gets its own,
 * and only what is left over goes to further credentials of a target, and to repeats where no other target is left.
 */
export class AttemptLoop {
  /** Those that are over. */
  readonly entries: AttemptEntry[] = []
  /** Of the call that serves. */
  route: RouteInfo | undefined
  /** From the arrival of the request to the first output. */
  firstTokenMs: number | undefined
  /** The client has had a heartbeat. */
  isLate = false
  /** Where the client has rights of its own. */
  admitted: Admitted | undefined
  readonly #job: Job
  readonly #context: RunContext
  readonly #engine: Engine
  readonly #begunAt: number
  /** What ended the request before its time. */
  #broken: { readonly reason: unknown } | undefined
  /** Rejects what is being waited for. */
  #refuse: ((reason: unknown) => void) | undefined
  #current: Attempt | undefined
  /** A second call while the current one is awaited. */
  #hedge: Attempt | undefined

  // Of one search for a target that serves.
  #plan: RoutePlan | undefined
  #queue = nothingWaits
  #callsLeft = 0
  #tried: TriedCredentials | undefined
  #failures: Failure[] = []
  #hedgeAfterMs: number | undefined
  #goesOn = false
  #longerModels = 0

  constructor(job: Job, context: RunContext, engine: Engine, begunAt: number) {
    this.#job = job
    this.#context = context
    this.#engine = engine
    this.#begunAt = begunAt
  }

  get broken(): { readonly reason: unknown } | undefined {
    return this.#broken
  }

  /** The call that serves, or is tried. */
  get current(): Attempt | undefined {
    return this.#current
  }

  /** Whether a call under way would hand on the upstream's own bytes. */
  get isRelaying(): boolean {
    return (this.#current?.isRelay || this.#hedge?.isRelay) ?? false
  }

  break(reason: unknown): void {
    if (this.#broken) return
    this.#broken = { reason }
    this.#current?.abort(reason)
    this.#hedge?.abort(reason)
    this.#refuse?.(reason)
  }

  /** Settles with `promise`, or before it when the request is broken off: a plugin may never settle. */
  until<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#broken) reject(this.#broken.reason)
      this.#refuse = reject
      promise.then(resolve, reject)
    })
  }

  errorOf(cause: unknown): DragomanError {
    return toDragomanError(cause, this.#broken && { aborted: true, reason: this.#broken.reason })
  }

  /** Tries the targets of a plan until one gives what `use` wants of it. */
  first<T>(plan: RoutePlan, use: Use<T>): Promise<T> {
    const hedgeAfterMs = plan.group?.hedgeAfterMs
    if (hedgeAfterMs !== undefined && mayRunTwice(this.#job.chat, this.#context)) this.#hedgeAfterMs = hedgeAfterMs
    this.#begin(plan)
    return this.#search(use)
  }

  /** The same for the rest of an answer: from the beginning, with targets that are well before those that are not. */
  rest<T>(plan: RoutePlan, said: string, use: Use<T>): Promise<T> {
    this.#goesOn = true
    this.#hedgeAfterMs = undefined
    this.#failures = []
    this.#tried = undefined
    this.#begin(plan, { said })
    return this.#search(use)
  }

  /** Ends a call. What it used is in the entry, which is among those of the request from now on. */
  close(attempt: Attempt, error: DragomanError | undefined): void {
    const entry = error ? attempt.fail(error) : attempt.succeed()
    if (attempt === this.#current) this.#current = undefined
    else if (attempt === this.#hedge) this.#hedge = undefined
    else return
    this.entries.push(entry)
    this.#context.attempted?.(entry)
  }

  closeAll(error: DragomanError | undefined): void {
    if (this.#hedge) this.close(this.#hedge, error)
    if (this.#current) this.close(this.#current, error)
  }

  /** Throws where none of the targets can do what is asked. */
  #begin(plan: RoutePlan, rest?: RestAsked): void {
    const { attempts } = this.#engine.limits
    const queue = new CandidateQueue(plan, (target) => this.#job.candidate(target, rest))
    if (queue.isEmpty && this.#job.refusal) throw this.#job.refusal
    this.#plan = plan
    this.#queue = queue
    this.#callsLeft = plan.healthy <= attempts ? attempts : Math.max(attempts, queue.owed)
  }

  async #search<T>(use: Use<T>): Promise<T> {
    let next = this.#queue.shift()
    while (next && this.#callsLeft > 0) {
      let lease: Lease
      try {
        const given = next.lease ?? this.#lease(next.target)
        lease = given instanceof Promise ? await this.#granted(given) : given
      } catch (cause) {
        this.#failures.push({ provider: next.target.entry.id, error: this.#unlessBroken(cause) })
        next = this.#queue.shift()
        continue
      }
      let call: OpenCall = { candidate: next, attempt: this.#open(next, lease) }
      try {
        const { attempt } = call
        if (this.#hedgeAfterMs === undefined || this.#callsLeft === 0) return this.#served(call, await use(attempt))
        const outcome = await this.#hedged(call, this.#hedgeAfterMs, use)
        call = outcome
        if ('cause' in outcome) throw outcome.cause
        return this.#served(call, outcome.result)
      } catch (cause) {
        const error = toDragomanError(cause, call.attempt.signal)
        // Left to whoever records the request, with what was used so far.
        if (this.#broken) throw error
        next = await this.#afterFailure(call, error)
      }
    }
    throw finalError(this.#failures)
  }

  #served<T>({ attempt, candidate: { target, dropped } }: OpenCall, result: T): T {
    attempt.confirm()
    this.firstTokenMs ??= Math.round(this.#engine.clock.elapsed() - this.#begunAt)
    const { entry, model, fallback } = target
    const origin = originOf(target, attempt.credential)
    const name = fallback ?? this.#plan?.name ?? model
    this.route = { name, provider: entry.id, model, origin, dropped, toolEnforcement: attempt.toolEnforcement }
    return result
  }

  /** Only asked for where there is a choice. */
  readonly #affinityKey = (): string | undefined => this.#job.affinityKey()

  #lease({ entry: { credentials }, model }: Target, besides?: Attempt): Lease | Promise<Lease> {
    let exclude = this.#tried?.exclude(credentials, model)
    if (besides) exclude = new Set([...(exclude ?? []), besides.credential])
    const waitMs = besides ? 0 : undefined
    return credentials.lease({
      signal: this.#context.signal,
      model,
      exclude,
      affinityKey: this.#affinityKey,
      waitMs,
    })
  }

  /** One that comes too late is given back. */
  #granted(lease: Promise<Lease>): Promise<Lease> {
    lease.then((late) => this.#broken && late.settle({ kind: 'aborted' })).catch(() => {})
    return this.until(lease)
  }

  #open(candidate: Candidate, lease: Lease, isHedge = false): Attempt {
    const { clock, state, targetLimits, health, priceOf, retryBudget } = this.#engine
    const { client = 'open' } = this.#context
    this.#callsLeft--
    retryBudget.called()
    try {
      if (this.#broken) throw this.#broken.reason
      const limits = targetLimits.of(candidate.target)
      const attempt = new Attempt(candidate, lease, {
        client,
        clock,
        state,
        limits,
        health,
        price: priceOf(candidate.target),
        isLate: this.isLate,
        isHedge,
        goesOn: this.#goesOn,
      })
      if (isHedge) this.#hedge = attempt
      else this.#current = attempt
      return attempt
    } catch (cause) {
      lease.settle({ kind: 'aborted' })
      throw cause
    }
  }

  /** What to try after a failure. Throws where nothing else may be tried. */
  async #afterFailure(call: OpenCall, error: DragomanError): Promise<Candidate | undefined> {
    const { candidate } = call
    this.close(call.attempt, error)
    const instead = this.#callsLeft > 0 ? candidate.instead?.(error) : undefined
    if (instead) {
      // The targets that wait do not pay for it.
      if (this.#callsLeft <= this.#queue.owed) this.#callsLeft++
      return instead
    }
    if (error.code === 'context_length_exceeded' && this.#goToLonger()) return this.#queue.shift()
    if (error.scope !== 'credential' && error.scope !== 'upstream') throw error
    this.#failed(call, error)
    return this.#other(error, candidate)
  }

  #failed({ candidate: { target }, attempt }: OpenCall, error: DragomanError): void {
    const { credentials, id: provider } = target.entry
    this.#failures.push({ provider, error })
    this.#engine.retryBudget.failed()
    if (error.scope !== 'credential') return
    this.#tried ??= new TriedCredentials()
    this.#tried.add(credentials, target.model, attempt.credential, error)
    // What is told then should hold for the whole pool, and not for the few that were tried.
    if (this.#callsLeft === 0)
      this.#failures.push({ provider, error: this.#tried.remaining(target, this.#context.signal) })
  }

  /** The model that the configuration names for requests that are too long, and nothing else. */
  #goToLonger(): boolean {
    const name = this.#plan?.group?.onContextTooLong
    if (name === undefined || this.#goesOn || this.#longerModels >= mostLongerModels) return false
    this.#longerModels++
    const longer = this.#engine.replan(name, this.#context, this.#job)
    if (!longer) return false
    const plan = planWith(longer, this.admitted?.permitted?.(longer.targets) ?? longer.targets)
    try {
      this.#begin(plan)
    } catch {
      // It cannot do what is asked: that the first one's context is too short says more.
      return false
    }
    return this.#queue.size > 0
  }

  /** Another credential, another target, else the same one once it had some rest. */
  async #other(error: DragomanError, failed: Candidate): Promise<Candidate | undefined> {
    // Bad keys of one target must not use up the calls that the others are owed, and those that rest get a last one.
    const { owed, size } = this.#queue
    const kept = owed + (size > owed ? 1 : 0)
    if (error.scope === 'credential' && this.#callsLeft > kept) return failed
    // The service has begun to look for robots: its other credentials are not to be offered up.
    if (error.code === 'upstream_challenge') this.#queue.withhold(failed.target.entry.credentials)
    const other = this.#queue.shift()
    if (other || this.#callsLeft === 0 || !isWorthRepeating(error)) return other
    const { clock, limits, random, retryBudget } = this.#engine
    const waitMs = backoffMs(this.entries.length - 1, error, random)
    if (waitMs === undefined || clock.elapsed() - this.#begunAt + waitMs >= limits.totalMs) return undefined
    if (!retryBudget.mayRepeat()) return undefined
    let cancel: (() => void) | undefined
    const rest = new Promise<void>((resolve) => {
      cancel = clock.schedule(resolve, waitMs)
    })
    await this.until(rest).finally(cancel)
    return failed
  }

  /** Once for each request. */
  async #hedged<T>(first: OpenCall, hedgeAfterMs: number, use: Use<T>) {
    this.#hedgeAfterMs = undefined
    let unheard: Candidate | undefined
    const outcome = await raced({
      clock: this.#engine.clock,
      first,
      afterMs: hedgeAfterMs * first.attempt.firstOutputFactor,
      use,
      second: () => this.#second(first),
      isFinal: (call, cause) =>
        this.#broken !== undefined || (call.attempt === first.attempt && isOfRequest(toDragomanError(cause))),
      dropped: (call, cause) => {
        const error = toDragomanError(cause, call.attempt.signal)
        if (call === first && isOfRequest(error)) call.attempt.overtaken()
        this.close(call.attempt, error)
        if (isOfRequest(error)) unheard = call.candidate
        else this.#failed(call, error)
      },
    })
    if (unheard && 'cause' in outcome && unheard !== outcome.candidate) {
      // It was given up for one that did not come to its end, and may still serve.
      this.#queue.putBack(unheard)
      this.#callsLeft = Math.max(this.#callsLeft, this.#queue.owed)
    }
    // Whatever follows is about this one.
    if (outcome.attempt === this.#hedge) {
      this.#current = this.#hedge
      this.#hedge = undefined
    }
    return outcome
  }

  /** On the next healthy target, else with another credential. */
  async #second(first: OpenCall): Promise<OpenCall | undefined> {
    const candidate = this.#queue.nextWell ?? first.candidate
    if (!candidate || this.#broken || !this.#engine.retryBudget.mayHedge()) return undefined
    try {
      const given = this.#lease(candidate.target, first.attempt)
      const lease = given instanceof Promise ? await this.#granted(given) : given
      if (first.attempt.hasOutput) {
        lease.settle({ kind: 'aborted' })
        return undefined
      }
      if (candidate !== first.candidate) this.#queue.shift()
      return { candidate, attempt: this.#open(candidate, lease, true) }
    } catch {
      // Nothing is lost: the first call goes on, and whether the target serves is found out when it is its turn.
      return undefined
    }
  }

  #unlessBroken(cause: unknown): DragomanError {
    const error = this.errorOf(cause)
    if (this.#broken) throw error
    return error
  }
}
