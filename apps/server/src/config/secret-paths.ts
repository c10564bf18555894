type Path = readonly PropertyKey[]

const secretName = /(key|token|secret|passphrase|password|cookie|authorization|header)s?$/i

/** Whether what stands at this place of a configuration must not be shown. */
export function isSecretPath(path: Path): boolean {
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
