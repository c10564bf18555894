import { type Credential, type OutgoingProxy, type ProviderFactory, Secret } from '@dragoman/core'
import type { Discovery } from '../discover.ts'
import type { NamedProvider } from './deployments.ts'
import { optionNames, type ProviderEntry } from './provider-schema.ts'
import type { Config } from './schema.ts'
import type { ProviderOrigin, ProviderSettings } from './settings.ts'
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
}

/** Findings as providers, by id: hosted ones, then local ones, then the one that is always there. */
export function foundProviders(discovery: Discovery, types: FindingTypes): ReadonlyMap<string, FoundProvider> {
  return new Map<string, FoundProvider>([
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
  origin: ProviderOrigin,
  proxies: { configured: Config['proxy']; environment: OutgoingProxy | undefined },
): ProviderSettings {
  const proxy = entry.proxy ?? proxies.configured ?? proxies.environment
  return {
    id,
    type: entry.type,
    options: entry.options,
    credentials: entry.credentials.map((values, index) => credential(`${id}#${index + 1}`, values)),
    limits: entry.limits,
    normalize: entry.normalize,
    proxy: proxy === 'direct' ? undefined : proxy,
    origin,
  }
}

function credential(id: string, values: Readonly<Record<string, string | undefined>>): Credential {
  const secrets = Object.entries(values).flatMap(([name, value]): [string, Secret][] =>
    value === undefined ? [] : [[name, new Secret(value)]],
  )
  return { id, values: Object.fromEntries(secrets) }
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
