import { type OutgoingProxy, type ProviderFactory, Secret } from '@dragoman/core'
import type { CredentialSource } from '@dragoman/token-pool'
import type { Discovery } from '../discover.ts'
import type { NamedProvider } from './deployments.ts'
import type { MadeProvider } from './made-providers.ts'
import { optionNames, type ProviderEntry } from './provider-schema.ts'
import type { Config } from './schema.ts'
import type { CredentialPlace, ProviderOrigin, ProviderSettings } from './settings.ts'
import { mapAt, valueAt } from './values.ts'

/** The types that findings become providers of. */
export interface FindingTypes {
  /** Takes the options `preset` and `baseUrl`, and the credential `apiKey`. */
  readonly preset: string
  /** Needs nothing, and is always there. */
  readonly builtIn: string
}

export interface FoundProvider {
  readonly origin: ProviderOrigin
  /** As one would write it into the file. */
  readonly entry: Readonly<Record<string, unknown>>
  /** By key of the entry, the variables that it is from, as messages call them; not where a preset says the rest. */
  readonly setBy?: MadeProvider['setBy']
}

/**
 * Findings as providers, by id: those that variables make, presets with a key, local ones, and at last the one that is
 * always there.
 */
export function foundProviders(
  made: readonly MadeProvider[],
  discovery: Discovery,
  types: FindingTypes,
): ReadonlyMap<string, FoundProvider> {
  return new Map<string, FoundProvider>([
    ...made.map(({ id, entry, setBy }): [string, FoundProvider] => [id, { origin: 'environment', entry, setBy }]),
    ...discovery.hosted.map(({ id, key, baseUrl }): [string, FoundProvider] => {
      const address = baseUrl === undefined ? { preset: id } : { baseUrl }
      const entry = { type: types.preset, ...address, credentials: [{ apiKey: key.reveal() }] }
      return [id, { origin: 'environment', entry }]
    }),
    ...discovery.local.map(({ id }): [string, FoundProvider] => {
      return [id, { origin: 'local', entry: { type: types.preset, preset: id, proxy: 'direct' } }]
    }),
    [types.builtIn, { origin: 'built-in', entry: { type: types.builtIn } }],
  ])
}

/** A checked entry as the server uses it. */
export function providerSettings(
  id: string,
  entry: ProviderEntry,
  context: {
    origin: ProviderOrigin
    proxies: { configured: Config['proxy']; environment: OutgoingProxy | undefined }
    credentialsFrom: readonly CredentialPlace[]
  },
): ProviderSettings {
  const { origin, proxies, credentialsFrom } = context
  const proxy = entry.proxy ?? proxies.configured ?? proxies.environment
  const { weights = [], ...pool } = entry.pool
  return {
    id,
    type: entry.type,
    options: entry.options,
    credentials: entry.credentials.map((values, index) => credential(values, weights[index], originNames[origin])),
    credentialsFrom,
    pool,
    limits: entry.limits,
    normalize: entry.normalize,
    proxy: proxy === 'direct' ? undefined : proxy,
    origin,
  }
}

function credential(
  values: Readonly<Record<string, string | undefined>>,
  weight: number | undefined,
  from: string,
): CredentialSource {
  const secrets = Object.entries(values).flatMap(([name, value]): [string, Secret][] =>
    value === undefined ? [] : [[name, new Secret(value)]],
  )
  return { values: Object.fromEntries(secrets), weight, from }
}

/** Where a credential stands, for people. */
const originNames: Readonly<Record<ProviderOrigin, string>> = {
  file: 'configuration',
  environment: 'environment',
  local: 'found on this machine',
  'built-in': 'built-in',
}

/** Providers as deployments name them, from entries that may be wrong in many ways. */
export function namedProviders(
  entries: Readonly<Record<string, unknown>>,
  leftOut: ReadonlySet<string>,
  factories: ReadonlyMap<string, ProviderFactory>,
): ReadonlyMap<string, NamedProvider> {
  return new Map([
    ...[...leftOut].map((id): [string, NamedProvider] => [id, { type: '', enabled: false, options: {} }]),
    ...Object.entries(entries).map(([id, entry]): [string, NamedProvider] => {
      const type = String(valueAt(entry, ['type']))
      const factory = factories.get(type)
      const names = factory ? optionNames(factory) : []
      const options = Object.entries(mapAt(entry, [])).filter(([name]) => names.includes(name))
      return [id, { type, enabled: valueAt(entry, ['enabled']) !== false, options: Object.fromEntries(options) }]
    }),
  ])
}
