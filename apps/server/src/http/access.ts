import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { DragomanError } from '@dragoman/core'
import { isLoopback } from '../config/loopback.ts'
import { header } from './exchange.ts'
import type { Handler } from './handler.ts'

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
  'x-gateway-tool-enforcement',
  'x-gateway-attempts',
  'x-gateway-cache',
  'age',
  'idempotent-replayed',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'anthropic-ratelimit-requests-limit',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
].join(', ')

/**
 * Which web pages may call, and under which names.
 *
 * Without keys any page in the operator's browser could spend his money: by posting to loopback, or by a DNS name of its
 * own that points there. So in open mode `Host` must be this machine or listed, and `Origin` a page of this machine or
 * listed. With keys, the key is the right, and any origin may ask. Answers preflights, which carry no key.
 */
export function access(rules: AccessRules): Handler {
  const checkHost = hostGate(rules)
  const isAllowed = remembered((origin) => isAllowedOrigin(origin, rules))
  const isPublic = rules.mode === 'keys' && (rules.corsOrigins?.includes('*') ?? true)
  return (request, response, next) => {
    const { origin } = request.headers
    checkHost(request)
    if (rules.mode === 'open' && origin !== undefined && !isAllowed(origin)) {
      const name = JSON.stringify(origin.slice(0, 100))
      throw new DragomanError('permission_denied', `The origin ${name} is not in server.corsOrigins`, {
        publicCode: 'origin_not_allowed',
      })
    }
    if (origin !== undefined && isAllowed(origin)) {
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

/** In open mode, throws for a `Host` that is neither this machine nor listed. */
export function hostGate(rules: AccessRules): (request: IncomingMessage) => void {
  const ruleFor = remembered((host) => hostRule(host, rules))
  return (request) => {
    if (rules.mode !== 'open') return
    const { host } = request.headers
    const rule = host === undefined ? 'unknown' : ruleFor(host)
    if (rule === 'known' || (rule !== 'unknown' && rule.address === localAddress(request))) return
    const name = JSON.stringify(host?.slice(0, 100) ?? '')
    throw new DragomanError('permission_denied', `The host ${name} is not in server.hosts`, {
      publicCode: 'host_not_allowed',
    })
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

/** Whether a `Host` names this server, or would if it was the address that the connection came to. */
function hostRule(host: string, rules: AccessRules): 'known' | 'unknown' | { readonly address: string } {
  const name = URL.parse(`http://${host}`)?.hostname
  if (name === undefined) return 'unknown'
  const bare = name.replace(/^\[|\]$/g, '')
  if (isLoopback(name) || rules.hosts.some((listed) => listed.toLowerCase() === name)) return 'known'
  if (isIP(bare) === 0) return 'unknown'
  return bare === rules.host ? 'known' : { address: bare }
}

function localAddress({ socket }: IncomingMessage): string | undefined {
  return socket.localAddress?.replace(/^::ffff:/, '')
}

/** The names that are asked for are few. Whoever sends many makes us forget, and no more than that. */
const mostRemembered = 100
const longestRemembered = 200

function remembered<V>(decide: (text: string) => V): (text: string) => V {
  const decisions = new Map<string, V>()
  return (text) => {
    const before = decisions.get(text)
    if (before !== undefined) return before
    const decision = decide(text)
    if (text.length > longestRemembered) return decision
    if (decisions.size >= mostRemembered) decisions.clear()
    decisions.set(text, decision)
    return decision
  }
}
