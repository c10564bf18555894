import {
  type Clock,
  type CredentialPool,
  DragomanError,
  type Lease,
  type LeaseOptions,
  systemClock,
} from '@dragoman/core'
import type { HealthEvent } from './cooldown.ts'
import type { CredentialSource } from './credential-source.ts'
import { Leasing } from './leasing.ts'
import type { PoolSettings, TokenPoolOptions } from './pool-options.ts'
import { type Slot, standingOf } from './slot.ts'
import { describe, Slots } from './slots.ts'
import type { PoolStats, TokenStatus } from './token-status.ts'
import { refreshStats, tokenStatus } from './token-statuses.ts'

/** What a change of the list did. */
export interface ListChange {
  /** Ids. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What became of a renewal that was asked for. */
export interface RefreshResult {
  readonly id: string
  readonly ok: boolean
  readonly error?: DragomanError | undefined
}

/**
 * Leases credentials to concurrent requests, rests the ones that fail, renews the ones that expire. Methods that take
 * an id do nothing for one that is not listed, and say so by what they return; none of them throws for it.
 */
export class TokenPool implements CredentialPool {
  readonly #clock: Clock
  readonly #slots: Slots
  readonly #leasing: Leasing
  #refreshIntervalMs: number | undefined

  constructor(options: TokenPoolOptions) {
    this.#clock = options.clock ?? systemClock
    this.#refreshIntervalMs = options.refreshIntervalMs
    this.#slots = new Slots(options.name, options.acquire !== undefined)
    this.#leasing = new Leasing(options, this.#slots)
    // What one gave is no news: nobody is told.
    for (const source of options.credentials ?? []) this.#list(this.#slots.of(source), source)
  }

  /** How many credentials are listed. */
  get size(): number {
    return this.#slots.size
  }

  /**
   * Synchronous where a credential is free. Waits, first come, first served, only for one that has as many leases as it
   * may, or whose session is being fetched; never for the end of a cooldown. Throws or rejects with the signal's reason,
   * or with a `DragomanError`: `rate_limit_exceeded` (all are rate-limited), `insufficient_quota` (all are out of
   * quota), `upstream_challenge` (all ask for a captcha), `no_credential`, `overloaded` (too many wait).
   */
  lease(options: LeaseOptions): Lease | Promise<Lease> {
    return this.#leasing.lease(options)
  }

  status(): readonly TokenStatus[] {
    const now = this.#clock.elapsed()
    const unixOf = this.#leasing.unixOf(now)
    return this.#slots.listed.map((slot) => tokenStatus(slot, now, unixOf))
  }

  stats(): PoolStats {
    const credentials = this.status()
    const now = this.#clock.elapsed()
    const { name, strategy, maxConcurrent, inFlight, waiting, authFailures, renewals } = this.#leasing
    const count = (state: TokenStatus['state']) => credentials.filter((status) => status.state === state).length
    return {
      name,
      strategy,
      total: credentials.length,
      available: this.#slots.listed.filter((slot) => couldServe(slot, now, maxConcurrent)).length,
      restingForModels: credentials.filter(({ state, models }) => state === 'ready' && models.length > 0).length,
      cooling: count('cooling'),
      disabled: count('disabled'),
      inFlight,
      waiting,
      consecutiveAuthFailures: authFailures,
      refresh: refreshStats(renewals, this.#refreshIntervalMs, this.#leasing.unixOf(now)),
      credentials,
    }
  }

  /** The whole list anew. What was listed before, by its values, keeps its id, its state and its counters. */
  set(sources: readonly CredentialSource[]): ListChange {
    const kept = new Set<Slot>()
    const added: string[] = []
    for (const source of sources) {
      const slot = this.#slots.of(source)
      if (kept.has(slot)) continue
      kept.add(slot)
      if (slot.isListed) describe(slot, source)
      else added.push(...this.add([source]))
    }
    const removed = this.#slots.listed.filter((slot) => !kept.has(slot))
    for (const slot of removed) this.#unlist(slot)
    return { added, removed: removed.map(({ id }) => id) }
  }

  /**
   * Settings in place of those it has; what is left out has its default again. Credentials keep their state, leases that
   * run are counted on. A new `refreshIntervalMs` holds for the sessions that are fetched from then on.
   */
  configure(settings: PoolSettings): void {
    this.#refreshIntervalMs = settings.refreshIntervalMs
    this.#leasing.configure(settings)
  }

  /** Beside what is listed; what is listed already stays as it is. Answers the ids of those that are new. */
  add(sources: readonly CredentialSource[]): readonly string[] {
    const added: string[] = []
    for (const source of sources) {
      const slot = this.#slots.of(source)
      if (!this.#list(slot, source)) continue
      added.push(slot.id)
      this.#leasing.tell({ type: 'added', id: slot.id, from: slot.from })
    }
    return added
  }

  /**
   * Leases that run may go on, and are settled as ever. Its session is deleted from the vault; `set` leaves it there, for
   * what comes back.
   */
  remove(id: string): boolean {
    const slot = this.#slots.get(id)
    if (!slot) return false
    this.#unlist(slot)
    this.#leasing.renewals?.forget(slot)
    return true
  }

  /** No leases until `enable` or `reset`. `reason` is shown. */
  disable(id: string, reason = 'by hand'): boolean {
    return this.#act(id, { type: 'disabled', reason })
  }

  /** A cooldown goes on, if there is one. */
  enable(id: string): boolean {
    return this.#act(id, { type: 'enabled' })
  }

  /** Ready again: not disabled, no cooldown, no failure remembered. */
  reset(id: string): boolean {
    const session = this.#slots.get(id)?.session
    if (session) {
      session.failures = 0
      session.failure = undefined
      session.retryAt = 0
    }
    return this.#act(id, { type: 'reset' })
  }

  resetAll(): void {
    this.#leasing.authFailures = 0
    for (const { id } of this.#slots.listed) this.reset(id)
  }

  /** Forgets failures in a row, of each credential and of the pool; cooldowns go on. */
  resetCounters(): void {
    this.#leasing.authFailures = 0
    for (const { id } of this.#slots.listed) this.#act(id, { type: 'counters-reset' })
  }

  /**
   * Renews now: one, even if it is disabled, or all that are not. Joins renewals that run. Never rejects; an id that is
   * not listed gives an empty list.
   */
  async refresh(id?: string): Promise<readonly RefreshResult[]> {
    const slots = this.#slots.listed.filter((slot) => (id === undefined ? !slot.health.disabled : slot.id === id))
    return Promise.all(slots.map((slot) => this.#refreshed(slot, id !== undefined)))
  }

  /**
   * Waiting leases are refused, acquisitions aborted, timers ended. Leases that run may still be settled. Resolves when
   * the sessions that services have answered with are stored and locks given back: a process that exits before may lose
   * a refresh token that was rotated. Never rejects.
   */
  close(): Promise<void> {
    return this.#leasing.close()
  }

  async #refreshed(slot: Slot, isUrgent: boolean): Promise<RefreshResult> {
    const { id, session } = slot
    const { renewals } = this.#leasing
    if (!session || !renewals) {
      const error = new DragomanError('invalid_request', `${id} is used as it was given, there is nothing to renew`)
      return { id, ok: false, error }
    }
    const result = await renewals.renew(slot, session, { isUrgent, isForced: true })
    return { id, ...result }
  }

  #list(slot: Slot, source: CredentialSource): boolean {
    if (slot.isListed) return false
    describe(slot, source)
    this.#slots.list(slot)
    this.#leasing.relist(slot)
    return true
  }

  #unlist(slot: Slot): void {
    this.#slots.unlist(slot)
    this.#leasing.relist(slot)
    this.#slots.release(slot)
    this.#leasing.tell({ type: 'removed', id: slot.id, from: slot.from })
  }

  #act(id: string, event: HealthEvent): boolean {
    const slot = this.#slots.get(id)
    if (slot) this.#leasing.act(slot, event)
    return slot !== undefined
  }
}

function couldServe(slot: Slot, now: number, maxConcurrent: number): boolean {
  const standing = standingOf(slot, now, maxConcurrent)
  return standing === 'free' || standing === 'asleep'
}
