import type { Clock, Credential } from '@dragoman/core'
import type { CredentialSource } from './credential-source.ts'
import type { SessionVault } from './session-vault.ts'

/**
 * Which of the free credentials is next: `least-used` the one with the fewest leases in flight, of these the one that was
 * used longest ago; `round-robin` the one that was used longest ago; `weighted` each in proportion to its weight.
 * Whatever the strategy, leases with an `affinityKey` prefer the credential that the key had before.
 */
export type Strategy = 'least-used' | 'round-robin' | 'weighted'

export interface TokenPoolOptions {
  /** The first part of ids (`zai:1`), and what messages call the pool. */
  readonly name: string
  readonly credentials?: readonly CredentialSource[] | undefined
  /** Default `least-used`. */
  readonly strategy?: Strategy | undefined
  /** Leases of one credential at the same time. Default: any number. */
  readonly maxConcurrent?: number | undefined
  /** How long a lease may wait for a free place or a refresh where its own `waitMs` says nothing. Default 30 000. */
  readonly waitMs?: number | undefined
  /** Leases that wait at the same time; more are `overloaded`. Default 10 000. */
  readonly maxWaiting?: number | undefined
  /** No cooldown is longer, whatever an upstream asks for. Default 600 000. */
  readonly maxCooldownMs?: number | undefined
  /** What was given -> what calls use (sign in, renew). Without it credentials are used as they are. */
  readonly acquire?: Acquire | undefined
  /** A bound for one acquisition. Default 60 000. */
  readonly acquireTimeoutMs?: number | undefined
  /** Renews every session when it is that old. Default: only before it expires, where that is known. */
  readonly refreshIntervalMs?: number | undefined
  /** Where sessions survive a restart, and what keeps processes from renewing the same one. Default: in memory. */
  readonly vault?: SessionVault | undefined
  /**
   * Where sessions may be sent, in any words: one that was stored is found again only by a pool that says the same, and
   * so never reaches another service. Default: pools of one name are for one place.
   */
  readonly places?: string | undefined
  /** A lock over several processes in place of the vault's. */
  readonly lock?: SessionVault['lock'] | undefined
  readonly clock?: Clock | undefined
  /** For the jitter of cooldowns: 0 to 1. */
  readonly random?: (() => number) | undefined
  readonly onEvent?: ((event: PoolEvent) => void) | undefined
}

/** What may be changed while the pool works. */
export type PoolSettings = Pick<
  TokenPoolOptions,
  'strategy' | 'maxConcurrent' | 'waitMs' | 'maxCooldownMs' | 'refreshIntervalMs'
>

/**
 * Signs in, or renews. `source` holds what the operator gave, with the values of the last session over it (a rotated
 * refresh token in place of the first one). Errors are `DragomanError`s, as those of calls.
 */
export type Acquire = (source: Credential, call: { readonly signal: AbortSignal }) => Promise<Credential>

/** What happened, for a log. Never holds a secret. */
export type PoolEvent =
  | {
      readonly type: 'cooling'
      readonly id: string
      readonly model?: string | undefined
      readonly reason: string
      readonly until: number
    }
  | { readonly type: 'disabled'; readonly id: string; readonly reason: string }
  | { readonly type: 'recovered'; readonly id: string; readonly model?: string | undefined }
  | {
      readonly type: 'refreshed'
      readonly id: string
      readonly expiresAt?: number | undefined
      readonly durationMs: number
    }
  /** Somebody else had renewed it, or a stored session was taken up. */
  | { readonly type: 'session-taken'; readonly id: string }
  | { readonly type: 'refresh-failed'; readonly id: string; readonly reason: string; readonly until: number }
  /** The session is in use, and would not survive a restart. */
  | { readonly type: 'not-stored'; readonly id: string; readonly reason: string }
  | { readonly type: 'added' | 'removed'; readonly id: string; readonly from?: string | undefined }
