import { randomFillSync } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { type AttemptEntry, type CallerSignal, type ClientRights, DragomanError } from '@dragoman/core'
import type { Client } from './authenticate.ts'
import type { RatesOf } from './limit-headers.ts'

/** What the server knows of a request beside what Node says. */
export class Exchange {
  readonly id = newRequestId()
  /** Unix milliseconds. */
  readonly startedAt: number
  /** As it was asked for, without its query: that may hold a key. */
  readonly path: string
  /** Name of the client key; `open` where none is asked for. */
  client = 'open'
  /** What that key may do; undefined: everything. */
  rights: ClientRights | undefined
  /** Says how much of its rates a key has left. */
  ratesOf: RatesOf | undefined
  /** Undefined where none is asked for, and for the admin. */
  key: Client | undefined
  /** The calls to upstreams that are over. */
  readonly attempts: AttemptEntry[] = []
  /** Which of same-named models are meant: the part of the path before `/v1`. */
  variant: string | undefined
  /** The gateway has it and will say how it ended. */
  isRecorded = false
  /** Its answer has begun, and comes piece by piece. */
  isStreaming = false
  /** What was answered in place of what was asked for. */
  error: DragomanError | undefined
  readonly #query: string
  readonly #endings: (() => void)[] = []

  constructor(target: { path: string; query: string }, startedAt: number) {
    this.path = target.path
    this.#query = target.query
    this.startedAt = startedAt
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#query)
  }

  readonly attempted = (attempt: AttemptEntry): void => {
    this.attempts.push(attempt)
  }

  /** To be done when the answer is over or the client has gone. One listener does it all: each costs every request. */
  atEnd(ending: () => void): void {
    this.#endings.push(ending)
  }

  end(): void {
    for (const ending of this.#endings) ending()
    this.#endings.length = 0
  }
}

const idBytes = 16
/** Random bytes for the next ids: asking the system for them one by one costs more than all else about an id. */
const entropy = Buffer.alloc(256 * idBytes)
let entropyUsed = entropy.length

export function newRequestId(): string {
  if (entropyUsed === entropy.length) {
    randomFillSync(entropy)
    entropyUsed = 0
  }
  const from = entropyUsed
  entropyUsed += idBytes
  return `req_${entropy.toString('hex', from, entropyUsed)}`
}

const key = Symbol('exchange')

export function exchangeOf(response: ServerResponse & { [key]?: Exchange }): Exchange {
  const exchange = response[key]
  if (!exchange) throw new Error('The exchange of this response was not opened')
  return exchange
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

/** Nearly all requests ask for one of these, and nothing about them has to be folded. */
const plainPaths = new Set(['/', '/health', '/v1/chat/completions', '/v1/models'])

/**
 * Base URLs are given with and without `/v1`, and clients put it there twice: all of these reach the same route. A query
 * never changes routing, and is taken off the URL, so that a key in it cannot reach a log.
 */
export function canonicalPath(path: string): string {
  if (plainPaths.has(path)) return path
  const [, ...segments] = path
    .replace(/\/{2,}/g, '/')
    .replace(/(?<=.)\/$/, '')
    .split('/')
  const isVersioned = segments[0] === 'v1'
  while (segments[0] === 'v1') segments.shift()
  const isOurs = segments[0] !== undefined && canonicalHeads.has(segments[0])
  return `/${(isVersioned || isOurs ? ['v1', ...segments] : segments).join('/')}`
}

/** Before all handlers: gives the request its id and its one path. */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse & { [key]?: Exchange },
  startedAt: number,
  variants: ReadonlySet<string> = noVariants,
): Exchange {
  const target = splitTarget(request.url ?? '/')
  const exchange = new Exchange(target, startedAt)
  response[key] = exchange
  response.setHeader('x-request-id', exchange.id)
  const variant = variants.size > 0 ? variantOf(target.path, variants) : undefined
  exchange.variant = variant?.name
  request.url = canonicalPath(variant?.rest ?? target.path)
  // Anthropic's SDK reads no other name.
  if (speaksMessages(request)) response.setHeader('request-id', exchange.id)
  response.on('close', () => exchange.end())
  return exchange
}

const noVariants: ReadonlySet<string> = new Set()

/** `/fast/v1/models` -> `fast` and `/v1/models`. */
function variantOf(path: string, variants: ReadonlySet<string>): { name: string; rest: string } | undefined {
  const [, name = '', rest] = /^\/+([^/]+)(\/+v1\/.*)$/.exec(path) ?? []
  return rest !== undefined && variants.has(name) ? { name, rest } : undefined
}

function splitTarget(target: string): { path: string; query: string } {
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const query = at < 0 ? '' : target.slice(at + 1)
  // A client that takes us for its proxy sends the whole URL.
  return { path: path.startsWith('/') ? path : (URL.parse(path)?.pathname ?? path), query }
}

/** Whether a client is one of Anthropic's API. Its models are asked for at the same address as OpenAI's. */
export function speaksMessages({ url = '', headers }: IncomingMessage): boolean {
  if (url.startsWith('/v1/messages')) return true
  return url.startsWith('/v1/models') && headers['anthropic-version'] !== undefined
}

/** An `AbortSignal` in little: Node's costs as much as finding a route. */
class ClientSignal implements CallerSignal {
  #reason: unknown
  #listeners: (() => void)[] = []

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get reason(): unknown {
    return this.#reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener)
  }

  abort(reason: DragomanError): void {
    if (this.aborted) return
    this.#reason = reason
    for (const listener of this.#listeners) listener()
  }
}

/** The requests that are being answered. */
export class OpenRequests {
  readonly #signals = new Map<ClientSignal, Exchange>()

  /** Trips when the client closes before its answer is complete, or the server has to end it. */
  signal(response: ServerResponse): CallerSignal {
    const signal = new ClientSignal()
    const exchange = exchangeOf(response)
    this.#signals.set(signal, exchange)
    exchange.atEnd(() => {
      this.#signals.delete(signal)
      if (!response.writableFinished) signal.abort(new DragomanError('aborted', 'The caller left'))
    })
    return signal
  }

  /** The same as a real one. */
  abortSignal(response: ServerResponse): AbortSignal {
    const controller = new AbortController()
    const signal = this.signal(response)
    signal.addEventListener('abort', () => controller.abort(signal.reason))
    return controller.signal
  }

  /** Of those that are being answered. */
  get exchanges(): readonly Exchange[] {
    return [...this.#signals.values()]
  }

  /** How many there are, and how many of them are streams. */
  get load(): { readonly requests: number; readonly streams: number } {
    let streams = 0
    for (const { isStreaming } of this.#signals.values()) if (isStreaming) streams++
    return { requests: this.#signals.size, streams }
  }

  end(reason: DragomanError): void {
    this.endThose(() => reason)
  }

  /** Ends those for which there is a reason, streams with an error frame. */
  endThose(reasonFor: (exchange: Exchange) => DragomanError | undefined): void {
    for (const [signal, exchange] of this.#signals) {
      const reason = reasonFor(exchange)
      if (reason) signal.abort(reason)
    }
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
  if (text.length <= longestHeaderValue && /^[\x21-\x7e]*$/.test(text)) return text
  return text
    .slice(0, longestHeaderValue)
    .replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character.toWellFormed()))
}
