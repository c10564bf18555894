import { DragomanError, type ErrorCode, errorTable, isRecord } from '@dragoman/core'
import { type ErrorResponse, mapErrorResponse } from '@dragoman/upstream'
import { challenge, challengeIn } from '../challenge.ts'
import { type Fields, fieldsOf, textIn } from '../fields.ts'

export const siteName = 'kimi.com'

const advice = 'supply a token taken from your own signed-in session, or use the documented API of Moonshot (type kimi)'

/**
 * Reads the site's errors: `{code, message}` before an answer, `{error: {code, …, details}}` in a frame of one that has
 * status 200, `{error_type, message}` of the older calls. Undefined for what is none of these.
 */
export function mapSiteError(response: ErrorResponse): DragomanError | undefined {
  const { json } = response
  const check = challengeIn(response, siteName, advice)
  if (check) return check
  if (!isRecord(json)) return undefined
  const error = isRecord(json.error) ? json.error : json
  const { reason, paywall, words } = detailsOf(error)
  const word = textIn(error.error_type) ?? textIn(error.code)
  const message = words ?? textIn(error.message) ?? reason ?? word ?? ''
  if (/captcha|x-msh-shield|human verification/i.test(`${reason} ${message}`)) return challenge(siteName, advice)
  const known = codeOf(word, reason, paywall)
  if (!known) return undefined
  const code = known === 'invalid_request' && isTooLong(response, message) ? 'context_length_exceeded' : known
  const isRequest = errorTable[code].scope === 'request'
  const retryAfterMs = code === 'upstream_unavailable' || code === 'rate_limited' ? REST_MS : undefined
  const sentence = isRequest && message !== '' ? message : `${siteName} answered ${word}: ${message}`
  return new DragomanError(code, sentence, { origin: 'upstream', retryAfterMs })
}

/** The site wants its busy models left alone for at least this long. */
const REST_MS = 2_000

function codeOf(word: string | undefined, reason: string | undefined, hasPaywall: boolean): ErrorCode | undefined {
  if (word === 'resource_exhausted') return hasPaywall ? 'credential_exhausted' : 'upstream_unavailable'
  if (word !== undefined && reason?.includes('RATE_LIMIT')) return 'upstream_unavailable'
  return word === undefined ? undefined : codes[word]
}

/** Its code is that of any other bad request. */
function isTooLong(response: ErrorResponse, message: string): boolean {
  const { code } = mapErrorResponse({ ...response, json: { error: { message } } }, { provider: siteName, now: 0 })
  return code === 'context_length_exceeded'
}

const codes: Readonly<Record<string, ErrorCode>> = {
  unauthenticated: 'credential_rejected',
  permission_denied: 'credential_forbidden',
  unavailable: 'upstream_unavailable',
  deadline_exceeded: 'upstream_timeout',
  invalid_argument: 'invalid_request',
  internal: 'upstream_unavailable',
  unknown: 'upstream_unavailable',
  aborted: 'upstream_unavailable',
  'auth.token.invalid': 'credential_rejected',
  'auth.account_abnormal': 'credential_disabled',
  // Another answer of this account is still running.
  'chat.user_stream_pushing': 'rate_limited',
}

function detailsOf(error: Fields): { reason?: string | undefined; paywall: boolean; words?: string | undefined } {
  const debugs = (Array.isArray(error.details) ? error.details : []).map((detail) => fieldsOf(fieldsOf(detail).debug))
  const first = <T>(read: (debug: Fields) => T | undefined) => debugs.map(read).find((value) => value !== undefined)
  return {
    reason: first((debug) => textIn(debug.reason)),
    paywall: debugs.some((debug) => isRecord(debug.paywall)),
    words: first((debug) => textIn(fieldsOf(debug.localizedMessage).message)),
  }
}
