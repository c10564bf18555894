import type { CredentialSource } from './credential-source.ts'

/** Equal for equal values, whatever their order. Holds the secrets: it must not leave this process's memory. */
export function fingerprint(values: CredentialSource['values']): string {
  const names = Object.keys(values).sort()
  return JSON.stringify(names.map((name) => [name, values[name]?.reveal()]))
}

/** What may leave it: SHA-256 in hexadecimal digits. `pool`: two services may be given the same password. */
export async function sessionKey(pool: string, ofValues: string): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify([pool, ofValues]))
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
