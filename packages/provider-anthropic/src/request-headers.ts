import type { Credential, Secret } from '@dragoman/core'
import type { Settings } from './options.ts'

type Headers = Readonly<Record<string, string>>

/** What goes with every request; made once for each key, and kept as long as that. */
export function headersBy({ version, beta }: Pick<Settings, 'version' | 'beta'>): (held: Credential) => Headers {
  const made = new WeakMap<Secret, Headers>()
  return (held) => {
    const secret = held.values.apiKey ?? held.values.authToken
    const known = secret && made.get(secret)
    if (known) return known
    const headers = Object.freeze({
      ...authorization(held),
      'anthropic-version': version,
      ...(beta.length > 0 && { 'anthropic-beta': beta.join(',') }),
    })
    if (secret) made.set(secret, headers)
    return headers
  }
}

function authorization({ values: { apiKey, authToken } }: Credential): Headers {
  if (apiKey) return { 'x-api-key': apiKey.reveal() }
  return authToken ? { authorization: `Bearer ${authToken.reveal()}` } : {}
}

/** The same for a client that speaks Messages: its version, and its betas before ours. */
export function headersOfRelay(own: Headers, client: Headers = {}): Headers {
  const version = client['anthropic-version']
  const betas = [client['anthropic-beta'], own['anthropic-beta']].flatMap((list) => list?.split(',') ?? [])
  const distinct = [...new Set(betas.map((beta) => beta.trim()).filter(Boolean))]
  return {
    ...own,
    ...(version !== undefined && { 'anthropic-version': version }),
    ...(distinct.length > 0 && { 'anthropic-beta': distinct.join(',') }),
  }
}
