import type { CallerSignal } from './caller-signal.ts'
import type { DragomanError } from './errors.ts'
import type { Secret } from './secret.ts'

/** One key or session, as calls use it. */
export interface Credential {
  /** Stable, and safe to show. */
  readonly id: string
  /** By the names that the provider's credential schema gives them. */
  readonly values: Readonly<Record<string, Secret>>
  /** Unix milliseconds. */
  readonly expiresAt?: number | undefined
}

/** What became of an attempt, for the credential that it used. */
export type Outcome = { kind: 'ok' } | { kind: 'aborted' } | { kind: 'failed'; error: DragomanError }

/** The right to use a credential for one attempt. */
export interface Lease {
  readonly credential: Credential
  /**
   * The service has begun to answer: the credential works, though the lease goes on. May be called more than once; does
   * nothing after `settle`.
   */
  confirm?(): void
  /** Gives it back. The first call counts, later ones do nothing. */
  settle(outcome: Outcome): void
}

export interface LeaseOptions {
  signal: CallerSignal
  /** The upstream's model id: a credential may be out for one model only. */
  model?: string | undefined
  /** What this request has tried already. Objects, not ids: a credential that was renewed since is another one. */
  exclude?: ReadonlySet<Credential> | undefined
  /** Requests with the same key prefer the same credential (prompt caches). A function is only asked where there is a choice. */
  affinityKey?: string | (() => string | undefined) | undefined
  /** How long to wait for a free place or a renewal; never for the end of a cooldown. */
  waitMs?: number | undefined
}

export interface CredentialStatus {
  readonly id: string
  readonly state: 'ready' | 'cooling' | 'disabled'
  readonly inFlight: number
  /** Why it is out; safe to show. */
  readonly reason?: string | undefined
  /** Unix milliseconds at which it is tried again. */
  readonly until?: number | undefined
}

export interface CredentialPool {
  /**
   * A promise only where one has to be waited for. Throws or rejects with a `DragomanError` when none is to be had:
   * `rate_limit_exceeded`, `insufficient_quota` or `no_credential`.
   */
  lease(options: LeaseOptions): Lease | Promise<Lease>
  status(): readonly CredentialStatus[]
}
