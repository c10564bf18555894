import type { ClientBudget, KeyRights } from '@dragoman/core'

/**
 * The first field in which `child` may do more than `parent`, as `budget.day`; undefined where it may do nothing more. A
 * field that is not there is no limit, so it is wider than any.
 */
export function widerField(child: KeyRights, parent: KeyRights): string | undefined {
  const { models } = child
  if (parent.models && !models?.every((name) => parent.models?.some((allowed) => covers(allowed, name))))
    return 'models'
  for (const name of ['requestsPerMinute', 'tokensPerMinute', 'expiresAt'] as const) {
    if (isWider(child[name], parent[name])) return name
  }
  for (const name of amounts) if (isWider(child.budget?.[name], parent.budget?.[name])) return `budget.${name}`
  // Days that begin at another hour overlap two of the parent's.
  if (hasAmounts(parent.budget) && zoneOf(child.budget) !== zoneOf(parent.budget)) return 'budget.timeZone'
  return mayUseHostedTools(child) && !mayUseHostedTools(parent) ? 'allow.hostedTools' : undefined
}

export function isNarrower(child: KeyRights, parent: KeyRights): boolean {
  return widerField(child, parent) === undefined
}

/** What both may do: no more than `child`, and no more than `parent`. */
export function narrowed(child: KeyRights, parent: KeyRights): KeyRights {
  const rights: KeyRights = {
    models: child.models && parent.models ? namesOfBoth(child.models, parent.models) : (child.models ?? parent.models),
    requestsPerMinute: least(child.requestsPerMinute, parent.requestsPerMinute),
    tokensPerMinute: least(child.tokensPerMinute, parent.tokensPerMinute),
    budget: budgetOfBoth(child.budget, parent.budget),
    expiresAt: least(child.expiresAt, parent.expiresAt),
  }
  const hostedTools = mayUseHostedTools(child) && mayUseHostedTools(parent)
  const isSaid = child.allow?.hostedTools !== undefined || parent.allow?.hostedTools !== undefined
  const goesWithout = !isSaid && mayUseHostedTools(rights) === hostedTools
  return definedOf(goesWithout ? rights : { ...rights, allow: { hostedTools } })
}

/** Whether there is anything that its requests have to be measured against; when it expires is not. */
export function hasLimits(rights: KeyRights): boolean {
  const { models, requestsPerMinute, tokensPerMinute, budget } = rights
  return (
    models !== undefined ||
    requestsPerMinute !== undefined ||
    tokensPerMinute !== undefined ||
    hasAmounts(budget) ||
    !mayUseHostedTools(rights)
  )
}

/** Without fields that say nothing. */
export function definedOf<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

const amounts = ['day', 'month', 'tokensPerDay', 'tokensPerMonth'] as const

/** They cost money that no budget sees and reach models that no list names, so a limited key needs to be allowed them. */
function mayUseHostedTools({ allow, models, budget }: KeyRights): boolean {
  return allow?.hostedTools ?? (models === undefined && !hasAmounts(budget))
}

function hasAmounts(budget: ClientBudget | undefined): budget is ClientBudget {
  return budget !== undefined && amounts.some((name) => budget[name] !== undefined)
}

function zoneOf(budget: ClientBudget | undefined): string {
  return budget?.timeZone ?? 'UTC'
}

function isWider(child: number | undefined, parent: number | undefined): boolean {
  return parent !== undefined && (child === undefined || child > parent)
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}

/** Whether every name that `name` stands for is one that `allowed` stands for. */
function covers(allowed: string, name: string): boolean {
  return allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : allowed === name
}

function namesOfBoth(child: readonly string[], parent: readonly string[]): readonly string[] {
  const inParent = child.filter((name) => parent.some((allowed) => covers(allowed, name)))
  const inChild = parent.filter((name) => child.some((allowed) => covers(allowed, name)))
  return [...new Set([...inParent, ...inChild])]
}

/** Its windows are the parent's, where the parent has some. */
function budgetOfBoth(child: ClientBudget | undefined, parent: ClientBudget | undefined): ClientBudget | undefined {
  if (!hasAmounts(parent)) return hasAmounts(child) ? child : undefined
  const { timeZone } = parent
  const both = Object.fromEntries(amounts.map((name) => [name, least(child?.[name], parent[name])]))
  return definedOf({ ...both, timeZone })
}
