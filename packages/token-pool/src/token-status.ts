import type { CredentialStatus } from '@dragoman/core'

/** All that may be shown of one credential. Times are Unix milliseconds. */
export interface TokenStatus extends CredentialStatus {
  /** `j…@example.com`, `…x7Qd`: enough for its owner to know it by. */
  readonly name: string
  /** Where it was given. */
  readonly from?: string | undefined
  readonly weight: number
  /** A new session is being fetched; the present one, if there is one, serves meanwhile. */
  readonly isRefreshing: boolean
  /** One request tries whether it works again. */
  readonly isProbing: boolean
  /** When the upstream said that it would work again, where that is later than `until`. */
  readonly askedUntil?: number | undefined
  /** Models for which it is out, while it is in for others. */
  readonly models: readonly ModelStatus[]
  readonly successes: number
  readonly failures: number
  /** Since the last success. */
  readonly consecutiveFailures: number
  readonly lastUsedAt?: number | undefined
  readonly lastSuccessAt?: number | undefined
  readonly lastFailureAt?: number | undefined
  /** Of the session, where it is known. */
  readonly expiresAt?: number | undefined
  readonly refreshedAt?: number | undefined
}

export interface ModelStatus {
  readonly model: string
  readonly state: 'cooling'
  readonly reason: string
  readonly until: number
  readonly askedUntil?: number | undefined
  readonly isProbing: boolean
}

export interface PoolStats {
  readonly name: string
  readonly strategy: string
  readonly total: number
  /**
   * Could be leased now for some model, or be signed in at once: not disabled, not cooling, not being tried, with a free
   * place, and with a session or nothing that keeps it from getting one.
   */
  readonly available: number
  /** Those that are ready, and rest for one model at least. */
  readonly restingForModels: number
  readonly cooling: number
  readonly disabled: number
  readonly inFlight: number
  readonly waiting: number
  /** Authentication failures in a row over the whole pool; two of them renew it. */
  readonly consecutiveAuthFailures: number
  readonly refresh: RefreshStats
  readonly credentials: readonly TokenStatus[]
}

export interface RefreshStats {
  /** The pool's credentials can be renewed. */
  readonly isEnabled: boolean
  readonly intervalMs?: number | undefined
  readonly running: number
  readonly succeeded: number
  readonly failed: number
  readonly lastAt?: number | undefined
  readonly lastError?: string | undefined
  /** When the next one is due by the clock; calls that are refused bring it forward. */
  readonly nextAt?: number | undefined
}
