import { createHmac } from 'node:crypto'

export interface TemporaryKey {
  readonly id: string
  readonly secret: string
  readonly token: string
}

/**
 * The headers of a `PUT` to Alibaba Cloud OSS with a temporary key (Signature Version 1): the secret signs and is not
 * sent.
 */
export function signedPut(
  { bucket, path, type, date }: { bucket: string; path: string; type: string; date: string },
  { id, secret, token }: TemporaryKey,
): Record<string, string> {
  const signed = ['PUT', '', type, date, `x-oss-security-token:${token}`, `/${bucket}/${path}`].join('\n')
  const signature = createHmac('sha1', secret).update(signed).digest('base64')
  return { authorization: `OSS ${id}:${signature}`, 'content-type': type, date, 'x-oss-security-token': token }
}
