import type { ModelStatus, PoolStats, RefreshStats, TokenStatus } from '@dragoman/token-pool'
import type { ProviderCredentials } from '../provider-credentials.ts'

// What the admin routes answer. Fields without a value are left out, times are ISO 8601. Every field is named here, one
// by one: what a pool may come to know of a credential does not get out by itself.

/** The providers that a request is about, by id. */
export type Providers = ReadonlyMap<string, ProviderCredentials>

/** Counts of all, then every credential and every provider. */
export function statsOf(providers: Providers, now: number) {
  const stats = [...providers].map(([id, { pool, problems }]) => ({ id, problems, stats: pool.stats() }))
  const sum = (count: (stats: PoolStats) => number) => stats.reduce((total, { stats }) => total + count(stats), 0)
  return {
    total_tokens: sum(({ total }) => total),
    available_tokens: sum(({ available }) => available),
    failed_tokens: sum(({ cooling, disabled }) => cooling + disabled),
    in_flight: sum(({ inFlight }) => inFlight),
    waiting: sum(({ waiting }) => waiting),
    token_details: stats.flatMap(({ id, stats }) => stats.credentials.map((status) => tokenDetail(id, status, now))),
    providers: stats.map(({ id, problems, stats }) => ({
      id,
      strategy: stats.strategy,
      total: stats.total,
      available: stats.available,
      resting_for_models: stats.restingForModels,
      cooling: stats.cooling,
      disabled: stats.disabled,
      in_flight: stats.inFlight,
      waiting: stats.waiting,
      consecutive_auth_failures: stats.consecutiveAuthFailures,
      problems,
      updater: updater(stats.refresh),
    })),
  }
}

export function tokenDetail(provider: string, status: TokenStatus, now: number) {
  return {
    id: status.id,
    provider,
    name: status.name,
    from: status.from,
    state: status.state,
    reason: status.reason,
    ...waitFor(status, now),
    in_flight: status.inFlight,
    is_refreshing: status.isRefreshing,
    is_probing: status.isProbing,
    models: status.models.map((model) => modelDetail(model, now)),
    successes: status.successes,
    failures: status.failures,
    consecutive_failures: status.consecutiveFailures,
    last_used_at: iso(status.lastUsedAt),
    last_success_at: iso(status.lastSuccessAt),
    last_failure_at: iso(status.lastFailureAt),
    expires_at: iso(status.expiresAt),
    refreshed_at: iso(status.refreshedAt),
    weight: status.weight,
  }
}

export function updaterOf(providers: Providers) {
  return {
    providers: [...providers].map(([id, { pool }]) => {
      const { refresh, consecutiveAuthFailures } = pool.stats()
      return { id, ...updater(refresh), consecutive_auth_failures: consecutiveAuthFailures }
    }),
  }
}

function modelDetail(status: ModelStatus, now: number) {
  const { model, state, reason, isProbing } = status
  return { model, state, reason, ...waitFor(status, now), is_probing: isProbing }
}

function waitFor({ until, askedUntil }: { until?: number | undefined; askedUntil?: number | undefined }, now: number) {
  return {
    until: iso(until),
    asked_until: iso(askedUntil),
    retry_after_ms: until === undefined ? undefined : Math.max(0, Math.ceil(until - now)),
  }
}

function updater(stats: RefreshStats) {
  return {
    status: !stats.isEnabled ? 'disabled' : stats.running > 0 ? 'running' : 'idle',
    interval_ms: stats.intervalMs,
    last_update: iso(stats.lastAt),
    update_count: stats.succeeded,
    error_count: stats.failed,
    last_error: stats.lastError,
    next_update: iso(stats.nextAt),
  }
}

/** The furthest that a `Date` can tell: an upstream may ask for more. */
const latest = 8.64e15

function iso(time: number | undefined): string | undefined {
  if (time === undefined || Number.isNaN(time)) return undefined
  return new Date(Math.max(-latest, Math.min(time, latest))).toISOString()
}
