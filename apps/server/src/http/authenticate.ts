import { createHash, timingSafeEqual } from 'node:crypto'
import { DragomanError, type Secret } from '@dragoman/core'
import type { Request, RequestHandler } from 'express'
import { type Exchange, exchangeOf, header } from './exchange.ts'

export interface ClientKey {
  readonly name: string
  readonly key: Secret
}

/**
 * The key that a client brought: the first of `Authorization: Bearer`, `x-api-key`, `api-key` and the query's `api_key`
 * that is there and not empty. A wrong first one is not rescued by a right later one.
 */
export function clientKey(request: Request, { query }: Exchange): string | undefined {
  const bearer = /^bearer +(.*)$/i.exec(header(request.headers, 'authorization') ?? '')?.[1]?.trim()
  return (
    bearer ||
    header(request.headers, 'x-api-key') ||
    header(request.headers, 'api-key') ||
    query.get('api_key') ||
    undefined
  )
}

/** Lets pass whoever brings one of the keys. Every key is compared in full, in constant time. */
export function authenticate(keys: readonly ClientKey[]): RequestHandler {
  const known = keys.map(({ name, key }) => ({ name, digest: digest(key.reveal()) }))
  return (request, response, next) => {
    const exchange = exchangeOf(response)
    const given = clientKey(request, exchange)
    const found = given === undefined ? undefined : match(digest(given), known)
    if (!found) {
      response.setHeader('www-authenticate', 'Bearer')
      const message = given === undefined ? 'No API key was sent' : 'The API key is not one of this server'
      throw new DragomanError('invalid_api_key', `${message}: use Authorization: Bearer <key>`)
    }
    exchange.client = found.name
    next()
  }
}

function match<K extends { digest: Buffer }>(given: Buffer, known: readonly K[]): K | undefined {
  let found: K | undefined
  for (const candidate of known) if (timingSafeEqual(given, candidate.digest)) found = candidate
  return found
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
