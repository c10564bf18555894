import type { ProviderFactory } from '@dragoman/core'
import { type FilledFrom, placeOf } from './interpolate.ts'
import { type JsonSchema, knownKeys, toJsonSchema, valueAt } from './json-schema.ts'
import { didYouMean } from './nearest.ts'
import { faultOfSecret } from './placeholders.ts'
import { explain, type Problem, unknownKey, unworded } from './problems.ts'
import { optionsSchema } from './provider-schema.ts'

export interface CrossCheckContext {
  /** The file, filled; not necessarily right in every place. */
  readonly value: unknown
  readonly filledFrom: FilledFrom
  /** The providers that deployments may name: those of the file, or those that were found. */
  readonly providers: ReadonlyMap<string, { readonly type: string; readonly options: Readonly<Record<string, unknown>> }>
  readonly factories: ReadonlyMap<string, ProviderFactory>
}

/** What a schema cannot say: names that must exist, must differ, or must fit something elsewhere in the file. */
export function crossCheck(context: CrossCheckContext): readonly Problem[] {
  return [
    ...checkKeys(listAt(context.value, ['clients', 'keys'])),
    ...checkCredentials(context.value),
    ...checkModelNames(listAt(context.value, ['models'])),
    ...checkDeployments(context),
    ...checkDefaultModel(context),
  ]
}

function checkKeys(keys: readonly unknown[]): readonly Problem[] {
  const texts = keys.map((entry) => (typeof entry === 'string' ? entry : valueAt(entry, ['key'])))
  const names = keys.map((entry, index) => valueAt(entry, ['name']) ?? `key-${index + 1}`)
  return [
    ...repeated(texts, (index, first) => ({
      path: ['clients', 'keys', index],
      problem: `the same key as clients.keys[${first}]`,
    })),
    ...repeated(names, (index, first) => ({
      path: ['clients', 'keys', index],
      problem: `the same name as clients.keys[${first}]`,
    })),
  ]
}

function checkCredentials(value: unknown): readonly Problem[] {
  return Object.entries(mapAt(value, ['providers'])).flatMap(([id, provider]) => {
    if (valueAt(provider, ['enabled']) === false) return []
    return listAt(provider, ['credentials']).flatMap((credential, index) =>
      Object.entries(mapAt(credential, [])).flatMap(([name, secret]) => {
        const fault = typeof secret === 'string' ? faultOfSecret(secret) : undefined
        const path = ['providers', id, 'credentials', index, name]
        return fault ? [{ path, problem: `${fault}: put the real one here, or set enabled: false` }] : []
      }),
    )
  })
}

function checkModelNames(models: readonly unknown[]): readonly Problem[] {
  return repeated(
    models.map((model) => valueAt(model, ['name'])),
    (index, first) => ({ path: ['models', index, 'name'], problem: `the same name as models[${first}]` }),
  )
}

function checkDeployments(context: CrossCheckContext): readonly Problem[] {
  return listAt(context.value, ['models']).flatMap((model, modelIndex) =>
    listAt(model, ['deployments']).flatMap((deployment, index) =>
      checkDeployment(deployment, ['models', modelIndex, 'deployments', index], context),
    ),
  )
}

const deploymentKeys = ['provider', 'model', 'limits']

/** What a deployment sets over its provider's options. */
export function overridesOf(deployment: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(deployment).filter(([key]) => !deploymentKeys.includes(key)))
}

function checkDeployment(
  deployment: unknown,
  path: readonly PropertyKey[],
  { filledFrom, providers, factories }: CrossCheckContext,
): readonly Problem[] {
  const id = valueAt(deployment, ['provider'])
  if (typeof id !== 'string') return []
  const provider = providers.get(id)
  if (!provider) {
    const known = [...providers.keys()]
    const hint = didYouMean(id, known) || `; there is ${known.join(', ') || 'none'}`
    return [{ path: [...path, 'provider'], problem: `no provider has the id ${JSON.stringify(id)}${hint}` }]
  }
  const factory = factories.get(provider.type)
  if (!factory) return []
  const options = optionsSchema(factory)
  const schema = toJsonSchema(options)
  const overrides = overridesOf(mapAt(deployment, []))
  const known = knownKeys(schema, overrides)
  const unknown = Object.keys(overrides).filter((key) => !known.includes(key))
  const merged = { ...provider.options, ...overrides }
  const issues = options.safeParse(merged, { error: () => unworded }).error?.issues ?? []
  const inside: FilledFrom = new Map(
    Object.keys(overrides).flatMap((key) => within(filledFrom, [...path, key], [key])),
  )
  const explained = explain(issues, { schema, value: merged, filledFrom: inside })
  // What is wrong without the deployment's part is said where the provider stands.
  const ours = explained.filter(({ path: [key] }) => typeof key === 'string' && Object.hasOwn(overrides, key))
  return [
    ...unknown.map((key) => unknownKey(path, key, [...deploymentKeys, ...known])),
    ...ours
      .filter(({ path: [key] }) => !unknown.includes(String(key)))
      .map((problem) => ({ ...problem, path: [...path, ...problem.path] })),
  ]
}
