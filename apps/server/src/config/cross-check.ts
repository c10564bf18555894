import { type DeploymentContext, deploymentOptions } from './deployments.ts'
import { isLoopback } from './loopback.ts'
import { checkModelReferences } from './model-references.ts'
import { didYouMean } from './nearest.ts'
import { faultOfSecret } from './placeholders.ts'
import { foundAt, type Problem } from './problems.ts'
import type { Config } from './schema.ts'
import { listAt, mapAt, valueAt } from './values.ts'

export interface CrossCheckContext extends DeploymentContext {
  /** The file, filled; not necessarily right in every place. */
  readonly value: unknown
}

/** What a schema cannot say: names that must exist, must differ, or must fit something elsewhere in the file. */
export function crossCheck(context: CrossCheckContext): readonly Problem[] {
  return [
    ...checkKeys(listAt(context.value, ['clients', 'keys'])),
    ...checkCredentials(context.value),
    ...checkModelNames(listAt(context.value, ['models'])),
    ...checkModelReferences(context),
    ...checkDeployments(context),
    ...checkDefaultModel(context),
    ...checkPrices(context),
    ...checkEnabled(context),
  ]
}

/** What only shows when everything is known: settings of different sections that contradict each other. */
export function checkTogether({ server, limits, metrics }: Config, mode: 'open' | 'keys'): readonly Problem[] {
  const problems: Problem[] = []
  if (mode === 'open' && server.corsOrigins?.includes('*')) {
    const problem = '"*" would let every web page use your providers in open mode: name the origins, or set client keys'
    problems.push({ path: ['server', 'corsOrigins'], problem })
  }
  if (limits.maxBodyBytes > limits.maxBodiesBytes) {
    const problem = `one body may have ${limits.maxBodyBytes} bytes, but all of them only ${limits.maxBodiesBytes}`
    problems.push({ path: ['limits', 'maxBodiesBytes'], problem })
  }
  if (metrics && !metrics.onNetwork && !isLoopback(metrics.host)) {
    const problem =
      'others reach this address, which answers without a key: take 127.0.0.1, or allow it with onNetwork: true'
    problems.push({ path: ['metrics', 'host'], problem })
  }
  return problems
}

function checkEnabled({ providers }: CrossCheckContext): readonly Problem[] {
  if (providers.size === 0 || [...providers.values()].some(({ enabled }) => enabled)) return []
  const problem = 'none is enabled: enable one, or remove the section, and the server looks for some itself'
  return [{ path: ['providers'], problem }]
}

function checkKeys(keys: readonly unknown[]): readonly Problem[] {
  const texts = keys.map((entry) => (typeof entry === 'string' ? entry : valueAt(entry, ['key'])))
  const names = keys.map((entry) => valueAt(entry, ['name']))
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
  const names = models.map((model) => {
    const name = valueAt(model, ['name'])
    return typeof name === 'string' ? JSON.stringify([name, valueAt(model, ['variant']) ?? null]) : undefined
  })
  return repeated(names, (index, first) => ({
    path: ['models', index, 'name'],
    problem: `the same name as models[${first}]`,
  }))
}

function checkDeployments(context: CrossCheckContext): readonly Problem[] {
  return listAt(context.value, ['models']).flatMap((model, modelIndex) =>
    listAt(model, ['deployments']).flatMap((deployment, index) => {
      const path = ['models', modelIndex, 'deployments', index]
      return deploymentOptions(mapAt(deployment, []), path, context).problems
    }),
  )
}

function checkDefaultModel({ value, providers, filledBy }: CrossCheckContext): readonly Problem[] {
  const name = valueAt(value, ['defaultModel'])
  if (typeof name !== 'string' || name === '') return []
  const isEnabled = (id: unknown) => typeof id === 'string' && providers.get(id)?.enabled === true
  const groups = listAt(value, ['models']).flatMap((model) => {
    const group = valueAt(model, ['name'])
    const served = listAt(model, ['deployments']).some((deployment) => isEnabled(valueAt(deployment, ['provider'])))
    return typeof group === 'string' && served && valueAt(model, ['variant']) === undefined ? [group] : []
  })
  const isGroup = groups.some((group) => (group.endsWith('*') ? name.startsWith(group.slice(0, -1)) : group === name))
  const slash = name.indexOf('/')
  const isOfProvider = slash > 0 && slash < name.length - 1 && isEnabled(name.slice(0, slash))
  // A provider that is called like its type serves one model of this name: `demo`.
  if (isGroup || isOfProvider || (isEnabled(name) && providers.get(name)?.type === name)) return []
  const hint = didYouMean(name, groups) || '; write <provider>/<model>, or add it to models'
  const path = ['defaultModel']
  return [{ path, problem: `no model group and no provider serves ${foundAt(name, path, true, { filledBy })}${hint}` }]
}

function checkPrices({ value, providers }: CrossCheckContext): readonly Problem[] {
  return Object.keys(mapAt(value, ['prices'])).flatMap((name) => {
    const slash = name.indexOf('/')
    const id = name.slice(0, slash)
    if (slash < 0 || providers.has(id)) return [] // the first of which the schema has said
    return [{ path: ['prices', name], problem: `no provider has the id ${id}${didYouMean(id, providers.keys())}` }]
  })
}

function repeated(values: readonly unknown[], problem: (index: number, first: number) => Problem): readonly Problem[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value)
    return typeof value === 'string' && first < index ? [problem(index, first)] : []
  })
}
