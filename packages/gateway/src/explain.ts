import type { ClientRights, Clock, CredentialPool, ErrorCode } from '@dragoman/core'
import { type ModelGroup, type Target, targetName } from './deployments.ts'
import type { Health } from './health.ts'
import type { TargetMarkup } from './markup.ts'
import type { Meaning, ResolvedBy } from './names.ts'
import { allowedModels } from './policies/limits/allowed-models.ts'
import { permittedAmong } from './policies/limits/permission.ts'
import type { Price } from './pricing/price.ts'
import { decideRelay } from './relay.ts'
import type { RoutePlan } from './router.ts'
import type { Routes } from './routes.ts'
import type { Strategy } from './strategies.ts'
import type { RestReason, TargetState } from './target-facts.ts'

export interface ExplainQuery {
  readonly signal: AbortSignal
  readonly variant?: string | undefined
  /** Of the key in whose place it is asked. Default: everything is allowed. */
  readonly rights?: ClientRights | undefined
}

/** Where a request for a name would go now, and why: data that can be shown and holds no secret. */
export interface Explanation {
  readonly asked: string
  /** What it means: a group's name, or `<provider>/<model>`. */
  readonly name: string
  readonly resolvedBy: ResolvedBy
  readonly variant?: string | undefined
  readonly strategy: Strategy
  /** The key may not use this model at all. */
  readonly isDenied: boolean
  /** How many of the targets are well. */
  readonly healthy: number
  /** In the order in which a request that belongs to no conversation would try them. */
  readonly targets: readonly ExplainedTarget[]
  readonly fallbacks: readonly { readonly name: string; readonly isKnown: boolean }[]
  readonly policies: Pick<ModelGroup, 'onContextTooLong' | 'hedgeAfterMs' | 'continuesCutText' | 'cache'>
}

export interface ExplainedTarget {
  readonly provider: string
  readonly model: string
  /** The group that it is from, where that only stands in for the one that was asked for. */
  readonly fallback?: string | undefined
  readonly weight: number
  readonly price?: Price | undefined
  /** Calls under way. */
  readonly inFlight: number
  /** Undefined where nothing was measured yet. */
  readonly firstTokenMs?: number | undefined
  /** `due`: its rest is over, and one request is to find out how it is. */
  readonly state: TargetState
  readonly reason?: RestReason | undefined
  /** Unix milliseconds at which its rest is over. */
  readonly until?: number | undefined
  readonly lastError?: { readonly code: ErrorCode /** Unix milliseconds. */; readonly at: number } | undefined
  readonly credentials: ExplainedCredentials
  /** Why a plain chat request is not handed on as it came; undefined where it is. */
  readonly parsedBecause?: string | undefined
  /** False: the key may not ask for the group that it is from. */
  readonly isPermitted: boolean
}

export interface ExplainedCredentials {
  readonly ready: number
  readonly cooling: number
  readonly disabled: number
  /** Unix milliseconds at which one can be had, where none can now and that is known. */
  readonly earliest?: number | undefined
  /** Those that are out, by their masked names; not more than ten. */
  readonly out: readonly {
    readonly id: string
    readonly state: 'cooling' | 'disabled'
    readonly reason?: string | undefined
    readonly until?: number | undefined
  }[]
}

export interface ExplainTools {
  readonly clock: Clock
  readonly health: Health
  readonly targetMarkup: TargetMarkup
  price(target: Target): Price | undefined
}

/** For a plan that no request asks for. */
const nobody = { affinityKey: () => undefined }

/** Undefined where the name would be `model_not_found`. Rejects when `signal` trips while lists are read. */
export async function explain(
  asked: string,
  routes: Routes | undefined,
  { signal, variant, rights }: ExplainQuery,
  tools: ExplainTools,
): Promise<Explanation | undefined> {
  const route = await routes?.find(asked, signal)
  if (!routes || !route) return undefined
  const plan = routes.seen(route, nobody)
  const { group } = plan
  const resolve = (name: string) => routes.meaning(name)
  const permitted = rights ? new Set(permittedAmong(plan.targets, { rights, resolve })) : undefined
  const { onContextTooLong, hedgeAfterMs, continuesCutText, cache } = group ?? {}
  return {
    asked,
    name: plan.name,
    resolvedBy: plan.resolvedBy,
    variant: variant ?? group?.variant,
    strategy: plan.strategy,
    isDenied: rights !== undefined && !mayUse(plan, rights, resolve),
    healthy: plan.healthy,
    targets: plan.targets.map((target) => explainTarget(target, permitted?.has(target) ?? true, tools)),
    fallbacks: (group?.fallbacks ?? []).map((name) => ({ name, isKnown: resolve(name) !== undefined })),
    policies: { onContextTooLong, hedgeAfterMs, continuesCutText, cache },
  }
}

function mayUse(plan: RoutePlan, rights: ClientRights, resolve: (name: string) => Meaning | undefined): boolean {
  return allowedModels(rights)?.has(plan, resolve) ?? true
}

function explainTarget(target: Target, isPermitted: boolean, tools: ExplainTools): ExplainedTarget {
  const { clock, health, targetMarkup, price } = tools
  const { entry, model, fallback, weight = 1 } = target
  const facts = health.of(targetName(target))
  const now = clock.elapsed()
  const state = facts?.stateAt(now) ?? 'ready'
  const plain = { model, messages: [] }
  const query = { body: JSON.stringify(plain), dialect: 'openai-chat', request: plain, target } as const
  const relay = decideRelay({ ...query, markup: targetMarkup.of(target, plain) })
  return {
    provider: entry.id,
    model,
    fallback,
    weight,
    price: price(target),
    inFlight: facts?.inFlight ?? 0,
    firstTokenMs: facts?.firstTokenMs === undefined ? undefined : Math.round(facts.firstTokenMs),
    state,
    reason: state === 'ready' ? undefined : facts?.restReason,
    until: facts && state === 'resting' ? Math.round(clock.now() + facts.restsUntil - now) : undefined,
    lastError: facts?.lastError,
    credentials: explainCredentials(entry.credentials),
    parsedBecause: 'obstacle' in relay ? relay.obstacle : undefined,
    isPermitted,
  }
}

const mostShown = 10

function explainCredentials(pool: CredentialPool): ExplainedCredentials {
  const counts = { ready: 0, cooling: 0, disabled: 0 }
  const out = []
  let earliest: number | undefined
  for (const { id, state, reason, until } of pool.status()) {
    counts[state]++
    if (state === 'ready') continue
    if (state === 'cooling' && until !== undefined) earliest = Math.min(until, earliest ?? until)
    if (out.length < mostShown) out.push({ id, state, reason, until })
  }
  return { ...counts, earliest: counts.ready === 0 ? earliest : undefined, out }
}
