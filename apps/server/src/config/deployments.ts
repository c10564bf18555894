import type { ProviderFactory } from '@dragoman/core'
import type { FilledBy } from './interpolate.ts'
import { toJsonSchema } from './json-schema.ts'
import { didYouMean } from './nearest.ts'
import { parseFilled } from './parse-filled.ts'
import { explain, foundAt, type Problem, unknownKey } from './problems.ts'
import { optionNames, optionsSchema } from './provider-schema.ts'

export interface NamedProvider {
  readonly type: string
  readonly enabled: boolean
  /** The options of its type, as they were written. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface DeploymentContext {
  /** Those that a deployment may name. */
  readonly providers: ReadonlyMap<string, NamedProvider>
  readonly factories: ReadonlyMap<string, ProviderFactory>
  readonly filledBy: FilledBy
}

const ownKeys = ['provider', 'model', 'weight', 'limits', 'normalize', 'price', 'ensureToolCall', 'promptTools']

/** Whether a provider has `promptTools` as an option of its own, and does it itself. */
export function promptsTools(id: string, { providers, factories }: Omit<DeploymentContext, 'filledBy'>): boolean {
  const factory = factories.get(providers.get(id)?.type ?? '')
  return factory !== undefined && optionNames(factory).includes('promptTools')
}

/**
 * The options of a deployment that sets some of its own: its provider's, with these over them, as the provider's type
 * checks and completes them. Undefined where it sets none.
 */
export function deploymentOptions(
  deployment: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
  { providers, factories, filledBy }: DeploymentContext,
): { options?: Record<string, unknown>; problems: readonly Problem[] } {
  const id = deployment.provider
  if (typeof id !== 'string') return { problems: [] } // which the schema has said
  const provider = providers.get(id)
  if (!provider) {
    const hint = didYouMean(id, providers.keys()) || `; there is ${[...providers.keys()].join(', ') || 'none'}`
    const place = [...path, 'provider']
    const problem = `no provider has the id ${foundAt(id, place, true, { filledBy })}${hint}`
    return { problems: [{ path: place, problem }] }
  }
  const factory = factories.get(provider.type)
  const own = promptsTools(id, { providers, factories }) ? ownKeys.filter((key) => key !== 'promptTools') : ownKeys
  const overrides = Object.fromEntries(Object.entries(deployment).filter(([key]) => !own.includes(key)))
  if (!factory || Object.keys(overrides).length === 0) return { problems: [] }

  const schema = optionsSchema(factory)
  const known = optionNames(factory)
  const unknown = Object.keys(overrides).filter((key) => !known.includes(key))
  const filledHere: FilledBy = (inside) => filledBy([...path, ...inside])
  const parsed = parseFilled(schema, { ...provider.options, ...overrides }, filledHere)
  if (parsed.ok && unknown.length === 0) return { options: parsed.output, problems: [] }

  // What is wrong with the provider's own options is said where they stand.
  const isProviderRight = schema.safeParse(provider.options).success
  const explained = explain(parsed.ok ? [] : parsed.issues.filter(({ code }) => code !== 'unrecognized_keys'), {
    schema: toJsonSchema(schema),
    value: parsed.value,
    filledBy: filledHere,
  }).filter(({ path: [key] }) => isProviderRight || (key !== undefined && Object.hasOwn(overrides, key)))
  return {
    problems: [
      ...unknown.map((key) => unknownKey(path, key, [...new Set([...own, ...known])])),
      ...explained.map(({ path: inside, problem }) => ({ path: [...path, ...inside], problem })),
    ],
  }
}
