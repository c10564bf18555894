import { fieldsOf, textIn } from '../fields.ts'

/** What a token of kimi.com says about itself. Nothing of it is checked: that is for the site. */
export interface Token {
  readonly text: string
  readonly kind: 'access' | 'refresh' | 'unknown'
  /** Unix milliseconds. */
  readonly expiresAt: number | undefined
  readonly user: string | undefined
  readonly session: string | undefined
  readonly device: string | undefined
}

/** Reads what people paste: a refresh or access token, `Bearer …`, or a cookie header that holds `kimi-auth`. */
export function readToken(pasted: string): Token {
  const [, cookie] = /(?:^|[;\s])kimi-auth=([^;\s]+)/.exec(pasted) ?? []
  const text = (cookie ?? pasted).trim().replace(/^Bearer\s+/i, '')
  const { typ, exp, sub, ssid, device_id } = claimsOf(text)
  return {
    text,
    kind: typ === 'access' || typ === 'refresh' ? typ : 'unknown',
    expiresAt: typeof exp === 'number' ? exp * 1000 : undefined,
    user: textIn(sub),
    session: textIn(ssid),
    device: textIn(device_id),
  }
}

function claimsOf(jwt: string) {
  const [, payload = ''] = jwt.split('.')
  try {
    return fieldsOf(JSON.parse(Buffer.from(payload, 'base64url').toString()))
  } catch {
    return {} // opaque, which a token may be
  }
}
