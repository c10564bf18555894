import { type Call, type Clock, DragomanError, type OutgoingProxy, systemClock } from '@dragoman/core'
import type { Dispatcher } from 'undici'
import manifest from '../package.json' with { type: 'json' }
import { createDispatcher } from './dispatcher.ts'
import { type ErrorResponse, type MapError, mapErrorResponse } from './error-response.ts'
import { Exchange, type ExchangeOptions, type ResponseHead } from './exchange.ts'
import { isHtml } from './html-page.ts'
import { type HttpResponse, ReceivedResponse } from './http-response.ts'
import { type Limits, resolveLimits } from './limits.ts'
import { proxyFor } from './proxy-route.ts'
import { readBeginning } from './read-body.ts'
import { redact } from './redact.ts'

export interface HttpClientOptions {
  /** Named in messages. */
  readonly provider: string
  /** `https://api.example.com/v1`. Paths are appended; its query, if any, is sent with each of them. */
  readonly baseUrl: string
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * `http://...`, `https://...` or `socks5://...` for all requests; or the proxies of the environment, which leave out
   * this machine and what `no` names.
   */
  readonly proxy?: string | OutgoingProxy | undefined
  readonly clock?: Clock | undefined
  /** Connections of your own; then `proxy` is yours too, and `close()` leaves them open. */
  readonly dispatcher?: Dispatcher | undefined
}

/** What a request needs of a `Call`. */
export type RequestCall = Pick<Call, 'signal'> & Partial<Pick<Call, 'credential' | 'limits' | 'observe'>>

export interface RequestOptions {
  readonly call: RequestCall
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default `application/json`. `text/event-stream` shortens the wait for the head and asks for no compression. */
  readonly accept?: string | undefined
  /** Asked before the default mapping of an answer that is an error. */
  readonly mapError?: MapError | undefined
}

export interface PostOptions extends RequestOptions {
  /** Bytes go out as they are, anything else as JSON; undefined is no body. */
  readonly body?: unknown
}

export interface HttpClient {
  /** Resolves with an answer that succeeded; everything else is thrown as a `DragomanError`. Nothing is tried twice. */
  post(path: string, options: PostOptions): Promise<HttpResponse>
  get(path: string, options: RequestOptions): Promise<HttpResponse>
  /** Takes no more requests, lets those under way finish, and closes the sockets. */
  close(): Promise<void>
}

const USER_AGENT = `dragoman/${manifest.version}`

const MAX_REDIRECTS = 3

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { provider, clock = systemClock } = options
  const base = readBaseUrl(options.baseUrl)
  const openAnew = options.dispatcher ? undefined : () => createDispatcher(base.origin, proxyFor(base, options.proxy))
  const dispatcher = options.dispatcher ?? createDispatcher(base.origin, proxyFor(base, options.proxy))
  let closing: Promise<void> | undefined
  const ownHeaders = { 'user-agent': USER_AGENT, ...lowerCased(options.headers) }

  async function send(method: 'GET' | 'POST', path: string, request: PostOptions): Promise<HttpResponse> {
    const { call, accept = 'application/json' } = request
    const isStream = accept.includes('text/event-stream')
    const body = encodeBody(request.body)
    const headers = {
      ...ownHeaders,
      accept,
      // A compressed stream waits in somebody's buffer for more; whole answers, lists above all, shrink to a tenth.
      'accept-encoding': isStream ? 'identity' : 'gzip, br',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...lowerCased(request.headers),
    }
    const limits = resolveLimits(call.limits)
    const toError = (response: ErrorResponse) => mapError(response, request.mapError, secretsOf(call, headers))

    let url = urlOf(base, path)
    for (let redirects = 0; ; redirects++) {
      const head = await exchange(method, url, body, headers, limits, isStream, call).catch((error) => {
        throw explainHeader(error, call)
      })
      if (head.status < 300) return accepted(head, accept, limits, toError)
      const next = redirects < MAX_REDIRECTS ? redirectOf(head, url) : undefined
      if (next === undefined) throw await refused(head, limits, toError)
      head.body.finish()
      head.body.release()
      url = next
    }
  }

  async function exchange(
    method: 'GET' | 'POST',
    url: URL,
    body: string | Uint8Array | undefined,
    headers: Readonly<Record<string, string>>,
    limits: Limits,
    isStream: boolean,
    call: RequestCall,
  ): Promise<ResponseHead> {
    const { host, origin } = base
    const startedAt = clock.elapsed()
    call.observe?.({ type: 'request', method, origin, path: url.pathname })
    const request = { origin, method, path: url.pathname + url.search, headers, body: body ?? null }
    const head = await new Exchange({
      request,
      dispatcher,
      openAnew,
      provider,
      host,
      limits,
      isStream,
      clock,
      signal: call.signal,
    } satisfies ExchangeOptions).start()
    call.observe?.({ type: 'response', status: head.status, afterMs: Math.round(clock.elapsed() - startedAt) })
    return head
  }

  async function accepted(
    head: ResponseHead,
    accept: string,
    limits: Limits,
    toError: (response: ErrorResponse) => DragomanError,
  ): Promise<HttpResponse> {
    const response = new ReceivedResponse(head, { provider, limits, clock }, toError)
    // Some proxy or login wall in front of the service.
    if (isHtml(response.contentType, '') && !accept.includes('html')) {
      throw response.call.errorFromText(await readBeginning(response))
    }
    return response
  }

  async function refused(
    head: ResponseHead,
    limits: Limits,
    toError: (response: ErrorResponse) => DragomanError,
  ): Promise<DragomanError> {
    const response = new ReceivedResponse(head, { provider, limits, clock }, toError)
    return response.call.errorFromText(await readBeginning(response))
  }

  function mapError(response: ErrorResponse, own: MapError | undefined, secrets: readonly string[]): DragomanError {
    const error = own?.(response)
    if (error) return withoutSecrets(error, secrets)
    return mapErrorResponse(response, { provider, secrets, now: clock.now() })
  }

  /** A key with a line break at its end, say, fails before anything is sent, and would do so again. */
  function explainHeader(error: unknown, { credential }: RequestCall): unknown {
    const isOurs = error instanceof DragomanError && error.code === 'internal'
    const values = Object.values(credential?.values ?? {})
    if (!isOurs || !values.some((secret) => /[^\t\x20-\x7e\x80-\xff]/.test(secret.reveal()))) return error
    const message = `${provider}: the credential ${credential?.id} holds a character that no header can carry`
    return new DragomanError('credential_rejected', message, { cause: error })
  }

  return {
    post: (path, request) => send('POST', path, request),
    get: (path, request) => send('GET', path, { ...request, body: undefined }),
    close() {
      closing ??= options.dispatcher ? Promise.resolve() : dispatcher.close()
      return closing
    },
  }
}

function readBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '') {
    return url
  }
  // It may hold a password, so it is not repeated here.
  const message = 'A base URL has to be an http:// or https:// URL without a name and password in it'
  throw new DragomanError('invalid_request', message, { param: 'baseUrl' })
}

function urlOf(base: URL, path: string): URL {
  const url = new URL(base)
  const [pathname = '', query = ''] = path.split(/\?(.*)/s)
  url.pathname = `${base.pathname.replace(/\/+$/, '')}/${pathname.replace(/^\/+/, '')}`
  if (query !== '') url.search = base.search === '' ? `?${query}` : `${base.search}&${query}`
  return url
}

/** Only where the very same request goes to the very same server: credentials go nowhere else. */
function redirectOf({ status, headers }: ResponseHead, from: URL): URL | undefined {
  const location = headers.location?.toString()
  if ((status !== 307 && status !== 308) || location === undefined) return undefined
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  return to?.origin === from.origin ? to : undefined
}

function encodeBody(body: unknown): string | Uint8Array | undefined {
  return body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body)
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const lower: Record<string, string> = {}
  for (const name in headers) lower[name.toLowerCase()] = headers[name] ?? ''
  return lower
}

const SECRET_HEADERS = /authorization|cookie|key|token|secret|session|signature/

/** Everything that was sent and must not come back in a message. */
function secretsOf(call: RequestCall, headers: Readonly<Record<string, string>>): readonly string[] {
  const secrets = Object.values(call.credential?.values ?? {}).map((secret) => secret.reveal())
  for (const [name, value] of Object.entries(headers)) {
    if (SECRET_HEADERS.test(name)) secrets.push(value, value.replace(/^\S+\s+/, ''))
  }
  return secrets
}

/** A provider's own mapping may quote the upstream. */
function withoutSecrets(error: DragomanError, secrets: readonly string[]): DragomanError {
  const message = redact(error.message, secrets)
  if (message === error.message) return error
  const { code, param, retryAfterMs, origin, publicCode, cause } = error
  return new DragomanError(code, message, { param, retryAfterMs, origin, publicCode: publicCode ?? undefined, cause })
}
