import { gunzipSync } from 'node:zlib'
import { recordOf } from './record.ts'

/** Far more than a token and a cookie are. */
const LONGEST = 64 * 1024

/** `exp` of a JWT in Unix milliseconds, unverified; undefined where the token is none or has no end. */
export function expiryOf(token: string): number | undefined {
  try {
    const { exp } = recordOf(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()))
    // What no date can be is not believed.
    return typeof exp === 'number' && exp > 0 && exp < 1e11 ? exp * 1000 : undefined
  } catch {
    return undefined // not a JWT: the service has to say what it thinks of it
  }
}

/** What older proxies asked for: base64 of gzip of a token, a bar, and a cookie. Undefined for anything else. */
export function unpackCombined(text: string): { token: string; cookie: string | undefined } | undefined {
  // The first three bytes of every gzip file.
  if (!text.startsWith('H4sI')) return undefined
  try {
    const unpacked = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: LONGEST }).toString()
    const bar = unpacked.indexOf('|')
    if (bar <= 0) return undefined
    const cookie = unpacked.slice(bar + 1).trim()
    const named = cookie === '' || cookie.startsWith('ssxmod_itna=') ? cookie : `ssxmod_itna=${cookie}`
    return { token: unpacked.slice(0, bar).trim(), cookie: named || undefined }
  } catch {
    return undefined // then it is a token that begins like that, and the service will say what it thinks of it
  }
}
