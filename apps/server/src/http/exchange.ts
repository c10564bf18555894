import type { IncomingHttpHeaders } from 'node:http'
import type { DragomanError } from '@dragoman/core'
import type { RequestHandler, Response } from 'express'

/** What the server knows of a request beside Express's own fields; in `response.locals.exchange`. */
export interface Exchange {
  readonly id: string
  /** Unix milliseconds. */
  readonly startedAt: number
  /** As it was asked for, without its query: that may hold a key. */
  readonly path: string
  readonly query: URLSearchParams
  /** Name of the client key; `open` where none is asked for. */
  client: string
  /** The gateway has it and will say how it ended. */
  isRecorded: boolean
}

export function newRequestId(): string {
  return `req_${crypto.randomUUID().replaceAll('-', '')}`
}

export function exchangeOf(response: Response): Exchange {
  return response.locals.exchange
}

const canonicalHeads = new Set([
  'chat',
  'completions',
  'responses',
  'messages',
  'embeddings',
  'images',
  'audio',
  'moderations',
  'models',
  'files',
])

/**
 * Base URLs are given with and without `/v1`, and clients put it there twice: all of these reach the same route. A query
 * never changes routing, and is taken off the URL, so that a key in it cannot reach a log.
 */
export function canonicalPath(path: string): string {
  const [, ...segments] = path
    .replace(/\/{2,}/g, '/')
    .replace(/(?<=.)\/$/, '')
    .split('/')
  const isVersioned = segments[0] === 'v1'
  while (segments[0] === 'v1') segments.shift()
  const isOurs = segments[0] !== undefined && canonicalHeads.has(segments[0])
  return `/${(isVersioned || isOurs ? ['v1', ...segments] : segments).join('/')}`
}

/** First of all handlers: gives the request its id and its one path. */
export function openExchange(now: () => number): RequestHandler {
  return (request, response, next) => {
    const [target = '/', query = ''] = splitOnce(request.url, '?')
    // A client that takes us for its proxy sends the whole URL.
    const path = target.startsWith('/') ? target : (URL.parse(target)?.pathname ?? target)
    const exchange: Exchange = {
      id: newRequestId(),
      startedAt: now(),
      path,
      query: new URLSearchParams(query),
      client: 'open',
      isRecorded: false,
    }
    response.locals.exchange = exchange
    response.setHeader('x-request-id', exchange.id)
    request.url = canonicalPath(path)
    next()
  }
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** The requests that are being answered. */
export class OpenRequests {
  #controllers = new Set<AbortController>()

  /** Trips when the client closes before its answer is complete, or the server has to end it. */
  signal(response: Response): AbortSignal {
    const controller = new AbortController()
    this.#controllers.add(controller)
    response.once('close', () => {
      this.#controllers.delete(controller)
      if (!response.writableFinished) controller.abort()
    })
    return controller.signal
  }

  end(reason: DragomanError): void {
    for (const controller of this.#controllers) controller.abort(reason)
  }
}

export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Clients give up on long heads. */
const longestHeaderValue = 256

/** A value for a response header: names of models may hold anything, headers may not. */
export function headerValue(text: string): string {
  return text
    .slice(0, longestHeaderValue)
    .replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed()))
}
