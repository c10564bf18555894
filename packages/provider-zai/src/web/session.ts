import { type AcquireCall, type Credential, DragomanError, isRecord, Secret } from '@dragoman/core'
import { type HttpClient, readJson } from '@dragoman/upstream'
import { challenge, mapWebError } from './errors.ts'

/** How long clients keep a guest; its real life is not known. */
const guestMs = 8 * 60_000

export interface Session {
  readonly token: string
  readonly userId: string
  readonly isGuest: boolean
}

export interface AcquireOptions {
  readonly http: HttpClient
  readonly guest: boolean
  readonly now: () => number
}

/** A given token as it is; else the one attempt to sign in that needs no captcha; else a guest, where that is wanted. */
export async function acquire(source: Credential, call: AcquireCall, options: AcquireOptions): Promise<Credential> {
  const { token, email, password } = source.values
  if (email && password) {
    const made = await signIn(email.reveal(), password.reveal(), { ...call, credential: source }, options.http)
    return session(source.id, made, expiryOf(made))
  }
  if (token && !source.values.guest) return session(source.id, token.reveal(), expiryOf(token.reveal()))
  if (!options.guest) {
    throw new DragomanError('no_credential', 'zai-web needs the token of a signed-in session; guests are switched off')
  }
  // Without a token and without cookies every call makes a new guest; the pool keeps one.
  const answer = await readJson(await options.http.get('/api/v1/auths/', { call, mapError: mapWebError }))
  const made = tokenIn(answer)
  const guest = session(source.id, made, options.now() + guestMs)
  return { ...guest, values: { ...guest.values, guest: new Secret('guest') } }
}

/** The token that a call uses, and whose it is. Throws `credential_rejected` for what is no token of the site. */
export function sessionOf({ values: { token, guest } }: Credential): Session {
  const value = token?.reveal() ?? ''
  const payload = payloadOf(value)
  const userId = [payload.id, payload.user_id, payload.uid, payload.sub].find((id) => typeof id === 'string' && id)
  if (typeof userId !== 'string') {
    const message = 'The token of zai-web names no user: copy `token` of the local storage of chat.z.ai'
    throw new DragomanError('credential_rejected', message)
  }
  return { token: value, userId, isGuest: guest !== undefined }
}

/** What the site says about a token: of its role, and nothing of the account. */
export async function roleOf(credential: Credential, call: AcquireCall, http: HttpClient): Promise<unknown> {
  const headers = { authorization: `Bearer ${sessionOf(credential).token}` }
  const options = { call: { ...call, credential }, headers, mapError: mapWebError }
  const answer = await readJson(await http.get('/api/v1/auths/', options))
  return isRecord(answer) ? answer.role : undefined
}

async function signIn(
  email: string,
  password: string,
  call: AcquireCall & { credential: Credential },
  http: HttpClient,
): Promise<string> {
  const response = await http.post('/api/v1/auths/signin', {
    body: { email, password },
    call,
    // A wrong password and a missing captcha look alike here, and for both a person has to act.
    mapError: (answer) =>
      answer.status >= 400 && answer.status < 429 ? challenge('the sign-in') : mapWebError(answer),
  })
  return tokenIn(await readJson(response))
}

function tokenIn(answer: unknown): string {
  if (isRecord(answer) && typeof answer.token === 'string' && answer.token !== '') return answer.token
  throw new DragomanError('upstream_protocol', 'chat.z.ai gave no token', { origin: 'upstream' })
}

function session(id: string, token: string, expiresAt: number | undefined): Credential {
  return { id, values: { token: new Secret(token) }, expiresAt }
}

function expiryOf(token: string): number | undefined {
  const { exp } = payloadOf(token)
  return typeof exp === 'number' ? exp * 1000 : undefined
}

function payloadOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return isRecord(payload) ? payload : {}
  } catch {
    return {} // no JWT: whoever needs something of it says so
  }
}
