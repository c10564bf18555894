import { type Credential, Secret } from '@dragoman/core'

/** An account's session, as requests carry it. */
export interface WebSession {
  readonly cookie: string
  /** The operator's, with every part of it that must not be shown. */
  readonly credential: Credential
}

const sessions = new WeakMap<Credential, WebSession>()

/** Takes the bare value of `passport_token_key`, or a whole cookie header. */
export function sessionOf(credential: Credential): WebSession {
  const known = sessions.get(credential)
  if (known) return known
  const token = (credential.values.token?.reveal() ?? '').trim().replace(/^cookie:\s*/i, '')
  const [, passport] = /(?:^|;\s*)passport_token_key=([^;]*)/.exec(token) ?? []
  // Whoever says a cookie back may say its value alone.
  const values = passport === undefined ? credential.values : { ...credential.values, passport: new Secret(passport) }
  const session = {
    cookie: passport === undefined ? `passport_token_key=${token}` : token,
    credential: { ...credential, values },
  }
  sessions.set(credential, session)
  return session
}

export interface HeaderOptions {
  /** Of the site. */
  readonly origin: string
  readonly appKey: string
  readonly language: string
}

/** What the site's own calls carry besides what every request has. Without a conversation: from the page of a new one. */
export function webHeaders(
  { cookie }: WebSession,
  { origin, appKey, language }: HeaderOptions,
  conversationId?: string,
): Record<string, string> {
  return {
    cookie,
    origin,
    referer: conversationId === undefined ? `${origin}/t` : `${origin}/c/${conversationId}`,
    'x-requested-with': 'XMLHttpRequest',
    'x-client-language': language,
    ...(appKey !== '' && { 'm-appkey': appKey, 'm-traceid': traceId() }),
  }
}

/** The number of a request, for the service's own records. */
function traceId(): string {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return String((BigInt(high) << 32n) | BigInt(low))
}
