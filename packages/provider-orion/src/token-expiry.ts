import { type Credential, DragomanError, isRecord } from '@dragoman/core'

/** Throws `credential_rejected` for a session token that says itself that it is over: there is nothing to renew it with. */
export function assertAlive({ id, values }: Credential, now: number): void {
  const expiresAt = expiryOf(values.token?.reveal() ?? '')
  if (expiresAt === undefined || expiresAt > now) return
  const message = `The session token ${id} expired at ${new Date(expiresAt).toISOString()}: sign in to Orion and copy the new one`
  throw new DragomanError('credential_rejected', message)
}

/** `exp` of a JWT in Unix milliseconds, unverified; undefined where the token is none or has no end. */
export function expiryOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const exp = isRecord(claims) ? claims.exp : undefined
    // What no date can be is not believed.
    return typeof exp === 'number' && exp > 0 && exp < 1e11 ? exp * 1000 : undefined
  } catch {
    return undefined // not a JWT: the service has to say what it thinks of it
  }
}
