import { type AcquireCall, type Clock, type Credential, DragomanError, Secret } from '@dragoman/core'
import { type HttpClient, type MapError, readErrorBody, readJson } from '@dragoman/upstream'
import { z } from 'zod'
import { signedAssertion } from './assertion.ts'
import { type Key, readKey, unusable } from './key.ts'

export interface AcquireContext {
  /** For an origin. */
  readonly client: (origin: string) => HttpClient
  /** Besides Google's own. */
  readonly tokenOrigins: readonly string[]
  readonly clock: Pick<Clock, 'now'>
}

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(3600) })

/**
 * A key -> an access token, for an hour as a rule. There is nothing to renew it with: it is asked for anew. A token that
 * was given goes through as it is.
 */
export async function acquire(source: Credential, call: AcquireCall, context: AcquireContext): Promise<Credential> {
  const { key: given } = source.values
  if (!given) return source
  const key = await readKey(given.reveal(), call.signal)
  const url = tokenUrl(key.token_uri, context.tokenOrigins)
  const askedAt = context.clock.now()
  const form = formOf(key, askedAt)
  const { assertion, client_secret, refresh_token } = form
  const values = secretsOf({ assertion, client_secret, refresh_token })
  const response = await context.client(url.origin).post(url.pathname + url.search, {
    body: Buffer.from(new URLSearchParams(form).toString()),
    call: { ...call, credential: { id: source.id, values } },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    mapError: mapRefusal(context.clock, key.type),
  })
  const parsed = answer.safeParse(await readJson(response))
  if (!parsed.success) {
    throw new DragomanError('upstream_protocol', 'Google signed in without giving a token', { origin: 'upstream' })
  }
  const { access_token, expires_in } = parsed.data
  const known = key.type === 'service_account' ? { project: key.project_id } : { userProject: key.quota_project_id }
  return {
    id: source.id,
    values: { accessToken: new Secret(access_token), ...secretsOf(known) },
    expiresAt: askedAt + expires_in * 1000,
  }
}

function formOf(key: Key, now: number): Record<string, string> {
  if (key.type === 'authorized_user') {
    const { client_id, client_secret, refresh_token } = key
    return { grant_type: 'refresh_token', client_id, client_secret, refresh_token }
  }
  const assertion = signedAssertion(key, key.token_uri, now)
  return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
}

function secretsOf(known: Readonly<Record<string, string | undefined>>): Record<string, Secret> {
  const secrets: Record<string, Secret> = {}
  for (const [name, value] of Object.entries(known)) if (value !== undefined) secrets[name] = new Secret(value)
  return secrets
}

/** Where a key says that it is to be shown: a key from a stranger could name a place of his. */
function tokenUrl(uri: string, listed: readonly string[]): URL {
  const url = new URL(uri)
  const isGoogle =
    url.origin === 'https://accounts.google.com' || /^https:\/\/([a-z0-9-]+\.)+googleapis\.com$/.test(url.origin)
  if (isGoogle || listed.some((origin) => new URL(origin).origin === url.origin)) return url
  throw unusable(`names ${url.origin} as its token_uri, which is not Google's; tokenOrigins may list it`)
}

/** Google takes a few minutes of difference. */
const toleratedMs = 60_000

function mapRefusal(clock: Pick<Clock, 'now'>, kind: Key['type']): MapError {
  return ({ status, headers, json }) => {
    if (status < 400 || status >= 500 || status === 408 || status === 429) return undefined
    const date = Date.parse(headers.get('date') ?? '')
    const aheadMs = Number.isNaN(date) ? 0 : clock.now() - date
    const words = cut(readErrorBody(json).message ?? `status ${status}`)
    const message = `Google refused the key for Vertex AI: ${words}${hint(kind, aheadMs)}`
    return new DragomanError('credential_rejected', message, { origin: 'upstream' })
  }
}

function hint(kind: Key['type'], aheadMs: number): string {
  if (kind === 'authorized_user') return ' (sign in again: gcloud auth application-default login)'
  if (Math.abs(aheadMs) <= toleratedMs) return ''
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  return ` (the clock of this machine is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} Google's: set it)`
}

const longest = 500

/** Between words: half of a secret would not be found any more. */
function cut(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length <= longest ? line : line.slice(0, Math.max(0, line.lastIndexOf(' ', longest)))
}
