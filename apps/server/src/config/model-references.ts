import { strategies } from '@dragoman/gateway'
import type { DeploymentContext } from './deployments.ts'
import { didYouMean } from './nearest.ts'
import { foundAt, type Problem } from './problems.ts'
import { listAt, valueAt } from './values.ts'

type Path = readonly PropertyKey[]

/** A model group as far as it is right. */
interface Group {
  readonly path: Path
  readonly name: string
  readonly variant: string | undefined
  /** By their place in the list. */
  readonly aliases: readonly Named[]
  readonly fallbacks: readonly Named[]
  readonly onContextTooLong: Named | undefined
}

interface Named {
  readonly path: Path
  readonly name: string
}

/** Names by which groups call themselves and each other: aliases must be unique, and what serves in place of a group must exist. */
export function checkModelReferences(context: DeploymentContext & { readonly value: unknown }): readonly Problem[] {
  const groups = listAt(context.value, ['models']).flatMap((model, index) => groupOf(model, ['models', index]))
  return groups.flatMap((group) => [
    ...checkAliases(group, groups),
    ...checkFallbacks(group),
    ...checkCircle(group, groups),
    ...[...group.fallbacks, ...(group.onContextTooLong ? [group.onContextTooLong] : [])].flatMap((named) =>
      checkExists(named, groups, context),
    ),
  ])
}

function groupOf(model: unknown, path: Path): Group | [] {
  const [name, variant] = [valueAt(model, ['name']), valueAt(model, ['variant'])]
  if (typeof name !== 'string') return []
  const namesAt = (key: string) =>
    listAt(model, [key]).flatMap((value, index) =>
      typeof value === 'string' ? { path: [...path, key, index], name: value } : [],
    )
  const longer = valueAt(model, ['onContextTooLong'])
  return {
    path,
    name,
    variant: typeof variant === 'string' ? variant : undefined,
    aliases: namesAt('aliases'),
    fallbacks: namesAt('fallbacks'),
    onContextTooLong: typeof longer === 'string' ? { path: [...path, 'onContextTooLong'], name: longer } : undefined,
  }
}

/** What one group is called, another one that the same requests can name must not be called as well. */
function checkAliases(group: Group, groups: readonly Group[]): readonly Problem[] {
  if (group.name.endsWith('*') && group.aliases.length > 0) {
    const problem = 'a name with a `*` has no other names: add a group of its own for them'
    return [{ path: [...group.path, 'aliases'], problem }]
  }
  return group.aliases.flatMap(({ path, name }, index) => {
    const named = groups.find((other) => other.name === name && [undefined, group.variant].includes(other.variant))
    if (named)
      return { path, problem: named === group ? 'the name of the group itself' : `the name of ${shown(named.path)}` }
    const same = groups
      .filter((other) => other.variant === group.variant)
      .flatMap(({ aliases }) => aliases)
      .find((alias) => alias.name === name)
    const isFirst = same === group.aliases[index]
    return same && !isFirst ? { path, problem: `the same name as ${shown(same.path)}` } : []
  })
}

function checkFallbacks(group: Group): readonly Problem[] {
  return group.fallbacks.flatMap(({ path, name }, index) => {
    if (isNamed(group, name)) return { path, problem: 'a group cannot stand in for itself: remove it' }
    const first = group.fallbacks.findIndex((other) => other.name === name)
    return first < index ? { path, problem: `the same name as ${shown(group.fallbacks[first]?.path ?? [])}` } : []
  })
}

/** Longer and longer contexts come to an end somewhere. */
function checkCircle(group: Group, groups: readonly Group[]): readonly Problem[] {
  if (!group.onContextTooLong) return []
  const { path } = group.onContextTooLong
  const passed = [group]
  for (let next = nextOf(group, groups); next; next = nextOf(next, groups)) {
    if (next === group) {
      const circle = [...passed, group].map(({ name }) => name).join(' -> ')
      return [{ path, problem: `a circle (${circle}): a model with a longer context must end it` }]
    }
    if (passed.includes(next)) return [] // a circle that others are in, who say so
    passed.push(next)
  }
  return []
}

function nextOf({ onContextTooLong, variant }: Group, groups: readonly Group[]): Group | undefined {
  const named = groups.filter((group) => onContextTooLong && isNamed(group, onContextTooLong.name))
  return named.find((group) => group.variant === variant) ?? named.find((group) => group.variant === undefined)
}

function isNamed({ name, aliases }: Group, asked: string): boolean {
  return name === asked || aliases.some((alias) => alias.name === asked)
}

function checkExists(
  { path, name }: Named,
  groups: readonly Group[],
  { providers, filledBy }: DeploymentContext,
): readonly Problem[] {
  const slash = name.indexOf('/')
  if (slash > 0 && slash < name.length - 1 && providers.has(name.slice(0, slash))) return []
  const colon = name.lastIndexOf(':')
  const suffixes: readonly (string | undefined)[] = [
    ...strategies,
    'nitro',
    'floor',
    ...groups.map(({ variant }) => variant),
  ]
  const isThere = (asked: string) =>
    groups.some((group) =>
      group.name.endsWith('*') ? asked.startsWith(group.name.slice(0, -1)) : isNamed(group, asked),
    )
  if (isThere(name) || (colon > 0 && suffixes.includes(name.slice(colon + 1)) && isThere(name.slice(0, colon))))
    return []
  const names = groups.flatMap((group) => [group.name, ...group.aliases.map((alias) => alias.name)])
  const hint = didYouMean(name, names) || '; write <provider>/<model>, or add it to models'
  return [{ path, problem: `no model group and no provider serves ${foundAt(name, path, true, { filledBy })}${hint}` }]
}

/** `models[1].aliases[0]`. */
function shown(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text && '.'}${String(key)}`),
    '',
  )
}
