import { type AcquireCall, type Clock, type Credential, DragomanError, Secret } from '@dragoman/core'
import { type HttpClient, readJson, readText } from '@dragoman/upstream'
import { mapSignInError, mapSiteError, siteName } from './site-errors.ts'

export interface SessionTools {
  readonly http: HttpClient
  /** Of the site, for `Origin` and `Referer`. */
  readonly origin: string
  readonly clock: Pick<Clock, 'now'>
  /** Where a guest is allowed: the cookies of the only one. */
  readonly guestCookies: CookieJar | undefined
}

/** The site does not say how long a session lasts where its token does not. */
const assumedLifeMs = 59 * 60_000

/**
 * What the operator gave as a session: a token as it is, an account by its sign-in, nothing as the one guest where that
 * is allowed. Throws `credential_disabled` for a refused account, so that nobody goes on signing in with it.
 */
export async function acquireSession(source: Credential, call: AcquireCall, tools: SessionTools): Promise<Credential> {
  const { email, password, token } = source.values
  if (email && password) return signIn(source, { email, password }, call, tools)
  if (token) return { ...source, expiresAt: source.expiresAt ?? expiryOf(token.reveal()) }
  if (tools.guestCookies) return visit(source, tools.guestCookies, call, tools)
  const message = `${siteName} needs a token or an email and password, or the option guest`
  throw new DragomanError('credential_rejected', message)
}

/** A guest's cookies as a header says them. */
export type CookieJar = Map<string, string>

export function jarOf({ values }: Credential): CookieJar {
  const pairs = (values.cookies?.reveal() ?? '').split('; ').filter((pair) => pair !== '')
  return new Map(pairs.map((pair) => splitPair(pair)))
}

/** Takes over what an answer sets; a cookie that the site takes back goes. */
export function keepCookies(jar: CookieJar, headers: Headers): void {
  for (const line of headers.getSetCookie()) {
    const [pair = '', ...attributes] = line.split(';')
    const [name, value] = splitPair(pair)
    const isTakenBack = value === '' || attributes.some((attribute) => /^\s*max-age=(0|-\d+)\s*$/i.test(attribute))
    if (name === '') continue
    if (isTakenBack) jar.delete(name)
    else jar.set(name, value)
  }
}

export function cookieHeader(jar: CookieJar): string {
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
}

async function signIn(
  source: Credential,
  { email, password }: { email: Secret; password: Secret },
  call: AcquireCall,
  { http, origin, clock }: SessionTools,
): Promise<Credential> {
  const response = await http.post('/api/v1/auths/signin', {
    call: { ...call, credential: source },
    body: { email: email.reveal(), password: password.reveal() },
    headers: { origin, referer: `${origin}/auth?mode=signin` },
    mapError: mapSignInError,
  })
  const json = await readJson(response)
  const fields: Readonly<Record<string, unknown>> = typeof json === 'object' && json !== null ? { ...json } : {}
  const jar: CookieJar = new Map()
  keepCookies(jar, response.headers)
  const token = jar.get('token') ?? fields.token
  if (typeof token !== 'string' || token === '') {
    throw new DragomanError('upstream_protocol', `${siteName} signed in without giving a token`, { origin: 'upstream' })
  }
  const lifeMs = typeof fields.expires_in === 'number' ? fields.expires_in * 1000 : assumedLifeMs
  return {
    id: source.id,
    values: { token: new Secret(token) },
    expiresAt: expiryOf(token) ?? clock.now() + lifeMs,
  }
}

/** A guest comes back with his cookies, as a browser would: a new one would only get around the count of his turns. */
async function visit(
  source: Credential,
  jar: CookieJar,
  call: AcquireCall,
  { http }: SessionTools,
): Promise<Credential> {
  if (jar.size === 0) for (const [name, value] of jarOf(source)) jar.set(name, value)
  const response = await http.get('/guest', {
    call: { ...call, credential: source },
    accept: 'text/html',
    headers: jar.size > 0 ? { cookie: cookieHeader(jar) } : {},
    mapError: mapSiteError,
  })
  keepCookies(jar, response.headers)
  await readText(response)
  if (jar.size === 0) {
    throw new DragomanError('upstream_protocol', `${siteName} gave a guest no cookies`, { origin: 'upstream' })
  }
  return { id: source.id, values: { cookies: new Secret(cookieHeader(jar)) } }
}

/** Unix milliseconds, of a JWT; undefined for anything else. */
function expiryOf(token: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const exp = typeof payload === 'object' && payload !== null && 'exp' in payload ? payload.exp : undefined
    return typeof exp === 'number' ? exp * 1000 : undefined
  } catch {
    return undefined // no JWT: it lasts until the site says otherwise
  }
}

function splitPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=')
  return at < 0 ? ['', ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
}
