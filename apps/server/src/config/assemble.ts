import { join, relative, resolve } from 'node:path'
import { type OutgoingProxy, Secret } from '@dragoman/core'
import type { DiscoverablePreset, Discovery } from '../discover.ts'
import { type DeploymentContext, deploymentOptions, promptsTools } from './deployments.ts'
import { alertSettings, otlpSettings } from './observing.ts'
import type { ProviderEntry } from './provider-schema.ts'
import { type FindingTypes, type FoundProvider, providerSettings } from './providers.ts'
import { proxyOfEnvironment } from './proxy.ts'
import type { Config } from './schema.ts'
import type { ClientSettings, CredentialPlace, DeploymentSettings, ProviderSettings, Settings } from './settings.ts'
import { valueIn } from './values.ts'
import type { Variables } from './variables.ts'

export interface Parts {
  readonly config: Config
  readonly clients: ClientSettings
  /** From where paths count. */
  readonly cwd: string
  readonly discovery: Discovery | undefined
  readonly found: ReadonlyMap<string, FoundProvider> | undefined
  readonly presets: Readonly<Record<string, DiscoverablePreset>>
  readonly context: DeploymentContext
  readonly variables: Variables
  readonly findingTypes: FindingTypes
}

/** Settings from what was checked before. */
export function assemble(parts: Parts): Omit<Settings, 'sources'> {
  const { config, clients, cwd, discovery, found, variables } = parts
  const notices = [...(discovery?.notices ?? [])]
  const proxies = { configured: config.proxy, environment: proxyOfEnvironment(variables) }
  const providers = Object.entries(config.providers ?? {})
    .filter(([, { enabled }]) => enabled)
    .map(([id, entry]) => {
      const origin = found?.get(id)?.origin ?? 'file'
      const credentialsFrom = entry.credentialsFrom.map((source) => credentialPlace(source, cwd, variables))
      return providerSettings(id, entry, { origin, proxies, credentialsFrom })
    })

  const models = config.models.flatMap(({ deployments, cache, ...group }, modelIndex) => {
    const served = deployments.flatMap((deployment, index) => {
      if (!providers.some(({ id }) => id === deployment.provider)) return []
      const path = ['models', modelIndex, 'deployments', index]
      return [deploymentSettings(deployment, path, parts.context)]
    })
    if (served.length === 0) notices.push(`${group.name} is left out: its providers are not enabled`)
    return served.length > 0 ? [{ ...group, cache: cache && { ttlMs: cache.ttlMs }, deployments: served }] : []
  })

  const defaultModel = config.defaultModel ?? (discovery ? discovery.defaultModel : usualModel(providers, parts))
  if (defaultModel === undefined && clients.mode === 'open') {
    notices.push('There is no default model, so names that nothing serves are refused: set defaultModel')
  }
  for (const { id, type, credentials, credentialsFrom } of providers) {
    // The list may be empty by the schema; whether that can work is the credential's own to say.
    const needsOne = parts.context.factories.get(type)?.credential.safeParse({}).success === false
    if (needsOne && credentials.length + credentialsFrom.length === 0)
      notices.push(`${id} has no credentials, and its service asks for one`)
  }
  const store = resolve(cwd, config.store.path)
  const proxy = wayOut(proxies)
  const otlp = otlpSettings(config, variables, proxy)
  return {
    server: { ...config.server, corsOrigins: config.server.corsOrigins },
    clients,
    providers,
    models,
    defaultModel,
    defaultStrategy: config.defaultStrategy,
    prices: config.prices,
    limits: config.limits,
    adminKey: secretOf(config.admin.key),
    ensureToolCall: config.ensureToolCall,
    maxCooldownMs: config.cooldown.maxMs,
    mediaFrom: config.outbound.allow,
    paths: {
      store,
      sessions: config.vault.path === undefined ? join(store, 'sessions') : resolve(cwd, config.vault.path),
    },
    vaultKey: secretOf(config.vault.key),
    previousVaultKeys: config.vault.previousKeys.map((key) => new Secret(key)),
    log: config.log,
    metrics: config.metrics && { host: config.metrics.host, port: config.metrics.port },
    telemetry: otlp && { otlp },
    alerts: alertSettings(config, proxy),
    discovery,
    notices,
  }
}

/** For what belongs to no provider. */
function wayOut({ configured, environment }: { configured: Config['proxy']; environment: OutgoingProxy | undefined }) {
  const proxy = configured ?? environment
  return proxy === 'direct' ? undefined : proxy
}

function credentialPlace(
  source: ProviderEntry['credentialsFrom'][number],
  cwd: string,
  variables: Variables,
): CredentialPlace {
  if ('file' in source) return { ...source, file: shownPath(resolve(cwd, source.file)) }
  if ('directory' in source) return { ...source, directory: shownPath(resolve(cwd, source.directory)) }
  return { field: source.field, text: new Secret(variables.get(source.env) ?? ''), from: variables.label(source.env) }
}

/** Messages name the path: where it is short to say from here, it is said so. */
function shownPath(absolute: string): string {
  const fromHere = relative(process.cwd(), absolute)
  return fromHere === '' || fromHere.startsWith('..') ? absolute : fromHere
}

function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text.trim())
}

function deploymentSettings(
  deployment: Config['models'][number]['deployments'][number],
  path: readonly PropertyKey[],
  context: DeploymentContext,
): DeploymentSettings {
  const { provider, model, weight, limits, normalize, price, ensureToolCall } = deployment
  const promptTools = promptsTools(provider, context) ? undefined : deployment.promptTools
  const { options } = deploymentOptions(deployment, path, context)
  return { provider, model, weight, limits, normalize, price, ensureToolCall, promptTools, options }
}

/** The first provider's own default, or its preset's; the built-in provider serves when there is no other. */
function usualModel(providers: readonly ProviderSettings[], { presets, findingTypes }: Parts): string | undefined {
  if (providers.every(({ type }) => type === findingTypes.builtIn)) return findingTypes.builtIn
  for (const { id, options } of providers) {
    const preset = Object.hasOwn(presets, String(options.preset)) ? presets[String(options.preset)] : undefined
    const model = valueIn(options, 'defaultModel') ?? preset?.defaultModel
    if (typeof model === 'string') return `${id}/${model}`
  }
  return undefined
}
