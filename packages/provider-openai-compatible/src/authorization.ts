import type { Credential, Secret } from '@dragoman/core'

type Headers = Readonly<Record<string, string>>

const none: Headers = Object.freeze({})

/** Makes the header that carries the key, once for each key: it is frozen, and lives as long as its secret. */
export function authorizationBy(header: string): (credential: Credential) => Headers {
  const made = new WeakMap<Secret, Headers>()
  return ({ values: { apiKey } }) => {
    if (!apiKey) return none // local engines need none
    const known = made.get(apiKey)
    if (known) return known
    const key = apiKey.reveal()
    const headers = Object.freeze({ [header]: header === 'authorization' ? `Bearer ${key}` : key })
    made.set(apiKey, headers)
    return headers
  }
}
