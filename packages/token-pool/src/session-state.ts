import type { Credential, DragomanError } from '@dragoman/core'
import type { StoredSession } from './session-vault.ts'

/** What signing in gave. Times by `clock.elapsed()`. */
export interface Session {
  readonly credential: Credential
  readonly refreshedAt: number
  /** Infinity where it is not known, or not to be believed. */
  readonly expiresAt: number
  /** Infinity where nothing asks for it. */
  readonly renewAt: number
}

export type Renewed = { readonly ok: true } | { readonly ok: false; readonly error: DragomanError }

/** The sessions of one credential: the one that serves, and what is known about getting the next. */
export class SessionState {
  current: Session | undefined
  /** The upstream does not take `current` any more. */
  isRejected = false
  /** The one that runs or is about to: never two. */
  renewal: Promise<Renewed> | undefined
  /** How many leases there had been when the last one was fetched. */
  renewedSince = 0
  /** When a failed call last made us renew it. */
  forcedAt = Number.NEGATIVE_INFINITY
  /** Failed renewals in a row. */
  failures = 0
  /** No renewal before, unless a person or an upstream asks. */
  retryAt = 0
  failure: DragomanError | undefined
  /** Sessions in a row that had expired when they were new. */
  lies = 0
  /** The newest that is known of, usable or not: the next renewal starts from it. */
  latest: Credential | undefined
  /** What the vault was last known to hold. */
  stored: StoredSession | undefined
  hasLoaded = false
  /** What vault and lock know it by. */
  key: string | undefined

  isUsable(now: number): boolean {
    return this.current !== undefined && !this.isRejected && this.current.expiresAt > now
  }
}
