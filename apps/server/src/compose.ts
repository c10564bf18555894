import {
  type Clock,
  isDragomanError,
  type Provider,
  type ProviderFactory,
  type StateStore,
  systemClock,
} from '@dragoman/core'
import { createGateway, type Gateway, type GatewayOptions, type ProviderEntry } from '@dragoman/gateway'
import { ConfigError } from './config/config-error.ts'
import { credentialFields } from './config/credential-fields.ts'
import type { DeploymentSettings, ProviderSettings, Settings } from './config/settings.ts'
import { type CredentialContext, openCredentials, type ProviderCredentials } from './provider-credentials.ts'
import { sealKey } from './seal-key.ts'
import { serverState } from './state.ts'

/** Every provider there is, by its `type` in the configuration; loaded when it is used. The only list of its kind. */
export const providerTypes: Readonly<Record<string, () => Promise<ProviderFactory>>> = {
  anthropic: async () => (await import('@dragoman/provider-anthropic')).anthropic,
  demo: async () => (await import('@dragoman/provider-demo')).demo,
  k2think: async () => (await import('@dragoman/provider-k2think')).k2think,
  'k2think-web': async () => (await import('@dragoman/provider-k2think/web')).k2thinkWeb,
  kimi: async () => (await import('@dragoman/provider-kimi')).kimi,
  'kimi-nonce': async () => (await import('@dragoman/provider-kimi/nonce')).kimiNonce,
  'kimi-web': async () => (await import('@dragoman/provider-kimi/web')).kimiWeb,
  longcat: async () => (await import('@dragoman/provider-longcat')).longcat,
  'longcat-web': async () => (await import('@dragoman/provider-longcat/web')).longcatWeb,
  'openai-compatible': async () => {
    const [{ openAICompatibleWith }, { responsesUpstream }] = await Promise.all([
      import('@dragoman/provider-openai-compatible'),
      import('@dragoman/dialects/openai-responses'),
    ])
    return openAICompatibleWith({ responses: responsesUpstream })
  },
  openrouter: async () => (await import('@dragoman/provider-openrouter')).openrouter,
  'orion-web': async () => (await import('@dragoman/provider-orion')).orionWeb,
  qwen: async () => (await import('@dragoman/provider-qwen')).qwen,
  'qwen-web': async () => (await import('@dragoman/provider-qwen/web')).qwenWeb,
  vertex: async () => (await import('@dragoman/provider-vertex')).vertex,
  zai: async () => (await import('@dragoman/provider-zai')).zai,
  'zai-web': async () => (await import('@dragoman/provider-zai/web')).zaiWeb,
}

/** Services that are found by a key in the environment or by an engine's usual port. */
export async function loadPresets() {
  return (await import('@dragoman/provider-openai-compatible')).presets
}

export interface Composition {
  readonly gateway: Gateway
  /** By provider id. */
  readonly credentials: ReadonlyMap<string, ProviderCredentials>
  readonly state: StateStore
  /** What reasoning is sealed with for clients. */
  sealKey(): Promise<Uint8Array>
  close(): Promise<void>
}

/** Settings -> a gateway that can serve. */
export async function compose(
  settings: Settings,
  options: Pick<GatewayOptions, 'record'> & { clock?: Clock; log: CredentialContext['log'] },
): Promise<Composition> {
  const clock = options.clock ?? systemClock
  const state = serverState(settings.paths.store, clock, options.log)
  const factoryOf = async (type: string): Promise<ProviderFactory> => {
    const factory = await providerTypes[type]?.()
    if (!factory) throw new Error(`There is no provider type ${type}`) // the configuration's schema has refused it before
    return factory
  }
  const create = async ({ id, type, proxy }: ProviderSettings, given: unknown): Promise<Provider> => {
    const factory = await factoryOf(type)
    try {
      return factory.create(given, { clock, proxy, mediaFrom: settings.mediaFrom })
    } catch (cause) {
      // What a factory refuses beyond its schema is the operator's to mend.
      if (!isDragomanError(cause) || cause.scope !== 'request') throw cause
      throw new ConfigError([`providers.${id}: ${cause.message}`])
    }
  }

  const entries = new Map<string, ProviderEntry>()
  const credentials = new Map<string, ProviderCredentials>()
  const sessions = new Set<string>()
  for (const configured of settings.providers) {
    const { id, limits, normalize } = configured
    const provider = await create(configured, configured.options)
    const factory = await factoryOf(configured.type)
    if (factory.isSession) sessions.add(id)
    const fields = credentialFields(factory)
    const own = await openCredentials(provider, configured, fields, { settings, clock, state, log: options.log })
    credentials.set(id, own)
    entries.set(id, { id, provider, credentials: own.pool, limits, normalize })
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
  for (const { name, variant, deployments } of settings.models) {
    const composed = []
    for (const deployment of deployments) {
      const { model, limits, normalize } = deployment
      composed.push({ entry: await entryFor(deployment), model, limits, normalize })
    }
    models.push({ name, variant, deployments: composed })
  }

  const gateway = createGateway({
    // Where a documented API and a session list the same model, it is the API's.
    providers: [...entries.values()].sort((a, b) => Number(sessions.has(a.id)) - Number(sessions.has(b.id))),
    models,
    // With keys, a name that nothing serves is a mistake to be told; without, any name is to work.
    fallbackName: settings.clients.mode === 'open' ? settings.defaultModel : undefined,
    limits: settings.limits,
    record: options.record,
    clock,
    state,
  })
  return {
    gateway,
    credentials,
    state,
    sealKey: sealKey(settings, clock, options.log),
    async close() {
      await Promise.all([...credentials.values()].map((own) => own.close()))
      await gateway.close()
      await state.close()
    },
  }
}
