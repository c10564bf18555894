import { DragomanError, type ErrorCode } from '@dragoman/core'
import { errors } from 'undici'

/**
 * What undici and Node report while they connect, send or receive -> `upstream_unavailable`, `upstream_timeout` or
 * `upstream_protocol`, named by provider and host. The message is ours: theirs may quote addresses and headers.
 */
export function mapConnectionError(error: Error, provider: string, host: string): DragomanError {
  const code = codeOf(error)
  const [kind, what] = describe(error, code)
  const message = `${provider} (${host}): ${what}${code === '' ? '' : ` (${code})`}`
  // A parser's error carries the bytes it stumbled over, which a log would print.
  const cause = error instanceof errors.HTTPParserError ? undefined : error
  return new DragomanError(kind, message, { origin: kind === 'internal' ? 'gateway' : 'upstream', cause })
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const byCode: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['ECONNREFUSED', ['upstream_unavailable', 'the connection was refused']],
  ['ECONNRESET', ['upstream_unavailable', 'the connection was reset']],
  ['EPIPE', ['upstream_unavailable', 'the connection was closed']],
  ['UND_ERR_SOCKET', ['upstream_unavailable', 'the connection was closed before the response was complete']],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', ['upstream_unavailable', 'the response was cut off']],
  ['ENOTFOUND', ['upstream_unavailable', 'the host name is not known']],
  ['EAI_AGAIN', ['upstream_unavailable', 'the host name could not be looked up']],
  ['EHOSTUNREACH', ['upstream_unavailable', 'the host cannot be reached']],
  ['ENETUNREACH', ['upstream_unavailable', 'the network cannot be reached']],
  ['ETIMEDOUT', ['upstream_timeout', 'the connection timed out']],
  ['UND_ERR_CONNECT_TIMEOUT', ['upstream_timeout', 'the connection timed out']],
  ['UND_ERR_ABORTED', ['upstream_unavailable', 'the outgoing proxy refused to connect']],
  ['UND_ERR_PRX_CONN', ['upstream_unavailable', 'the outgoing proxy closed the connection']],
  ['UND_ERR_PRX_TLS', ['upstream_unavailable', 'the TLS certificate of the outgoing proxy is not valid']],
  ['UND_ERR_CLOSED', ['upstream_unavailable', 'its connections have been closed by us']],
  ['UND_ERR_DESTROYED', ['upstream_unavailable', 'its connections have been closed by us']],
  ['UND_ERR_HEADERS_OVERFLOW', ['upstream_protocol', 'the head of the response is too long']],
])

function describe(error: Error, code: string): readonly [ErrorCode, string] {
  if (error instanceof errors.HTTPParserError) {
    const wasCut = /EOF/.test(error.message)
    return wasCut
      ? ['upstream_unavailable', 'the response was cut off']
      : ['upstream_protocol', 'the response is not HTTP']
  }
  const known = byCode.get(code)
  if (known) return known
  if (isCertificateError(code)) return ['upstream_unavailable', 'its TLS certificate is not valid']
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return ['upstream_unavailable', 'the TLS handshake failed']
  if (code.startsWith('UND_ERR_SOCKS5')) return ['upstream_unavailable', 'the outgoing SOCKS5 proxy refused']
  if (code === 'UND_ERR_INVALID_ARG') return describeInvalidRequest(error)
  return ['upstream_unavailable', 'the connection failed']
}

/** OpenSSL's names for what is wrong with a certificate, as Node passes them on. */
function isCertificateError(code: string): boolean {
  return /CERT|ERR_TLS_|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|^(CRL|HOSTNAME|INVALID_CA|INVALID_PURPOSE)_/.test(code)
}

function describeInvalidRequest(error: Error): readonly [ErrorCode, string] {
  if (error.message.includes('407')) return ['upstream_unavailable', 'the outgoing proxy wants other credentials']
  // undici names the header and never its value.
  const [, header] = /^invalid (\S+) header$/.exec(error.message) ?? []
  if (header === undefined) return ['internal', 'the request could not be built']
  return ['internal', `the request could not be built, because of a character in its header ${header}`]
}
