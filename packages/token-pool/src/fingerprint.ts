import type { CredentialSource } from './credential-source.ts'

/** Equal for equal values, whatever their order. Holds the secrets: it must not leave this process's memory. */
export function fingerprint(values: CredentialSource['values']): string {
  const names = Object.keys(values).sort()
  return JSON.stringify(names.map((name) => [name, values[name]?.reveal()]))
}

/**
 * What may leave it: SHA-256 in hexadecimal digits. `pool`: two services may be given the same password. `places`: where
 * its sessions may be sent; under the same name there may be another service tomorrow.
 */
export async function sessionKey(pool: string, ofValues: string, places?: string): Promise<string> {
  const parts = places === undefined ? [pool, ofValues] : [pool, ofValues, places]
  const bytes = new TextEncoder().encode(JSON.stringify(parts))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
