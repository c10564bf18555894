import { type AcquireCall, type Clock, type Credential, DragomanError, Secret } from '@dragoman/core'
import { type HttpClient, readJson } from '@dragoman/upstream'
import { fieldsOf, textIn } from '../fields.ts'
import { mapSiteError, siteName } from './connect-error.ts'
import { type Client, siteHeaders } from './site-headers.ts'
import { readToken, type Token } from './token.ts'

export interface SessionContext {
  /** Of `auth.kimi.com`, or of the site itself for the older call. */
  readonly http: HttpClient
  readonly isLegacy: boolean
  readonly client: Client
  readonly clock: Pick<Clock, 'now'>
}

/**
 * What the operator gave, or the last session, as a session that calls can use. Both tokens rotate: the refresh token
 * that comes back is the only one that will be taken next time, so it is part of the session.
 */
export async function acquireSession(
  source: Credential,
  call: AcquireCall,
  context: SessionContext,
): Promise<Credential> {
  const given = readToken(source.values.token?.reveal() ?? '')
  const rotated = source.values.refreshToken?.reveal()
  const refresh = rotated !== undefined ? readToken(rotated) : given.kind === 'refresh' ? given : undefined
  if (refresh) return renewed(source.id, refresh, call, context)
  if (given.expiresAt !== undefined && given.expiresAt <= context.clock.now()) {
    const message = `The access token of ${siteName} has expired, and only a refresh token can be renewed: supply that one`
    throw new DragomanError('credential_rejected', message)
  }
  return session(source.id, given, {})
}

async function renewed(
  id: string,
  refresh: Token,
  call: AcquireCall,
  { http, isLegacy, client }: SessionContext,
): Promise<Credential> {
  const values = { refreshToken: new Secret(refresh.text) }
  const request = { call: { ...call, credential: { id, values } }, mapError: mapRefusal }
  const headers = siteHeaders(refresh, client)
  const response = isLegacy
    ? await http.get('/api/auth/token/refresh', { ...request, headers })
    : await http.post('/api/account.gateway.v1.AuthService/RefreshToken', {
        ...request,
        body: { refresh_token: refresh.text },
        headers: { ...withoutToken(headers), 'connect-protocol-version': '1' },
      })
  const answer = fieldsOf(await readJson(response))
  const access = textIn(answer.accessToken) ?? textIn(answer.access_token)
  if (access === undefined) {
    throw new DragomanError('upstream_protocol', `${siteName} renewed a session without an access token`, {
      origin: 'upstream',
    })
  }
  const next = textIn(answer.refreshToken) ?? textIn(answer.refresh_token) ?? refresh.text
  return session(id, readToken(access), { refreshToken: next, deviceId: refresh.device })
}

function session(id: string, access: Token, more: Readonly<Record<string, string | undefined>>): Credential {
  const values: Record<string, Secret> = { accessToken: new Secret(access.text) }
  for (const [name, value] of Object.entries(more)) if (value !== undefined) values[name] = new Secret(value)
  return { id, values, expiresAt: access.expiresAt }
}

const mapRefusal: typeof mapSiteError = (response) => {
  const error = mapSiteError(response)
  if (error && error.code !== 'credential_rejected') return error
  if (!error && response.status !== 401) return undefined
  const message = `${siteName} refused the refresh token: sign in at ${siteName} and supply a new token`
  return new DragomanError('credential_rejected', message, { origin: 'upstream' })
}

function withoutToken({ authorization, ...others }: Readonly<Record<string, string>>) {
  return others
}
