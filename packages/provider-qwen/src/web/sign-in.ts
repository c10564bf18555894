import { createHash } from 'node:crypto'
import { type AcquireCall, type Clock, type Credential, DragomanError, Secret } from '@dragoman/core'
import { type ErrorResponse, type HttpClient, readErrorBody, readJson } from '@dragoman/upstream'
import type { QwenWebOptions } from './options.ts'
import { recordOf, textOf } from './record.ts'
import { siteHeaders } from './session-headers.ts'
import { expiryOf, unpackCombined } from './session-token.ts'
import { mapSiteError, reportsError } from './site-error.ts'

interface SignInOptions extends Pick<QwenWebOptions, 'webVersion'> {
  readonly http: HttpClient
  readonly origin: string
  readonly clock: Clock
}

/** An account -> a session; a token of one's own session passes as it is. There is no call that renews one. */
export async function acquireSession(
  { id, values }: Credential,
  call: AcquireCall,
  { http, origin, webVersion, clock }: SignInOptions,
): Promise<Credential> {
  const { email, password, cookie } = values
  const session = (token: string, cookies: Secret | undefined): Credential => {
    const expiresAt = expiryOf(token)
    return {
      id,
      values: { token: new Secret(token), ...(cookies && { cookie: cookies }) },
      ...(expiresAt !== undefined && { expiresAt }),
    }
  }
  if (!email || !password) {
    const given = values.token?.reveal() ?? ''
    const combined = unpackCombined(given)
    if (!combined) return session(given, cookie)
    return session(combined.token, cookie ?? (combined.cookie ? new Secret(combined.cookie) : undefined))
  }
  const response = await http.post('/api/v1/auths/signin', {
    call: { ...call, credential: { id, values } },
    body: { email: email.reveal(), password: createHash('sha256').update(password.reveal()).digest('hex') },
    headers: siteHeaders({ origin, webVersion, clock }, { values: cookie ? { cookie } : {} }),
    mapError: mapSignInError,
  })
  const answer = recordOf(await readJson(response))
  if (reportsError(answer)) throw response.errorFrom(answer)
  const token = textOf(answer.token) ?? textOf(recordOf(answer.data).token)
  if (!token) {
    throw new DragomanError('upstream_protocol', 'chat.qwen.ai signed in without giving a token', {
      origin: 'upstream',
    })
  }
  return session(token, cookie)
}

/**
 * The site answers 400 to a wrong password, which is no mistake of a client's request. Trying it again would only lock
 * the account, so it waits for a person.
 */
function mapSignInError(response: ErrorResponse): DragomanError | undefined {
  const known = mapSiteError(response)
  if (known && known.scope !== 'request') return known
  const { status } = response
  const isRefusal = [400, 401, 403, 404, 422].includes(status) || (status < 300 && response.json !== undefined)
  if (!isRefusal) return undefined
  const { message = `status ${status}` } = readErrorBody(response.json)
  const told = `chat.qwen.ai refused the account: ${message.slice(0, 500)}`
  return new DragomanError(status < 300 ? 'credential_rejected' : 'credential_disabled', told, { origin: 'upstream' })
}
