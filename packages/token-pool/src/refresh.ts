import { type Clock, type Credential, DragomanError, toDragomanError } from '@dragoman/core'
import { restMs } from './cooldown.ts'
import { fetchSession, type SessionTools, tookTooLong } from './fetch-session.ts'
import { sessionKey } from './fingerprint.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { PoolEvent } from './pool-options.ts'
import type { Renewed, Session, SessionState } from './session-state.ts'
import type { Slot } from './slot.ts'

export interface RenewalOptions extends SessionTools, RenewalTimes {
  readonly random: () => number
  /** How many leases there have been. */
  readonly leases: () => number
  readonly tell: (event: PoolEvent) => void
  /** One runs or is about to. */
  readonly started: (slot: Slot) => void
  /** One has ended, well or not: its credential may stand otherwise now. */
  readonly settled: (slot: Slot, result: Renewed) => void
}

export interface RenewalTimes {
  readonly refreshIntervalMs?: number | undefined
  readonly maxCooldownMs: number
}

interface Job {
  readonly slot: Slot
  readonly isForced: boolean
  readonly resolve: (result: Renewed) => void
}

interface Run {
  /** Ends the acquisition, unless the service has answered. */
  abort(reason: unknown): void
  done: Promise<void>
}

interface Lane {
  readonly queue: Job[]
  running: number
}

/** A thousand accounts must not sign in at the same moment, whatever made them. */
const MAX_RUNNING = 8
const RETRY_MS = 5_000
const AHEAD_MS = 300_000
const AHEAD_PART = 0.1
/** A session that lives shorter is renewed when somebody needs it, not by the clock. */
const LEAST_LIFE_MS = 5_000
/** For sessions that claim to have expired when they are new. */
const LIE_MS = 60_000

/** Renews sessions: never two at a time for one credential, shared by all who wait, ended by nobody's abort. */
export class Renewals {
  #options: RenewalOptions
  readonly #clock: Clock
  readonly #due = new IndexedHeap<Slot>()
  readonly #urgent: Lane = { queue: [], running: 0 }
  /** What nobody waits for does not keep others waiting, however long it takes. */
  readonly #background: Lane = { queue: [], running: 0 }
  readonly #running = new Set<Run>()
  readonly #forgetting = new Set<Promise<void>>()
  #isClosed = false
  succeeded = 0
  failed = 0
  /** By `clock.elapsed()`. */
  lastAt: number | undefined
  lastError: string | undefined

  constructor(options: RenewalOptions) {
    this.#options = options
    this.#clock = options.clock
  }

  /** Holds for what is fetched from now on. */
  configure(times: RenewalTimes): void {
    this.#options = { ...this.#options, ...times }
  }

  get running(): number {
    return this.#running.size
  }

  /** Another urgent one would start at once. */
  get hasRoom(): boolean {
    return this.#urgent.running + this.#urgent.queue.length < MAX_RUNNING
  }

  /** When the clock asks for the next one; Infinity where it does not. */
  get nextAt(): number {
    return this.#due.topRank
  }

  /** Joins the one that runs. Never rejects. `isUrgent`: before those that nobody waits for. */
  renew(
    slot: Slot,
    session: SessionState,
    { isUrgent = false, isForced = false }: { isUrgent?: boolean; isForced?: boolean } = {},
  ): Promise<Renewed> {
    if (session.renewal) {
      const at = isUrgent ? this.#background.queue.findIndex((job) => job.slot === slot) : -1
      if (at >= 0) this.#urgent.queue.push(...this.#background.queue.splice(at, 1))
      this.#start()
      return session.renewal
    }
    if (this.#isClosed) return Promise.resolve({ ok: false, error: this.#closed() })
    session.renewal = new Promise((resolve) => {
      const lane = isUrgent ? this.#urgent : this.#background
      lane.queue.push({ slot, isForced, resolve })
    })
    const { renewal } = session
    this.schedule(slot)
    this.#options.started(slot)
    this.#start()
    return renewal
  }

  /** To be called when it was added, removed, disabled or enabled. */
  schedule(slot: Slot): void {
    const at = renewalOf(slot)
    if (at === Number.POSITIVE_INFINITY) this.#due.delete(slot)
    else this.#due.set(slot, at)
  }

  runDue(now: number): void {
    for (let slot = this.#due.top; slot?.session && this.#due.topRank <= now; slot = this.#due.top) {
      this.#due.delete(slot)
      // Things may have changed since it was scheduled: a session may have been rejected.
      if (renewalOf(slot) <= now) this.renew(slot, slot.session)
      else this.schedule(slot)
    }
  }

  /** Its session does not stay in the vault either, unless it is listed again before that. */
  forget(slot: Slot): void {
    const forgetting = this.#forget(slot).finally(() => this.#forgetting.delete(forgetting))
    this.#forgetting.add(forgetting)
  }

  async #forget(slot: Slot): Promise<void> {
    const { vault, name, places } = this.#options
    // It would be stored again by the renewal that runs.
    await slot.session?.renewal
    if (!vault || slot.isListed) return
    try {
      await vault.delete(slot.session?.key ?? (await sessionKey(name, slot.fingerprint, places)))
    } catch {
      // What nobody uses leaves the vault by its age.
    }
  }

  /** Resolves when what services have answered is stored. All else ends at once. */
  async close(): Promise<void> {
    this.#isClosed = true
    const error = this.#closed()
    const runs = [...this.#running]
    for (const run of runs) run.abort(error)
    for (const { slot, resolve } of [...this.#urgent.queue.splice(0), ...this.#background.queue.splice(0)]) {
      if (slot.session) slot.session.renewal = undefined
      resolve({ ok: false, error })
    }
    await Promise.all([...runs.map(({ done }) => done), ...this.#forgetting])
  }

  #closed(): DragomanError {
    return new DragomanError('no_credential', `${this.#options.name} is closed`)
  }

  #start(): void {
    for (const lane of [this.#urgent, this.#background]) {
      while (lane.running < MAX_RUNNING) {
        const job = lane.queue.shift()
        if (!job) break
        const { session, isListed, id } = job.slot
        if (session && isListed) {
          const run: Run = { abort() {}, done: Promise.resolve() }
          run.done = this.#run(job, session, lane, run)
        } else {
          if (session) session.renewal = undefined
          job.resolve({ ok: false, error: new DragomanError('no_credential', `${id} was removed`) })
        }
      }
    }
  }

  async #run({ slot, isForced, resolve }: Job, session: SessionState, lane: Lane, run: Run): Promise<void> {
    lane.running++
    const { tell, acquireTimeoutMs } = this.#options
    const { source, fingerprint, id } = slot
    const controller = new AbortController()
    const startedAt = this.#clock.elapsed()
    const leases = this.#options.leases()
    const abort = (reason: unknown) => {
      cancel()
      controller.abort(reason)
    }
    const cancel = this.#clock.schedule(() => abort(tookTooLong(id, acquireTimeoutMs)), acquireTimeoutMs)
    let isAnswered = false
    const answered = () => {
      isAnswered = true
    }
    run.abort = (reason) => {
      if (!isAnswered) abort(reason)
    }
    this.#running.add(run)
    let result: Renewed = { ok: true }
    const events: PoolEvent[] = []
    try {
      const notStored = (reason: string) => events.push({ type: 'not-stored', id, reason })
      const { signal } = controller
      const request = { source, fingerprint, session, isForced, signal, answered, notStored }
      const fetched = await fetchSession(request, this.#options)
      this.#adopt(session, fetched.credential, leases)
      const { expiresAt } = fetched.credential
      const durationMs = Math.round(this.#clock.elapsed() - startedAt)
      events.push(fetched.isTaken ? { type: 'session-taken', id } : { type: 'refreshed', id, expiresAt, durationMs })
    } catch (thrown) {
      const error = toDragomanError(thrown, controller.signal)
      result = { ok: false, error }
    } finally {
      cancel()
      this.#running.delete(run)
      lane.running--
      session.renewal = undefined
    }
    if (!result.ok && !this.#isClosed) events.push(this.#failure(id, session, result.error))
    this.schedule(slot)
    this.#options.settled(slot, result)
    for (const event of events) tell(event)
    resolve(result)
    this.#start()
  }

  #adopt(session: SessionState, credential: Credential, leases: number): void {
    const now = this.#clock.elapsed()
    session.current = this.#sessionOf(session, credential, now)
    session.latest = credential
    session.isRejected = false
    session.renewedSince = leases
    session.failures = 0
    session.retryAt = 0
    session.failure = undefined
    this.succeeded++
    this.lastAt = now
  }

  #sessionOf(session: SessionState, credential: Credential, now: number): Session {
    const { refreshIntervalMs = Number.POSITIVE_INFINITY, maxCooldownMs } = this.#options
    const lifeMs = (credential.expiresAt ?? Number.POSITIVE_INFINITY) - this.#clock.now()
    const isLie = !(lifeMs > 0)
    session.lies = isLie ? session.lies + 1 : 0
    const ahead = isLie
      ? restMs(LIE_MS, session.lies, undefined, 0, Math.max(LIE_MS, maxCooldownMs))
      : Math.max(LEAST_LIFE_MS, lifeMs - Math.min(AHEAD_MS, lifeMs * AHEAD_PART))
    return {
      credential,
      refreshedAt: now,
      expiresAt: isLie ? Number.POSITIVE_INFINITY : now + lifeMs,
      renewAt: now + Math.min(ahead, refreshIntervalMs),
    }
  }

  #failure(id: string, session: SessionState, error: DragomanError): PoolEvent {
    const { random, maxCooldownMs } = this.#options
    const now = this.#clock.elapsed()
    session.failures++
    session.failure = error
    session.retryAt = now + restMs(RETRY_MS, session.failures, error.retryAfterMs, random(), maxCooldownMs)
    this.failed++
    this.lastAt = now
    this.lastError = `${id}: ${error.code}`
    const until = Math.round(this.#clock.now() + session.retryAt - now)
    return { type: 'refresh-failed', id, reason: error.code, until }
  }
}

/** When the clock asks for its renewal. A session that cannot serve is renewed when somebody needs it. */
function renewalOf({ isListed, health, session }: Slot): number {
  if (!isListed || health.disabled || !session?.current || session.isRejected || session.renewal) {
    return Number.POSITIVE_INFINITY
  }
  const at = Math.max(session.current.renewAt, session.retryAt)
  return at < session.current.expiresAt ? at : Number.POSITIVE_INFINITY
}
