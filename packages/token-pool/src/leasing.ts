import {
  type Clock,
  type Credential,
  DragomanError,
  type ErrorCode,
  type Lease,
  type LeaseOptions,
  type Outcome,
  systemClock,
} from '@dragoman/core'
import { Affinity } from './affinity.ts'
import { Alarm } from './alarm.ts'
import { type HealthEvent, healthy, nextHealth, restOf } from './cooldown.ts'
import { healthEvents } from './health-events.ts'
import { LeaseQueue } from './lease-queue.ts'
import { type LeaseListener, PoolLease } from './pool-lease.ts'
import type { PoolEvent, PoolSettings, Strategy, TokenPoolOptions } from './pool-options.ts'
import { reasonOf, refusal, waitedInVain } from './reasons.ts'
import { Renewals } from './refresh.ts'
import type { Renewed, SessionState } from './session-state.ts'
import { credentialOf, type Slot, type Standing } from './slot.ts'
import type { Slots } from './slots.ts'
import { isAwaited, Standings } from './standings.ts'

/** So many authentication failures in a row make every session suspect. */
const SUSPECT = 2
/** Whoever waited in vain until then has the same error. */
const SAME_TIME_MS = 10
/**
 * Sessions are renewed for calls that fail no more often. Services answer 401 and 403 for what has nothing to do with
 * the session, a model for instance: else a client could have all accounts sign in as often as it likes.
 */
const FORCED_EVERY_MS = 60_000

/** Who gets which credential, and what becomes of it: all of a pool but its list and what people do with it. */
export class Leasing {
  readonly name: string
  strategy!: Strategy
  maxConcurrent!: number
  readonly renewals: Renewals | undefined
  #waitMs!: number
  readonly #maxWaiting: number
  #maxCooldownMs!: number
  readonly #clock: Clock
  readonly #random: () => number
  readonly #onEvent: ((event: PoolEvent) => void) | undefined

  readonly #slots: Slots
  #standings: Standings
  readonly #affinity = new Affinity<Slot>()
  readonly #queue: LeaseQueue
  readonly #alarm: Alarm
  #leases = 0
  /** How many leases there had been at the first authentication failure in a row. */
  #authFailingSince = 0
  #suspectedAt = Number.NEGATIVE_INFINITY
  #lastLate: { at: number; model: string | undefined; waitMs: number; error: DragomanError } | undefined
  #isClosed = false
  inFlight = 0
  /** Authentication failures in a row. */
  authFailures = 0

  constructor(options: TokenPoolOptions, slots: Slots) {
    const { acquire, clock = systemClock, random = Math.random } = options
    this.name = options.name
    this.#standings = this.#settle(options)
    this.#maxWaiting = options.maxWaiting ?? 10_000
    this.#clock = clock
    this.#random = random
    this.#onEvent = options.onEvent
    this.#slots = slots
    this.#queue = new LeaseQueue(clock)
    this.#alarm = new Alarm(clock, () => this.#ring())
    this.renewals =
      acquire &&
      new Renewals({
        name: options.name,
        clock,
        acquire,
        acquireTimeoutMs: options.acquireTimeoutMs ?? 60_000,
        refreshIntervalMs: options.refreshIntervalMs,
        maxCooldownMs: this.#maxCooldownMs,
        vault: options.vault,
        places: options.places,
        lock: options.lock,
        random,
        leases: () => this.#leases,
        tell: (event) => this.tell(event),
        started: (slot) => this.reconsider(slot),
        settled: (slot, result) => this.#renewed(slot, result),
      })
  }

  /**
   * In place of all that held before. Leases that run go on and count; whoever waits goes on for as long as he was told.
   */
  configure(settings: PoolSettings): void {
    const now = this.#clock.elapsed()
    this.#standings = this.#settle(settings)
    this.renewals?.configure({ refreshIntervalMs: settings.refreshIntervalMs, maxCooldownMs: this.#maxCooldownMs })
    for (const slot of this.#slots.known) {
      slot.pass = 0
      slot.standing = 'out'
    }
    const { listed } = this.#slots
    for (const slot of listed) {
      this.#standings.selection.recount(healthy.models, slot.health.models, now)
      this.#standings.replace(slot, now)
    }
    for (const slot of listed) if (this.#queue.size > 0) this.#serve(slot, now, true)
    this.#rearm()
  }

  #settle({ strategy, maxConcurrent, waitMs, maxCooldownMs }: PoolSettings): Standings {
    this.strategy = strategy ?? 'least-used'
    this.maxConcurrent = maxConcurrent ?? Number.POSITIVE_INFINITY
    this.#waitMs = waitMs ?? 30_000
    this.#maxCooldownMs = maxCooldownMs ?? 600_000
    return new Standings(this.strategy, this.maxConcurrent)
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** As the pool's. */
  lease(options: LeaseOptions): Lease | Promise<Lease> {
    if (options.signal.aborted) throw options.signal.reason
    if (this.#isClosed) throw this.#closed()
    const now = this.#clock.elapsed()
    if (this.#standings.dueAt <= now) this.#admitDue(now)
    const best = this.#standings.selection.best(options.model, options.exclude, now)
    if (!best || best.inFlight > 0) this.#wake()
    const slot = best && this.#choose(best, options, now)
    return slot ? this.#grant(slot, options.model, now) : this.#wait(options, now)
  }

  /** Somebody did something to a credential. */
  act(slot: Slot, event: HealthEvent): void {
    this.#change(slot, event, this.#clock.elapsed())
    this.reconsider(slot)
  }

  /** To be called with one that was listed or removed. */
  relist(slot: Slot): void {
    const now = this.#clock.elapsed()
    const { models } = slot.health
    const [before, after] = slot.isListed ? [healthy.models, models] : [models, healthy.models]
    this.#standings.selection.recount(before, after, now)
    this.renewals?.schedule(slot)
    this.reconsider(slot)
  }

  /** After changes that do not come with a lease: whoever waits may be served, or refused. */
  reconsider(slot: Slot): void {
    const now = this.#clock.elapsed()
    this.#standings.replace(slot, now)
    if (this.#queue.size > 0) this.#serve(slot, now, true)
    this.#rearm()
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#alarm.set(Number.POSITIVE_INFINITY)
    const renewals = this.renewals?.close() ?? Promise.resolve()
    this.#queue.refuseWhere(() => this.#closed())
    return renewals
  }

  #choose(best: Slot, { model, exclude, affinityKey }: LeaseOptions, now: number): Slot {
    if (affinityKey === undefined || !this.#standings.selection.hasChoice(model)) return best
    const key = typeof affinityKey === 'function' ? affinityKey() : affinityKey
    if (key === undefined) return best
    const last = this.#affinity.get(key, now)
    if (!last || !this.#staysWith(last, model, exclude, now)) {
      this.#affinity.use(key, best, now)
      return best
    }
    this.#affinity.use(key, last, now)
    return last.standing === 'free' && last.inFlight + 1 <= 2 * (best.inFlight + 1) ? last : best
  }

  /** What is only busy gets the key's next request again. */
  #staysWith(last: Slot, model: string | undefined, exclude: LeaseOptions['exclude'], now: number): boolean {
    return last.standing !== 'out' && !exclude?.has(credentialOf(last)) && !restOf(last.health, model, now)
  }

  #grant(slot: Slot, model: string | undefined, now: number): Lease {
    const number = ++this.#leases
    slot.inFlight++
    this.inFlight++
    slot.lastUsed = number
    slot.lastUsedAt = now
    this.#standings.selection.used(slot)
    if (slot.health.whole || slot.health.models.size > 0) {
      this.#change(slot, { type: 'granted', lease: { number, model } }, now)
    }
    this.#standings.place(slot, now)
    return new PoolLease(slot, credentialOf(slot), number, model, this.#listener)
  }

  readonly #listener: LeaseListener = {
    confirmed: (slot, lease) => this.#confirmed(slot, lease),
    settled: (slot, lease, outcome) => this.#settled(slot, lease, outcome),
  }

  /** It is well before its lease is over: answers take minutes, and a probe keeps all others away. */
  #confirmed(slot: Slot, lease: PoolLease): void {
    const now = this.#clock.elapsed()
    const before = slot.health
    slot.lastSuccessAt = now
    this.authFailures = 0
    if (before === healthy) return
    this.#judge(slot, lease, { kind: 'ok' }, now)
    if (this.#queue.size === 0 || slot.health === before) return
    this.#serve(slot, now, true)
    this.#rearm()
  }

  #settled(slot: Slot, lease: PoolLease, outcome: Outcome): void {
    const now = this.#clock.elapsed()
    const { health, standing } = slot
    slot.inFlight--
    this.inFlight--
    if (outcome.kind === 'ok') {
      slot.successes++
      slot.lastSuccessAt = now
      this.authFailures = 0
      if (slot.health !== healthy) this.#judge(slot, lease, outcome, now)
    } else if (outcome.kind === 'failed') {
      this.#failed(slot, lease, outcome.error, now)
    } else {
      this.#judge(slot, lease, outcome, now)
    }
    this.#standings.place(slot, now)
    if (this.#queue.size === 0) return
    this.#serve(slot, now, slot.health !== health, standing)
    this.#rearm()
  }

  #failed(slot: Slot, lease: PoolLease, error: DragomanError, now: number): void {
    if (error.scope === 'credential' || error.code === 'upstream_challenge') {
      slot.failures++
      slot.lastFailureAt = now
    }
    const { session } = slot
    const isRejected = error.code === 'credential_rejected'
    // Of a session that has been replaced, or is known to be rejected: nothing new.
    if (isRejected && session && (session.isRejected || lease.credential !== session.current?.credential)) {
      this.#judge(slot, lease, { kind: 'aborted' }, now)
      return
    }
    const before = slot.health.consecutiveFailures
    const isRenewed = isRejected && session !== undefined && mayForce(session, now)
    if (isRenewed) session.isRejected = true
    this.#judge(slot, lease, { kind: 'failed', error }, now, isRenewed)
    if (slot.health.consecutiveFailures > before && isSuspicious(slot, lease, error.code, now)) this.#suspect(now)
    if (!isRenewed) return
    session.forcedAt = now
    this.#standings.replace(slot, now)
    if (slot.standing === 'asleep') this.renewals?.renew(slot, session, { isUrgent: true })
  }

  /** What a lease's end says about its credential. */
  #judge(slot: Slot, { number, model, credential }: PoolLease, outcome: Outcome, now: number, isRenewed = false): void {
    const reason = outcome.kind === 'failed' ? reasonOf(outcome.error, [slot.source, credential]) : ''
    this.#change(
      slot,
      {
        type: 'settled',
        lease: { number, model },
        outcome,
        reason,
        isRenewed,
        leases: this.#leases,
        jitter: outcome.kind === 'failed' ? this.#random() : 0,
      },
      now,
    )
  }

  /** An authentication failure. Two in a row: what made them probably holds for the other sessions as well. */
  #suspect(now: number): void {
    if (this.authFailures++ === 0) this.#authFailingSince = ++this.#leases
    if (this.authFailures !== SUSPECT || now - this.#suspectedAt < FORCED_EVERY_MS) return
    this.#suspectedAt = now
    for (const slot of this.#slots.listed) {
      const { session, health } = slot
      if (!session?.current || session.isRejected || session.renewal || health.disabled) continue
      if (session.renewedSince >= this.#authFailingSince || !mayForce(session, now)) continue
      session.forcedAt = now
      this.renewals?.renew(slot, session)
    }
  }

  #change(slot: Slot, event: HealthEvent, now: number): void {
    const before = slot.health
    const after = nextHealth(before, event, now, this.#maxCooldownMs)
    if (after === before) return
    slot.health = after
    if (slot.isListed && after.models !== before.models)
      this.#standings.selection.recount(before.models, after.models, now)
    // Before anybody is told, who may ask for a lease at once.
    this.#standings.replace(slot, now)
    if (after.disabled !== before.disabled) this.renewals?.schedule(slot)
    if (event.type === 'granted') return
    const model = event.type === 'settled' ? event.lease.model : undefined
    for (const told of healthEvents(slot.id, before, after, model, this.unixOf(now))) this.tell(told)
  }

  #wait(options: LeaseOptions, now: number): Promise<Lease> {
    if (!this.#standings.hasHope(options, now)) throw this.#refusal(options.model, now)
    const { waitMs = this.#waitMs } = options
    const late = () => this.#late(options, waitMs)
    if (waitMs <= 0) throw late()
    if (this.#queue.size >= this.#maxWaiting) {
      throw new DragomanError('overloaded', `${this.#queue.size} requests wait for a credential of ${this.name}`)
    }
    const lease = this.#queue.wait(options, waitMs, late)
    this.#rearm()
    return lease
  }

  /** Many who came together run out of time together: looking through all credentials for each would take seconds. */
  #late(options: LeaseOptions, waitMs: number): DragomanError {
    const { model, exclude } = options
    const now = this.#clock.elapsed()
    const hasExclusions = exclude !== undefined && exclude.size > 0
    const known = this.#lastLate
    const isSame = known?.model === model && known?.waitMs === waitMs && now - known.at < SAME_TIME_MS
    if (known && isSame && !hasExclusions) return known.error
    const error = waitedInVain(this.name, this.#slots.listed, options, waitMs, this.maxConcurrent, now)
    if (!hasExclusions) this.#lastLate = { at: now, model, waitMs, error }
    return error
  }

  #admitDue(now: number): void {
    for (let slot = this.#standings.takeDue(now); slot; slot = this.#standings.takeDue(now)) {
      if (this.#queue.size > 0) this.#serve(slot, now, false)
    }
  }

  /**
   * Gives what became free to whoever waits for it. `hasChanged`: some may have waited for it in vain; so they may where
   * it could be waited for as it stood before, and cannot now.
   */
  #serve(slot: Slot, now: number, hasChanged: boolean, before: Standing = 'full'): void {
    while (slot.standing === 'free') {
      const waiter = this.#queue.first(({ model, exclude }) =>
        this.#standings.selection.accepts(slot, model, exclude, now),
      )
      if (!waiter) break
      waiter.grant(this.#grant(slot, waiter.options.model, now))
    }
    if (this.#queue.size === 0) return
    if (hasChanged || (isAwaited(before) && !isAwaited(slot.standing))) this.#refuseHopeless(now)
  }

  /** What they waited for will not come: better to say so at once. */
  #refuseHopeless(now: number): void {
    const refusals = new Map<string | undefined, DragomanError>()
    this.#queue.refuseWhere((options) => {
      if (this.#standings.hasHope(options, now)) return undefined
      const known = refusals.get(options.model) ?? this.#refusal(options.model, now)
      refusals.set(options.model, known)
      return known
    })
  }

  /** Where all are busy one account more gets its session, in the background as long as others serve. */
  #wake(): void {
    const slot = this.#standings.selection.asleep
    if (slot?.session && this.renewals?.hasRoom) this.renewals.renew(slot, slot.session, { isUrgent: true })
  }

  #renewed(slot: Slot, result: Renewed): void {
    const now = this.#clock.elapsed()
    const code = result.ok ? undefined : result.error.code
    if (!result.ok && (code === 'credential_disabled' || code === 'upstream_challenge')) {
      this.#change(slot, { type: 'disabled', code, reason: reasonOf(result.error, secretsOf(slot)) }, now)
    }
    this.reconsider(slot)
    if (this.#queue.size > 0) this.#wake()
  }

  #ring(): void {
    const now = this.#clock.elapsed()
    this.#admitDue(now)
    this.renewals?.runDue(now)
    this.#rearm()
  }

  /** Cooldowns that end need no timer, unless somebody waits: the next lease looks at the clock. */
  #rearm(): void {
    if (this.#isClosed) return
    const due = this.#queue.size > 0 ? this.#standings.dueAt : Number.POSITIVE_INFINITY
    this.#alarm.set(Math.min(due, this.renewals?.nextAt ?? Number.POSITIVE_INFINITY))
  }

  #refusal(model: string | undefined, now: number): DragomanError {
    return refusal(this.name, this.#slots.listed, model, now, this.unixOf(now))
  }

  #closed(): DragomanError {
    return new DragomanError('no_credential', `${this.name} is closed`)
  }

  /** Times are kept by the clock that cannot be set, and shown by the other. */
  unixOf(now: number): (time: number) => number {
    const offset = this.#clock.now() - now
    return (time) => Math.round(time + offset)
  }

  tell(event: PoolEvent): void {
    try {
      this.#onEvent?.(event)
    } catch {
      // A log that fails must not take requests with it.
    }
  }
}

function secretsOf({ source, session }: Slot): Credential[] {
  return [source, ...(session?.latest ? [session.latest] : [])]
}

function mayForce({ renewal, forcedAt }: SessionState, now: number): boolean {
  return renewal !== undefined || now - forcedAt >= FORCED_EVERY_MS
}

/** Where a credential works, a 403 for a model is about the model. */
function isSuspicious({ lastSuccessAt }: Slot, { model }: PoolLease, code: ErrorCode, now: number): boolean {
  if (code !== 'credential_forbidden') return code === 'credential_rejected'
  return model === undefined || lastSuccessAt === undefined || now - lastSuccessAt >= FORCED_EVERY_MS
}
