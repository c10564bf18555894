import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { type ServiceAccount, unusable } from './key.ts'

const scope = 'https://www.googleapis.com/auth/cloud-platform'
/** Google takes no more. */
const lifeSeconds = 3600

/**
 * Says who asks for a token (RFC 7523), signed with the account's key. Without `sub`: that is for acting as somebody
 * else, which takes a permission of the whole domain.
 */
export function signedAssertion(account: ServiceAccount, audience: string, now: number): string {
  const issuedAt = Math.floor(now / 1000)
  const header = { alg: 'RS256', typ: 'JWT', ...(account.private_key_id && { kid: account.private_key_id }) }
  const claims = { iss: account.client_email, scope, aud: audience, iat: issuedAt, exp: issuedAt + lifeSeconds }
  const text = `${base64url(header)}.${base64url(claims)}`
  const signature = sign('RSA-SHA256', Buffer.from(text), privateKeyOf(account))
  return `${text}.${signature.toString('base64url')}`
}

function privateKeyOf({ private_key }: ServiceAccount): KeyObject {
  try {
    // In variables of the environment line ends are often written out.
    const key = createPrivateKey(private_key.replaceAll('\\n', '\n'))
    if (key.asymmetricKeyType === 'rsa') return key
  } catch {
    // What the parser says about it is for nobody.
  }
  throw unusable('has a private_key that is no RSA key in PEM')
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
