import type { ProviderSettings, Settings } from './config/settings.ts'

/**
 * Options that say where a provider's service is, besides those whose values are URLs or whose names end in `Url`. What
 * is missing here lets a stored session follow its provider to another address: a test goes through all options.
 */
const addressOptions: ReadonlySet<string> = new Set([
  'preset',
  'region',
  'workspace',
  'location',
  'endpoint',
  'plan',
  'legacy',
  'tokenOrigins',
])

/** Whether an option of a provider's type may say where requests go. */
export function saysWhere(option: string): boolean {
  return addressOptions.has(option) || /ur[li]s?$/i.test(option)
}

/**
 * Where the credentials of a provider are sent: its type with the origins and regions of its options, and with those of
 * each deployment that has options of its own. Equal texts are the same place; what is in them is for nobody to read.
 */
export function placesOf({ id, type, options }: ProviderSettings, { models }: Pick<Settings, 'models'>): string[] {
  const own = models.flatMap(({ deployments }) =>
    deployments.flatMap((deployment) => (deployment.provider === id && deployment.options ? [deployment.options] : [])),
  )
  const places = [options, ...own].map((each) => `${type} ${addressesIn(each)}`)
  return [...new Set(places)].sort()
}

/** The origins that are written in a provider's options, for messages; its type's own are not known here. */
export function originsIn(options: Readonly<Record<string, unknown>>): readonly string[] {
  return [...new Set(Object.values(options).flatMap((value) => originOf(value) ?? []))]
}

function addressesIn(options: Readonly<Record<string, unknown>>): string {
  const found = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return []
    const origin = originOf(value)
    if (origin !== undefined) return [[name, origin]]
    return saysWhere(name) ? [[name, value]] : []
  })
  return JSON.stringify(found.sort(([a], [b]) => String(a).localeCompare(String(b), 'en')))
}

function originOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return undefined
  const url = URL.parse(value)
  return url === null ? value : url.host === '' ? value : `${url.protocol}//${url.host}`
}
