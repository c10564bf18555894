import { listAt, mapAt, valueAt } from './values.ts'

type Path = readonly PropertyKey[]

const secretName = /(key|token|secret|passphrase|password|cookie|authorization|header|query)s?$/i

/** Whether what stands at this place of a configuration must not be shown. */
export function isSecretPath(path: Path): boolean {
  if (path[0] === 'alerts' && path[1] === 'url') return true
  return isCredentialPath(path) || path.some((key) => typeof key === 'string' && secretName.test(key))
}

/** Whether this is, or is inside of, what the configuration itself treats as a secret. */
export function isCredentialPath(path: Path): boolean {
  return path[0] === 'clients' || (path[0] === 'providers' && path[2] === 'credentials')
}

/** `providers.moonshot.credentials[0].apiKey` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    const name = String(key)
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`
    return text ? `${text}.${name}` : name
  }, '')
}

/** Where in a configuration texts stand that are secrets by their place. */
export function secretsIn(config: unknown): readonly Path[] {
  const keys = listAt(config, ['clients', 'keys']).map((entry, index) => {
    const path = ['clients', 'keys', index]
    return typeof entry === 'string' ? path : [...path, 'key']
  })
  const credentials = Object.entries(mapAt(config, ['providers'])).flatMap(([id, provider]) =>
    listAt(provider, ['credentials']).flatMap((credential, index) =>
      Object.keys(mapAt(credential, [])).map((name) => ['providers', id, 'credentials', index, name]),
    ),
  )
  const own = [
    ['admin', 'key'],
    ['vault', 'key'],
    ['alerts', 'url'],
    ['alerts', 'secret'],
    ...Object.keys(mapAt(config, ['telemetry', 'otlp', 'headers'])).map((name) => [
      'telemetry',
      'otlp',
      'headers',
      name,
    ]),
    ...listAt(config, ['vault', 'previousKeys']).map((_, at) => ['vault', 'previousKeys', at]),
  ]
  return [...keys, ...credentials, ...own].filter((path) => typeof valueAt(config, path) === 'string')
}

/** Lines in which no secret of the configuration stands, whatever a provider's own check may have put into its message. */
export function withoutSecrets(lines: readonly string[], config: unknown): readonly string[] {
  const secrets = secretsIn(config).map((path) => String(valueAt(config, path)))
  // Shorter ones are parts of other words, and what was not filled in is no secret.
  const worthHiding = secrets.filter((secret) => secret.length >= 6 && !secret.startsWith('${'))
  return lines.map((line) => worthHiding.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), line))
}
