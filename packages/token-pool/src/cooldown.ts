import type { DragomanError, ErrorCode, Outcome } from '@dragoman/core'

/** A rest of a credential, or of a credential for one model. Ends with a success, not with its time. */
export interface Cooldown {
  readonly code: ErrorCode
  /** Safe to show. */
  readonly reason: string
  /** Failures of this scope in a row: each doubles the rest. */
  readonly strikes: number
  /** How many leases there had been when it began: what was granted before says nothing about the time after. */
  readonly since: number
  /** By `clock.elapsed()`. From then on one lease may try. */
  readonly until: number
  /** The upstream's own time, where it is later than `until`. */
  readonly askedUntil?: number | undefined
  /** The number of the lease that tries. */
  readonly probe?: number | undefined
}

/** All that is known about whether a credential works. */
export interface Health {
  /** Out until a person acts. */
  readonly disabled?: { readonly code?: ErrorCode | undefined; readonly reason: string } | undefined
  readonly whole?: Cooldown | undefined
  readonly models: ReadonlyMap<string, Cooldown>
  /** Failures that are the credential's, since its last success. */
  readonly consecutiveFailures: number
  /** The first two models of these failures. */
  readonly failedModels: readonly (string | undefined)[]
  /** The number of the last lease that ended a cooldown. */
  readonly recovered: number
}

export type HealthEvent =
  | { readonly type: 'granted'; readonly lease: LeaseMark }
  | {
      readonly type: 'settled'
      readonly lease: LeaseMark
      readonly outcome: Outcome
      /** What the failure is called in a status; holds no secret. */
      readonly reason: string
      /** A new session comes in place of the one that was rejected. */
      readonly isRenewed: boolean
      /** How many leases there have been. */
      readonly leases: number
      /** 0 to 1. */
      readonly jitter: number
    }
  | { readonly type: 'disabled'; readonly reason: string; readonly code?: ErrorCode | undefined }
  | { readonly type: 'enabled' }
  | { readonly type: 'reset' }
  | { readonly type: 'counters-reset' }

export interface LeaseMark {
  /** Leases of a pool are counted from 1 on. */
  readonly number: number
  readonly model?: string | undefined
}

type Settled = Extract<HealthEvent, { type: 'settled' }>

const NO_MODELS: ReadonlyMap<string, Cooldown> = new Map()

export const healthy: Health = {
  disabled: undefined,
  whole: undefined,
  models: NO_MODELS,
  consecutiveFailures: 0,
  failedModels: [],
  recovered: 0,
}

const BASE_MS: { readonly [code in ErrorCode]?: number } = { rate_limited: 1_000, credential_exhausted: 60_000 }
const OTHER_BASE_MS = 30_000
/** Clients may send any model's name: the cooldown that is longest known leaves. */
const MAX_MODELS = 100
const JITTER = 0.2
const TOLERATED_FAILURES = 3

/** Pure; answers the same object where nothing changes. `now` by `clock.elapsed()`. */
export function nextHealth(health: Health, event: HealthEvent, now: number, maxCooldownMs: number): Health {
  switch (event.type) {
    case 'granted':
      return withProbe(health, event.lease, now)
    case 'settled':
      return afterOutcome(health, event, now, maxCooldownMs)
    case 'disabled':
      return { ...health, disabled: { code: event.code, reason: event.reason } }
    case 'enabled':
      return health.disabled ? { ...health, disabled: undefined } : health
    case 'reset':
      return { ...healthy, recovered: health.recovered }
    case 'counters-reset':
      return { ...health, consecutiveFailures: 0, failedModels: [] }
  }
}

/** Nobody is to use it now: it rests, or somebody else tries it. */
export function isResting(cooldown: Cooldown, now: number): boolean {
  return cooldown.probe !== undefined || cooldown.until > now
}

/** What keeps a credential from being leased for this model, and does not end by its own work being done. */
export function restOf(health: Health, model: string | undefined, now: number): Cooldown | undefined {
  if (health.whole && isResting(health.whole, now)) return health.whole
  const ofModel = model === undefined ? undefined : health.models.get(model)
  return ofModel && isResting(ofModel, now) ? ofModel : undefined
}

/** When the next of its cooldowns is over; Infinity where none runs. */
export function nextEnd(health: Health, now: number): number {
  let next = Number.POSITIVE_INFINITY
  const look = ({ probe, until }: Cooldown) => {
    if (probe === undefined && until > now && until < next) next = until
  }
  if (health.whole) look(health.whole)
  for (const cooldown of health.models.values()) look(cooldown)
  return next
}

/** Milliseconds of rest after this many failures in a row: what was asked for, else doubling; never more than the cap. */
export function restMs(baseMs: number, strikes: number, askedMs: number | undefined, jitter: number, maxMs: number) {
  const ownMs = baseMs * 2 ** (strikes - 1) * (1 + JITTER * jitter)
  return Math.min(maxMs, askedMs !== undefined && askedMs > 0 ? askedMs : ownMs)
}

function afterOutcome(health: Health, event: Settled, now: number, maxMs: number): Health {
  switch (event.outcome.kind) {
    case 'ok':
      return afterSuccess(health, event.lease)
    case 'aborted':
      return withoutProbe(health, event.lease)
    case 'failed':
      return afterFailure(health, event, event.outcome.error, now, maxMs)
  }
}

function withProbe(health: Health, { number, model }: LeaseMark, now: number): Health {
  const mark = (cooldown: Cooldown | undefined) =>
    cooldown && !isResting(cooldown, now) ? { ...cooldown, probe: number } : cooldown
  return withScopes(health, mark, model)
}

function withoutProbe(health: Health, { number, model }: LeaseMark): Health {
  const unmark = (cooldown: Cooldown | undefined) =>
    cooldown?.probe === number ? { ...cooldown, probe: undefined } : cooldown
  return withScopes(health, unmark, model)
}

function withScopes(
  health: Health,
  change: (cooldown: Cooldown | undefined) => Cooldown | undefined,
  model: string | undefined,
): Health {
  const whole = change(health.whole)
  const before = model === undefined ? undefined : health.models.get(model)
  const after = change(before)
  if (whole === health.whole && after === before) return health
  return { ...health, whole, models: model === undefined ? health.models : withModel(health.models, model, after) }
}

function withModel(models: Health['models'], model: string, cooldown: Cooldown | undefined): Health['models'] {
  if (models.get(model) === cooldown) return models
  const next = new Map(models)
  if (cooldown) next.set(model, cooldown)
  else next.delete(model)
  const [oldest] = next.keys()
  if (next.size > MAX_MODELS && oldest !== undefined) next.delete(oldest)
  return next.size === 0 ? NO_MODELS : next
}

function afterSuccess(health: Health, lease: LeaseMark): Health {
  // A success that began before the cooldown did does not end it: the answer may have taken minutes.
  const next = withScopes(
    health,
    (cooldown) => (cooldown && lease.number > cooldown.since ? undefined : cooldown),
    lease.model,
  )
  if (next === health && health.consecutiveFailures === 0) return health
  return {
    ...next,
    consecutiveFailures: 0,
    failedModels: [],
    recovered: next === health ? health.recovered : Math.max(health.recovered, lease.number),
  }
}

function afterFailure(
  health: Health,
  { lease, reason, isRenewed, leases, jitter }: Settled,
  error: DragomanError,
  now: number,
  maxMs: number,
): Health {
  const { code, scope, retryAfterMs } = error
  const before = withoutProbe(health, lease)
  if (code === 'credential_disabled' || code === 'upstream_challenge') {
    return { ...before, disabled: { code, reason }, consecutiveFailures: before.consecutiveFailures + 1 }
  }
  if (scope !== 'credential' || isStraggler(health, lease)) return before

  const { model } = lease
  const failedModels =
    before.failedModels.length < 2 && !before.failedModels.includes(model)
      ? [...before.failedModels, model]
      : before.failedModels
  const counted: Health = { ...before, consecutiveFailures: before.consecutiveFailures + 1, failedModels }
  const cooled = (cooldown: Cooldown | undefined): Cooldown => {
    const strikes = (cooldown?.strikes ?? 0) + 1
    const until = now + restMs(BASE_MS[code] ?? OTHER_BASE_MS, strikes, retryAfterMs, jitter, maxMs)
    const askedUntil = retryAfterMs !== undefined && retryAfterMs > maxMs ? now + retryAfterMs : undefined
    return { code, reason, strikes, since: leases, until, askedUntil, probe: undefined }
  }

  if (code === 'credential_rejected' && isRenewed) return counted
  const isOfModel = code === 'rate_limited' || code === 'credential_forbidden'
  const failsEverywhere = counted.consecutiveFailures >= TOLERATED_FAILURES && failedModels.length > 1
  const probedWhole = health.whole?.probe === lease.number
  if (model === undefined || !isOfModel || failsEverywhere || probedWhole) {
    return { ...counted, whole: cooled(before.whole) }
  }
  return { ...counted, models: withModel(before.models, model, cooled(before.models.get(model))) }
}

/** Granted before its scope began to rest, or before another one proved that it works again. */
function isStraggler(health: Health, { number, model }: LeaseMark): boolean {
  const ofModel = model === undefined ? undefined : health.models.get(model)
  return Math.max(health.whole?.since ?? 0, ofModel?.since ?? 0) >= number || number < health.recovered
}
