import { type Clock, isDragomanError, type Provider, type ProviderFactory, systemClock } from '@dragoman/core'
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type ProviderEntry,
  staticCredentials,
} from '@dragoman/gateway'
import { ConfigError } from './config/config-error.ts'
import type { DeploymentSettings, ProviderSettings, Settings } from './config/settings.ts'

/** Every provider there is, by its `type` in the configuration; loaded when it is used. The only list of its kind. */
export const providerTypes: Readonly<Record<string, () => Promise<ProviderFactory>>> = {
  demo: async () => (await import('@dragoman/provider-demo')).demo,
  'openai-compatible': async () => (await import('@dragoman/provider-openai-compatible')).openAICompatible,
}

/** Services that are found by a key in the environment or by an engine's usual port. */
export async function loadPresets() {
  return (await import('@dragoman/provider-openai-compatible')).presets
}

/** Settings -> a gateway that can serve. */
export async function compose(
  settings: Settings,
  options: Pick<GatewayOptions, 'record'> & { clock?: Clock } = {},
): Promise<Gateway> {
  const clock = options.clock ?? systemClock
  const create = async ({ id, type, proxy }: ProviderSettings, given: unknown): Promise<Provider> => {
    const factory = await providerTypes[type]?.()
    if (!factory) throw new Error(`There is no provider type ${type}`) // the configuration's schema has refused it before
    try {
      return factory.create(given, { clock, proxy })
    } catch (cause) {
      // What a factory refuses beyond its schema is the operator's to mend.
      if (!isDragomanError(cause) || cause.scope !== 'request') throw cause
      throw new ConfigError([`providers.${id}: ${cause.message}`])
    }
  }

  const entries = new Map<string, ProviderEntry>()
  for (const provider of settings.providers) {
    entries.set(provider.id, {
      id: provider.id,
      provider: await create(provider, provider.options),
      credentials: staticCredentials(provider.credentials),
      limits: provider.limits,
      normalize: provider.normalize,
    })
  }

  // Deployments with options of their own get a provider of their own, one per distinct result; credentials are shared.
  const variants = new Map<string, ProviderEntry>()
  const entryFor = async (deployment: DeploymentSettings): Promise<ProviderEntry> => {
    const entry = entries.get(deployment.provider)
    const provider = settings.providers.find(({ id }) => id === deployment.provider)
    if (!entry || !provider) throw new Error(`There is no provider ${deployment.provider}`) // as above
    if (!deployment.options) return entry
    const key = JSON.stringify([provider.id, deployment.options])
    const variant = variants.get(key) ?? { ...entry, provider: await create(provider, deployment.options) }
    variants.set(key, variant)
    return variant
  }
  const models = []
  for (const { name, deployments } of settings.models) {
    const composed = []
    for (const deployment of deployments) {
      const { model, limits, normalize } = deployment
      composed.push({ entry: await entryFor(deployment), model, limits, normalize })
    }
    models.push({ name, deployments: composed })
  }

  return createGateway({
    providers: [...entries.values()],
    models,
    // With keys, a name that nothing serves is a mistake to be told; without, any name is to work.
    fallbackName: settings.clients.mode === 'open' ? settings.defaultModel : undefined,
    limits: settings.limits,
    record: options.record,
    clock,
  })
}
