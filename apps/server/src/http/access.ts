import { isIP } from 'node:net'
import { DragomanError } from '@dragoman/core'
import type { RequestHandler } from 'express'
import { isLoopback } from '../config/loopback.ts'
import { header } from './exchange.ts'

export interface AccessRules {
  readonly mode: 'open' | 'keys'
  /** The address that was bound. */
  readonly host: string
  /** Further names under which the server may be asked for. */
  readonly hosts: readonly string[]
  /** Undefined: every origin in keys mode, pages of this machine in open mode. `*` stands for all. */
  readonly corsOrigins: readonly string[] | undefined
}

const exposed = [
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-gateway-model',
  'x-gateway-provider',
  'x-gateway-dropped',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
].join(', ')

/**
 * Which web pages may call, and under which names.
 *
 * Without keys any page in the operator's browser could spend his money: by posting to loopback, or by a DNS name of its
 * own that points there. So in open mode `Host` must be this machine or listed, and `Origin` a page of this machine or
 * listed. With keys, the key is the right, and any origin may ask. Answers preflights, which carry no key.
 */
export function access(rules: AccessRules): RequestHandler {
  return (request, response, next) => {
    const origin = header(request.headers, 'origin')
    if (rules.mode === 'open') {
      const host = header(request.headers, 'host')
      if (!isKnownHost(host, request.socket.localAddress, rules)) {
        const name = JSON.stringify(host?.slice(0, 100) ?? '')
        throw new DragomanError('permission_denied', `The host ${name} is not in server.hosts`, {
          publicCode: 'host_not_allowed',
        })
      }
      if (origin !== undefined && !isAllowedOrigin(origin, rules)) {
        const name = JSON.stringify(origin.slice(0, 100))
        throw new DragomanError('permission_denied', `The origin ${name} is not in server.corsOrigins`, {
          publicCode: 'origin_not_allowed',
        })
      }
    }
    if (origin !== undefined && isAllowedOrigin(origin, rules)) {
      const isPublic = rules.mode === 'keys' && (rules.corsOrigins?.includes('*') ?? true)
      response.setHeader('access-control-allow-origin', isPublic ? '*' : origin)
      if (!isPublic) response.setHeader('vary', 'origin')
      response.setHeader('access-control-expose-headers', exposed)
    }
    if (request.method === 'OPTIONS') {
      response.setHeader('access-control-allow-methods', 'GET, POST, DELETE, OPTIONS')
      // Browser builds of the SDKs send many x-stainless-* names, and `*` would not cover authorization.
      const asked = header(request.headers, 'access-control-request-headers')
      response.setHeader('access-control-allow-headers', asked ?? 'authorization, content-type')
      response.setHeader('access-control-max-age', '600')
      response.writeHead(204).end()
      return
    }
    next()
  }
}

function isAllowedOrigin(origin: string, { mode, corsOrigins }: AccessRules): boolean {
  const isListed = corsOrigins?.some(
    (listed) => listed === '*' || listed === origin || URL.parse(listed)?.origin === origin,
  )
  if (isListed) return true
  if (mode === 'keys') return corsOrigins === undefined
  const url = URL.parse(origin)
  return url !== null && /^https?:$/.test(url.protocol) && isLoopback(url.hostname)
}

function isKnownHost(host: string | undefined, localAddress: string | undefined, rules: AccessRules): boolean {
  if (host === undefined) return false
  const name = URL.parse(`http://${host}`)?.hostname
  if (name === undefined) return false
  const bare = name.replace(/^\[|\]$/g, '')
  const isOwnAddress = isIP(bare) > 0 && (bare === rules.host || bare === localAddress?.replace(/^::ffff:/, ''))
  return isLoopback(name) || isOwnAddress || rules.hosts.some((listed) => listed.toLowerCase() === name)
}
