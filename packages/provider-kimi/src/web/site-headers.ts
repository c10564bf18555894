import type { Credential, Secret } from '@dragoman/core'
import { readToken, type Token } from './token.ts'

/** What the site's protocol wants to know about whoever calls, as the operator set it. */
export interface Client {
  /** Address of the site, without a slash at its end. */
  readonly site: string
  readonly version: string
  readonly language: string
  readonly timezone: string
}

type Headers = Readonly<Record<string, string>>

/**
 * The ids are those in the token: a missing or foreign one makes the site refuse even a fresh token. The header of the
 * site's own protection (`x-msh-shield-data`) is never made here.
 */
export function siteHeaders(token: Token, { site, version, language, timezone }: Client, device?: string): Headers {
  const ids = {
    'x-msh-device-id': token.device ?? device,
    'x-msh-session-id': token.session,
    'x-traffic-id': token.user,
  }
  const known = Object.entries(ids).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    authorization: `Bearer ${token.text}`,
    ...Object.fromEntries(known),
    'x-msh-platform': 'web',
    'x-msh-version': version,
    'x-language': language,
    'r-timezone': timezone,
    origin: new URL(site).origin,
    referer: `${site}/`,
  }
}

/** The headers of calls with a session, made once for each. */
export function sessionHeaders(client: Client): (credential: Credential) => Headers {
  const made = new WeakMap<Secret, Headers>()
  return ({ values }) => {
    // One that was not acquired, in an app of its own, is the token as it was given.
    const secret = values.accessToken ?? values.token
    const known = secret && made.get(secret)
    if (known) return known
    const headers = Object.freeze(siteHeaders(readToken(secret?.reveal() ?? ''), client, values.deviceId?.reveal()))
    if (secret) made.set(secret, headers)
    return headers
  }
}
