/** What signing in gave: short-lived tokens, cookies, a refresh token that was rotated. */
export interface StoredSession {
  readonly values: Readonly<Record<string, string>>
  /** Unix milliseconds. */
  readonly expiresAt?: number | undefined
  /** Unix milliseconds. Of two sessions the later one counts. */
  readonly savedAt: number
}

/**
 * Keeps sessions over restarts. Keys are fingerprints of what the operator gave, so whoever changes a password begins
 * anew. All methods reject with an error whose message names the file and no secret, and lose nothing that was stored.
 */
export interface SessionVault {
  load(key: string): Promise<StoredSession | undefined>
  /** Resolved when it would survive a loss of power. */
  save(key: string, session: StoredSession): Promise<void>
  delete(key: string): Promise<void>
  /** Undefined while somebody else, in any process, holds it. A lock that was not given back ends after `ttlMs`. */
  lock(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined>
}
