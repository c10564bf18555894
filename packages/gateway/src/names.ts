import type { Model } from '@dragoman/openai-schema'
import type { ModelGroup, ProviderEntry, Target } from './deployments.ts'
import { type Strategy, strategies } from './strategies.ts'

/** Everything that has a name, as data. */
export interface Names {
  readonly groups: readonly ModelGroup[]
  readonly providers: readonly ProviderEntry[]
  /** What the providers list, as far as it is known, by provider id. */
  readonly listed: ReadonlyMap<string, readonly Model[]>
  /** Serves names that nothing else does. */
  readonly fallbackName?: string | undefined
  /** The groups that requests for a variant can name. */
  readonly variants?: ReadonlyMap<string | undefined, readonly ModelGroup[]> | undefined
}

/** Why a name means what it does: for logs and `explain`. */
export type ResolvedBy = 'group' | 'alias' | 'provider' | 'wildcard' | 'listed' | 'suffix' | 'default'

/** What a name means. */
export interface Meaning {
  /** The group's name or `<provider>/<model>`. */
  readonly name: string
  readonly resolvedBy: ResolvedBy
  readonly targets: readonly Target[]
  /** The settings that hold for the request; undefined where no group was named. */
  readonly group?: ModelGroup | undefined
  /** What the name itself asks for, in place of the group's. */
  readonly strategy?: Strategy | undefined
}

/**
 * What a name means, as far as that can be said without suffixes and the default. Pure.
 *
 * An exact group, else an alias, else `<provider>/<model>`, else the wildcard with the longest literal part, else an id
 * that a provider lists (in the order of configuration). Case counts first; without it where only one fits.
 */
export function resolve(asked: string, names: Names): Meaning | undefined {
  for (const same of [exactly, ignoringCase]) {
    const found =
      byGroup(asked, names, same) ??
      byAlias(asked, names, same) ??
      byProvider(asked, names, same) ??
      byWildcard(asked, names, same) ??
      byListing(asked, names, same)
    if (found) return found
  }
  return undefined
}

/** What others call two of our strategies. */
const otherWords: Readonly<Record<string, Strategy>> = { nitro: 'fastest', floor: 'cheapest' }

/**
 * `<group>:<strategy>` and `<group>:<variant>`. Only for names that mean nothing else, once all lists are known: ids of
 * models have colons too.
 */
export function bySuffix(asked: string, names: Names): Meaning | undefined {
  const colon = asked.lastIndexOf(':')
  if (colon < 1) return undefined
  const base = asked.slice(0, colon)
  const suffix = asked.slice(colon + 1).toLowerCase()
  const strategy =
    strategies.find((name) => name === suffix) ?? (Object.hasOwn(otherWords, suffix) ? otherWords[suffix] : undefined)
  const groups = names.variants?.get(suffix)
  const ofVariant =
    groups && byNamedGroup(base, { ...names, groups: groups.filter(({ variant }) => variant === suffix) })
  if (ofVariant) return { ...ofVariant, resolvedBy: 'suffix' }
  const found = strategy && byNamedGroup(base, names)
  return found && { ...found, resolvedBy: 'suffix', strategy }
}

/** Where a name goes that nothing serves. */
export function byDefault(names: Names): Meaning | undefined {
  const { fallbackName } = names
  const found = fallbackName === undefined ? undefined : (resolve(fallbackName, names) ?? bySuffix(fallbackName, names))
  return found && { ...found, resolvedBy: 'default' }
}

function byNamedGroup(asked: string, names: Names): Meaning | undefined {
  for (const same of [exactly, ignoringCase]) {
    const found = byGroup(asked, names, same) ?? byAlias(asked, names, same)
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

function byGroup(asked: string, { groups }: Names, same: Comparison): Meaning | undefined {
  const group = same.pick(groups.filter(({ name }) => !name.endsWith('*') && same.equal(name, asked)))
  return group && { name: group.name, resolvedBy: 'group', targets: targetsOf(group, group.name), group }
}

function byAlias(asked: string, { groups }: Names, same: Comparison): Meaning | undefined {
  const group = same.pick(groups.filter(({ aliases }) => aliases?.some((alias) => same.equal(alias, asked))))
  return group && { name: group.name, resolvedBy: 'alias', targets: targetsOf(group, group.name), group }
}

function byProvider(asked: string, { providers }: Names, same: Comparison): Meaning | undefined {
  const slash = asked.indexOf('/')
  if (slash < 1 || slash === asked.length - 1) return undefined
  const entry = same.pick(providers.filter(({ id }) => same.equal(id, asked.slice(0, slash))))
  if (!entry) return undefined
  const model = asked.slice(slash + 1)
  return { name: `${entry.id}/${model}`, resolvedBy: 'provider', targets: [{ entry, model }] }
}

function byWildcard(asked: string, { groups }: Names, same: Comparison): Meaning | undefined {
  const matching = groups.filter(({ name }) => name.endsWith('*') && same.startsWith(asked, name.slice(0, -1)))
  const longest = Math.max(...matching.map(({ name }) => name.length))
  const group = same.pick(matching.filter(({ name }) => name.length === longest))
  if (!group) return undefined
  return { name: asked, resolvedBy: 'wildcard', targets: targetsOf(group, asked.slice(group.name.length - 1)), group }
}

function byListing(asked: string, { providers, listed }: Names, same: Comparison): Meaning | undefined {
  const serving = providers.flatMap((entry) =>
    (listed.get(entry.id) ?? []).filter(({ id }) => same.equal(id, asked)).map(({ id }) => ({ entry, model: id })),
  )
  const target = same.pick(serving)
  return target && { name: target.model, resolvedBy: 'listed', targets: [target] }
}

function targetsOf(group: ModelGroup, rest: string): readonly Target[] {
  return group.deployments.map((deployment) => ({ ...deployment, model: deployment.model ?? rest }))
}
