import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ClientRights, DragomanError, type Secret } from '@dragoman/core'
import { type Exchange, exchangeOf, header } from './exchange.ts'
import type { Handler } from './handler.ts'
import type { SlowDown } from './slow-down.ts'

/** A key whose text is known, as the configuration has it. */
export interface ClientKey {
  readonly name: string
  readonly key: Secret
  /** Only where its requests have to be measured against something. */
  readonly rights?: ClientRights | undefined
  /** Unix milliseconds; from then on it opens nothing. */
  readonly expiresAt?: number | undefined
}

/** What somebody is who brought a key. */
export interface Client {
  /** What records call it, and what is kept for it is kept under. */
  readonly id: string
  readonly rights?: ClientRights | undefined
  /** Unix milliseconds. */
  readonly expiresAt?: number | undefined
  /** Why it opens nothing any more, whatever the time is. */
  readonly ended?: 'was revoked' | 'is switched off' | undefined
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

/** Who brought this key; undefined when it is none of those that are known. Synchronous where it can be. */
export type FindClient = (given: string) => Client | undefined | Promise<Client | undefined>

export interface KnownKeys {
  /** Who brought this key, where it was right before. */
  recall(given: string): Client | undefined
  /** Who brought it; `digest` is its own. */
  find(given: string, digest: Buffer): Client | undefined
}

/**
 * Finds keys whose text is known. One that was right is remembered: the digest is the dearest part of a request's way in.
 * There are as many to remember as there are keys.
 *
 * A key is looked up by its digest, and then one digest is compared, whatever was given: how far a guess agrees with a
 * key says nothing about how far their digests do, so the time it takes tells nothing about the key.
 */
export function knownKeys(keys: readonly ClientKey[], isEqual = timingSafeEqual): KnownKeys {
  const known = new Map<string, { readonly digest: Buffer; readonly client: Client }>()
  for (const { name, key, rights, expiresAt } of keys) {
    const digest = digestOf(key.reveal())
    known.set(digest.toString('latin1'), { digest, client: { id: name, rights, expiresAt } })
  }
  const remembered = new Map<string, Client>()
  return {
    recall: (given) => remembered.get(given),
    find(given, digest) {
      const candidate = known.get(digest.toString('latin1'))
      const isRight = isEqual(digest, candidate?.digest ?? nobody)
      if (!candidate || !isRight) return undefined
      remembered.set(given, candidate.client)
      return candidate.client
    },
  }
}

/** No text has this digest, as far as anybody knows. */
const nobody = Buffer.alloc(32)

/** SHA-256: quick, which for a password would be wrong; a key is too long to be guessed from its digest. */
export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * Lets pass whoever brings one of the keys. Who brings a wrong one, again and again, waits for his answer. `onAdmitted`
 * is told of every request that passes.
 */
export function authenticate(find: FindClient, slowDown: SlowDown, onAdmitted?: (exchange: Exchange) => void): Handler {
  const decide = (
    client: Client | undefined,
    request: IncomingMessage,
    response: ServerResponse,
    exchange: Exchange,
    next: (error?: unknown) => void,
  ): void => {
    const end = client && endOf(client, exchange.startedAt)
    if (client !== undefined && end === undefined) {
      exchange.client = client.id
      exchange.rights = client.rights
      exchange.key = client
      onAdmitted?.(exchange)
      next()
      return
    }
    response.setHeader('www-authenticate', 'Bearer')
    // Whoever has a key that was right once is not guessing.
    if (end !== undefined) {
      next(end)
      return
    }
    const refusal = unauthorized('The API key is not one of this server')
    slowDown.wrongKey(request, exchange, (crowded) => next(crowded ?? refusal))
  }
  return (request, response, next) => {
    const exchange = exchangeOf(response)
    const given = clientKey(request, exchange)
    if (given === undefined) {
      response.setHeader('www-authenticate', 'Bearer')
      throw unauthorized('No API key was sent')
    }
    const found = find(given)
    if (found instanceof Promise) return found.then((client) => decide(client, request, response, exchange, next), next)
    decide(found, request, response, exchange, next)
  }
}

/** Why a key opens nothing at this time (Unix milliseconds); undefined where it does. */
export function endOf({ expiresAt, ended }: Client, now: number): DragomanError | undefined {
  if (ended !== undefined) return unauthorized(`The API key ${ended}`)
  return expiresAt !== undefined && now >= expiresAt ? unauthorized('The API key has expired') : undefined
}

function unauthorized(message: string): DragomanError {
  return new DragomanError('invalid_api_key', `${message}: use Authorization: Bearer <key>`)
}
