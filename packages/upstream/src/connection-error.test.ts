import { expect, test } from 'vitest'
import { mapConnectionError } from './connection-error.ts'

test.each([
  ['ENOTFOUND', 'upstream_unavailable', 'the host name is not known'],
  ['EAI_AGAIN', 'upstream_unavailable', 'the host name could not be looked up'],
  ['ECONNREFUSED', 'upstream_unavailable', 'the connection was refused'],
  ['EHOSTUNREACH', 'upstream_unavailable', 'the host cannot be reached'],
  ['ETIMEDOUT', 'upstream_timeout', 'the connection timed out'],
  ['UND_ERR_CONNECT_TIMEOUT', 'upstream_timeout', 'the connection timed out'],
  ['CERT_HAS_EXPIRED', 'upstream_unavailable', 'its TLS certificate is not valid'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'upstream_unavailable', 'its TLS certificate is not valid'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'upstream_unavailable', 'its TLS certificate is not valid'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'upstream_unavailable', 'the TLS handshake failed'],
  ['EPROTO', 'upstream_unavailable', 'the TLS handshake failed'],
  ['EMFILE', 'upstream_unavailable', 'the connection failed'],
])('%s is %s: %s', (code, kind, what) => {
  const cause = Object.assign(new Error('something with details'), { code })
  const error = mapConnectionError(cause, 'acme', 'api.example.com')
  expect(error).toMatchObject({ code: kind, origin: 'upstream', cause })
  expect(error.message).toBe(`acme (api.example.com): ${what} (${code})`)
})
