import type { IncomingMessage, ServerResponse } from 'node:http'
import { DragomanError, type Secret } from '@dragoman/core'
import { type AccessRules, hostGate } from './access.ts'
import { bearer, type Client, digestOf, type FindClient, knownKeys } from './authenticate.ts'
import { exchangeOf, header } from './exchange.ts'
import type { Handler } from './handler.ts'
import type { SlowDown } from './slow-down.ts'

export interface AdminAccess {
  /**
   * Lets pass who has the admin key, and of web pages those of this server alone, whatever `server.corsOrigins` says.
   * Nothing behind it is for other pages: there are no CORS headers, and a preflight is a request without a key.
   */
  readonly guard: Handler
  /** For a route that answers everybody, and tells more to who has the key. */
  whether(request: IncomingMessage, response: ServerResponse, answer: (isAdmin: boolean) => void): void
}

/** What asks for the state of a server gives up soon, and then takes the server for dead. */
const longestWaitOfAll = 500

export function adminAccess(options: {
  readonly key: Secret
  readonly rules: AccessRules
  /** Undefined where clients need no key. */
  readonly findClient: FindClient | undefined
  readonly slowDown: SlowDown
}): AdminAccess {
  const { rules, findClient, slowDown } = options
  const admin = knownKeys([{ name: 'admin', key: options.key }])
  const isAdmin = (given: string) => (admin.recall(given) ?? admin.find(given, digestOf(given))) !== undefined
  const checkHost = hostGate(rules)
  return {
    guard(request, response, next) {
      const exchange = exchangeOf(response)
      response.setHeader('cache-control', 'no-store')
      checkHost(request)
      checkOrigin(request)
      const given = adminKeyOf(request)
      const isInQuery = exchange.query.has('api_key')
      if (given !== undefined && !isInQuery && isAdmin(given)) {
        exchange.client = 'admin'
        next()
        return
      }
      response.setHeader('www-authenticate', 'Bearer')
      if (isInQuery) throw unauthorized('A key in the query is not read here, because logs keep URLs')
      if (given === undefined) throw unauthorized('No admin key was sent')
      const refusal = unauthorized('The key is not the admin key of this server')
      slowDown.wrongKey(request, exchange, (crowded) => next(crowded ?? refusal))
    },
    whether(request, response, answer) {
      const given = adminKeyOf(request)
      if (given === undefined) return answer(false)
      if (isAdmin(given)) return answer(true)
      const refuse = (client: Client | undefined) => {
        if (client !== undefined) answer(false)
        else slowDown.wrongKey(request, exchangeOf(response), () => answer(false), longestWaitOfAll)
      }
      const found = findClient?.(given)
      // Where it cannot be told whose key it is, it is at least not the admin's.
      if (found instanceof Promise) found.then(refuse, () => refuse(undefined))
      else refuse(found)
    },
  }
}

/**
 * The first of these headers that is there and not empty. `x-admin-key` comes first, for programs that send their client
 * key with everything.
 */
function adminKeyOf({ headers }: IncomingMessage): string | undefined {
  return (
    header(headers, 'x-admin-key') || bearer(headers.authorization ?? '') || header(headers, 'x-api-key') || undefined
  )
}

function unauthorized(message: string): DragomanError {
  return new DragomanError('invalid_api_key', `${message}: use Authorization: Bearer <admin key>`)
}

/** Where TLS ends before us, a page of ours has an `https` origin, and we cannot know. */
function checkOrigin({ headers: { host, origin } }: IncomingMessage): void {
  if (origin === undefined) return
  const own = ['http', 'https'].map((scheme) => URL.parse(`${scheme}://${host}`)?.origin)
  if (host !== undefined && own.includes(origin)) return
  const message = `The origin ${JSON.stringify(origin.slice(0, 100))} is not this server's own`
  throw new DragomanError('permission_denied', message, { publicCode: 'origin_not_allowed' })
}
