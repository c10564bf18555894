import { DragomanError } from '@dragoman/core'
import { type ErrorResponse, type MapError, mapErrorResponse, readErrorBody } from '@dragoman/upstream'

export const siteName = 'www.k2think.ai'

/** What FastAPI and Open WebUI answer, with 403, to a session that they do not know. */
const notSignedIn = /not authenticated|not signed in|(token|session).{0,40}(expired|invalid)|unauthori[sz]ed/i

/** The site's own readings of what its statuses mean; the rest is by the general rules. */
export const mapSiteError: MapError = (response) => {
  const { status } = response
  if (isChallenge(response) || (isPage(response) && (status === 403 || status === 405))) return challenge(status)
  if (status === 405) {
    const message = `${siteName} answered 405, as it does where the cookie of the session is missing`
    return new DragomanError('upstream_protocol', message, { origin: 'upstream' })
  }
  if (status === 403 && notSignedIn.test(readErrorBody(response.json).message ?? '')) {
    return new DragomanError('credential_rejected', `${siteName} no longer takes this session`, { origin: 'upstream' })
  }
  return undefined
}

/** The same for the sign-in, where a refusal is about the account and trying again would only lock it. */
export const mapSignInError: MapError = (response) => {
  const { status, json } = response
  if (isChallenge(response) || (isPage(response) && status < 500)) return challenge(status)
  if (json !== undefined && [400, 401, 403].includes(status)) {
    const { message: words = `status ${status}` } = readErrorBody(json)
    const message = `${siteName} refuses this email and password, or the account is closed: ${words.slice(0, 300)}`
    return new DragomanError('credential_disabled', message, { origin: 'upstream' })
  }
  if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
    return new DragomanError('upstream_protocol', `${siteName} answered ${status} to the sign-in`, {
      origin: 'upstream',
    })
  }
  return undefined
}

/** Whether an event of a stream reports an error in FastAPI's way. */
export function isDetail(json: Readonly<Record<string, unknown>>): boolean {
  return json.detail !== undefined && json.detail !== null && !('choices' in json) && !('content' in json)
}

function challenge(status: number): DragomanError {
  const message =
    `${siteName} asks for a browser check (status ${status}), which is never answered here: ` +
    'supply the `token` of a browser in which you are signed in yourself, or use the documented API (provider k2think)'
  return new DragomanError('upstream_challenge', message, { origin: 'upstream' })
}

function isChallenge(response: ErrorResponse): boolean {
  return mapErrorResponse(response, { provider: siteName, now: 0 }).code === 'upstream_challenge'
}

function isPage({ headers, text }: ErrorResponse): boolean {
  return (headers.get('content-type') ?? '').toLowerCase().startsWith('text/html') || /^\s*<(!doctype|html)/i.test(text)
}
