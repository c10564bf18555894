import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { DragomanError, type Secret } from '@dragoman/core'
import { type Exchange, exchangeOf, header } from './exchange.ts'
import type { Handler } from './handler.ts'
import type { SlowDown } from './slow-down.ts'

export interface ClientKey {
  readonly name: string
  readonly key: Secret
}

/**
 * The key that a client brought: the first of `Authorization: Bearer`, `x-api-key`, `api-key` and the query's `api_key`
 * that is there and not empty. A wrong first one is not rescued by a right later one.
 */
export function clientKey({ headers }: IncomingMessage, exchange: Exchange): string | undefined {
  return (
    bearer(headers.authorization ?? '') ||
    header(headers, 'x-api-key') ||
    header(headers, 'api-key') ||
    exchange.query.get('api_key') ||
    undefined
  )
}

export function bearer(authorization: string): string | undefined {
  if (authorization.startsWith('Bearer ')) return authorization.slice(7).trim()
  return /^bearer +(.*)$/i.exec(authorization)?.[1]?.trim()
}

/** The name of a key that somebody brought; undefined when it is none of those that are known. */
export type NameOfKey = (given: string) => string | undefined

/**
 * Compares a key in full with every one, in constant time, and remembers it once it was right: the hash is the dearest
 * part of a request's way in. There are as many to remember as there are keys.
 */
export function namesOf(keys: readonly ClientKey[]): NameOfKey {
  const known = keys.map(({ name, key }) => ({ name, digest: digest(key.reveal()) }))
  const names = new Map<string, string>()
  return (given) => {
    const remembered = names.get(given)
    if (remembered !== undefined) return remembered
    const found = match(digest(given), known)
    if (found) names.set(given, found.name)
    return found?.name
  }
}

/** Lets pass whoever brings one of the keys. Who brings a wrong one, again and again, waits for his answer. */
export function authenticate(nameOf: NameOfKey, slowDown: SlowDown): Handler {
  return (request, response, next) => {
    const exchange = exchangeOf(response)
    const given = clientKey(request, exchange)
    const name = given === undefined ? undefined : nameOf(given)
    if (name !== undefined) {
      exchange.client = name
      next()
      return
    }
    response.setHeader('www-authenticate', 'Bearer')
    if (given === undefined) throw unauthorized('No API key was sent')
    const refusal = unauthorized('The API key is not one of this server')
    slowDown.wrongKey(request, exchange, (crowded) => next(crowded ?? refusal))
  }
}

function unauthorized(message: string): DragomanError {
  return new DragomanError('invalid_api_key', `${message}: use Authorization: Bearer <key>`)
}

function match<K extends { digest: Buffer }>(given: Buffer, known: readonly K[]): K | undefined {
  let found: K | undefined
  for (const candidate of known) if (timingSafeEqual(given, candidate.digest)) found = candidate
  return found
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
