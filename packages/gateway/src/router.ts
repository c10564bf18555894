import type { Model } from '@dragoman/openai-schema'
import { type ModelGroup, type ProviderEntry, type Target, targetName } from './deployments.ts'
import type { HealthSnapshot } from './health.ts'

/** Everything that has a name, as data. */
export interface Names {
  readonly groups: readonly ModelGroup[]
  readonly providers: readonly ProviderEntry[]
  /** What the providers list, as far as it is known, by provider id. */
  readonly listed: ReadonlyMap<string, readonly Model[]>
  /** Serves names that nothing else does. */
  readonly fallbackName?: string | undefined
}

export interface RoutePlan {
  /** The group's name or `<provider>/<model>`. */
  readonly name: string
  /** Why this name: for logs and `explain`. */
  readonly resolvedBy: 'group' | 'provider' | 'wildcard' | 'listed' | 'default'
  /** To be tried in this order; those that rest come last. */
  readonly targets: readonly Target[]
  readonly healthy: number
  /** The settings that hold for the request; undefined where no group was named. */
  readonly group?: ModelGroup | undefined
}

/**
 * Which targets serve a name, in order. Pure.
 *
 * An exact group, else `<provider>/<model>`, else the wildcard with the longest literal part, else an id that a provider
 * lists (in the order of configuration), else the default. Case counts first; without it where only one fits.
 * Undefined when nothing serves the name.
 */
export function plan(asked: string, names: Names, health: HealthSnapshot): RoutePlan | undefined {
  const found = resolve(asked, names) ?? byDefault(names)
  return found && ordered(found, health)
}

/** The targets of a name in the order in which they are to be tried now. Pure. */
export function ordered(found: Resolution, health: HealthSnapshot): RoutePlan {
  const resting = found.targets.filter((target) => health.isResting(targetName(target)))
  if (resting.length === 0) return { ...found, healthy: found.targets.length }
  const healthy = found.targets.filter((target) => !resting.includes(target))
  return { ...found, targets: [...healthy, ...resting], healthy: healthy.length }
}

export type Resolution = Pick<RoutePlan, 'name' | 'resolvedBy' | 'targets'>

/** Where a name goes that nothing serves. */
export function byDefault(names: Names): Resolution | undefined {
  const found = names.fallbackName === undefined ? undefined : resolve(names.fallbackName, names)
  return found && { ...found, resolvedBy: 'default' }
}

/** As `plan`, without the default: undefined also while the lists that would know the name are not there yet. */
export function resolve(asked: string, names: Names): Resolution | undefined {
  for (const same of [exactly, ignoringCase]) {
    const found =
      byGroup(asked, names, same) ??
      byProvider(asked, names, same) ??
      byWildcard(asked, names, same) ??
      byListing(asked, names, same)
    if (found) return found
  }
  return undefined
}

/** Whether two names are the same, or one starts with the other's text. */
interface Comparison {
  equal(a: string, b: string): boolean
  startsWith(whole: string, start: string): boolean
  /** Several that differ only in case are none. */
  pick<T>(candidates: readonly T[]): T | undefined
}

const exactly: Comparison = {
  equal: (a, b) => a === b,
  startsWith: (whole, start) => whole.startsWith(start),
  pick: (candidates) => candidates[0],
}

const ignoringCase: Comparison = {
  equal: (a, b) => a.toLowerCase() === b.toLowerCase(),
  startsWith: (whole, start) => whole.toLowerCase().startsWith(start.toLowerCase()),
  pick: (candidates) => (candidates.length === 1 ? candidates[0] : undefined),
}

function byGroup(asked: string, { groups }: Names, same: Comparison): Resolution | undefined {
  const group = same.pick(groups.filter(({ name }) => !name.endsWith('*') && same.equal(name, asked)))
  return group && { name: group.name, resolvedBy: 'group', targets: targetsOf(group, group.name) }
}

function byProvider(asked: string, { providers }: Names, same: Comparison): Resolution | undefined {
  const slash = asked.indexOf('/')
  if (slash < 1 || slash === asked.length - 1) return undefined
  const entry = same.pick(providers.filter(({ id }) => same.equal(id, asked.slice(0, slash))))
  if (!entry) return undefined
  const model = asked.slice(slash + 1)
  return { name: `${entry.id}/${model}`, resolvedBy: 'provider', targets: [{ entry, model }] }
}

function byWildcard(asked: string, { groups }: Names, same: Comparison): Resolution | undefined {
  const matching = groups.filter(({ name }) => name.endsWith('*') && same.startsWith(asked, name.slice(0, -1)))
  const longest = Math.max(...matching.map(({ name }) => name.length))
  const group = same.pick(matching.filter(({ name }) => name.length === longest))
  if (!group) return undefined
  return { name: asked, resolvedBy: 'wildcard', targets: targetsOf(group, asked.slice(group.name.length - 1)) }
}

function byListing(asked: string, { providers, listed }: Names, same: Comparison): Resolution | undefined {
  const serving = providers.flatMap((entry) =>
    (listed.get(entry.id) ?? []).filter(({ id }) => same.equal(id, asked)).map(({ id }) => ({ entry, model: id })),
  )
  const target = same.pick(serving)
  return target && { name: target.model, resolvedBy: 'listed', targets: [target] }
}

function targetsOf(group: ModelGroup, rest: string): readonly Target[] {
  return group.deployments.map((deployment) => ({ ...deployment, model: deployment.model ?? rest }))
}
