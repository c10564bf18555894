import { type Call, type Clock, DragomanError, isDragomanError, type OutgoingProxy, systemClock } from '@dragoman/core'
import type { Dispatcher } from 'undici'
import manifest from '../package.json' with { type: 'json' }
import { createDispatcher } from './dispatcher.ts'
import { type MapError, type MapErrorContext, mapErrorResponse } from './error-response.ts'
import { Exchange, type ResponseHead } from './exchange.ts'
import { isHtml } from './html-page.ts'
import { type HttpResponse, ReceivedResponse, type ToError } from './http-response.ts'
import { resolveLimits } from './limits.ts'
import { proxyFor } from './proxy-route.ts'
import { readBeginning } from './read-body.ts'
import { redact } from './redact.ts'
import { readBaseUrl, redirectTarget, targetReader } from './request-url.ts'
import type { StreamedBody } from './sent-body.ts'

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
  /** Connections of your own; then `proxy` and stale connections are yours too, and `close()` leaves them open. */
  readonly dispatcher?: Dispatcher | undefined
}

/** What a request needs of a `Call`. */
export type RequestCall = Pick<Call, 'signal'> & Partial<Pick<Call, 'credential' | 'limits' | 'observe'>>

export interface RequestOptions {
  readonly call: RequestCall
  /** Ends it like the signal of the call: whoever waited for the answer is gone. See `abortOnLeave`. */
  readonly left?: AbortSignal | undefined
  /** Prepared once where they are frozen, so give the same object for the same credential. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default `application/json`. `text/event-stream` shortens the wait for the head and asks for no compression. */
  readonly accept?: string | undefined
  /** Asked before the default mapping of an answer that is an error. */
  readonly mapError?: MapError | undefined
}

export interface PostOptions extends RequestOptions {
  /** Bytes go out as they are, anything else as JSON; undefined is no body. */
  readonly body?: unknown
  /**
   * In place of `body`: goes out as it comes, and ends the request with its own error where it breaks off. `headers` say
   * what it is, and may say how long.
   */
  readonly streamedBody?: StreamedBody | undefined
}

export interface HttpClient {
  /** Resolves with an answer that succeeded; everything else is thrown as a `DragomanError`. Nothing is tried twice. */
  post(path: string, options: PostOptions): Promise<HttpResponse>
  put(path: string, options: PostOptions): Promise<HttpResponse>
  get(path: string, options: RequestOptions): Promise<HttpResponse>
  delete(path: string, options: RequestOptions): Promise<HttpResponse>
  /** Takes no more requests, lets those under way finish, and closes the sockets. */
  close(): Promise<void>
}

const USER_AGENT = `dragoman/${manifest.version}`

const JSON_TYPE = 'application/json'

const EVENT_STREAM = 'text/event-stream'

const MAX_REDIRECTS = 3

export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { provider, clock = systemClock } = options
  const base = readBaseUrl(options.baseUrl)
  const { origin, host } = base
  const proxy = proxyFor(base, options.proxy)
  const openAnew = () => createDispatcher(origin, proxy)
  const dispatcher = options.dispatcher ?? openAnew()
  const headersOf = headerMaker({ 'user-agent': USER_AGENT, ...lowerCased(options.headers) })
  const targetOf = targetReader(base)
  let closing: Promise<void> | undefined

  async function send(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    request: PostOptions,
  ): Promise<HttpResponse> {
    const { call, left, accept = JSON_TYPE, streamedBody } = request
    const { signal } = call
    const isStream = accept.includes(EVENT_STREAM)
    const body = encodeBody(request.body)
    const headers = headersOf(request.headers, accept, body !== null)
    const limits = resolveLimits(call.limits)

    const toError: ToError = (answer) => {
      // The query of this path, behind the base's own.
      const { searchParams } = new URL(targetOf(path).path, origin)
      const secrets = secretsOf(call, headers, options.headers, searchParams)
      const context = { provider, secrets, now: clock.now() }
      const own = request.mapError?.(answer)
      return own ? withoutSecrets(own, context) : mapErrorResponse(answer, context)
    }

    let target = targetOf(path)
    let head: ResponseHead
    for (let redirects = 0; ; redirects++) {
      const startedAt = clock.elapsed()
      call.observe?.({ type: 'request', method, origin, path: target.pathname })
      const sent = { origin, method, path: target.path, headers, body, headersTimeout: 0, bodyTimeout: 0 }
      const whole = {
        request: sent,
        streamedBody,
        dispatcher,
        openAnew,
        provider,
        host,
        limits,
        isStream,
        clock,
        signal,
        left,
      }
      try {
        head = await new Exchange(whole).start()
      } catch (error) {
        throw explainHeader(error, provider, call)
      }
      call.observe?.({ type: 'response', status: head.status, afterMs: Math.round(clock.elapsed() - startedAt) })
      const next = redirects < MAX_REDIRECTS ? redirectTarget(head, origin, target) : undefined
      if (!next) break
      head.body.finish()
      head.body.release()
      target = next
    }
    const response = new ReceivedResponse(head, { provider, limits, clock }, toError)
    // A page is no answer either: some proxy or login wall stands in front of the service.
    const isAnswer = head.status < 300 && (accept.includes('html') || !isHtml(response.contentType, ''))
    if (!isAnswer) throw response.errorFromText(await readBeginning(response))
    return response
  }

  return {
    post: (path, request) => send('POST', path, request),
    put: (path, request) => send('PUT', path, request),
    get: (path, request) => send('GET', path, { ...request, body: undefined }),
    delete: (path, request) => send('DELETE', path, { ...request, body: undefined }),
    close() {
      closing ??= options.dispatcher ? Promise.resolve() : dispatcher.close()
      return closing
    },
  }
}

function encodeBody(body: unknown): string | Uint8Array | null {
  if (body === undefined) return null
  return body instanceof Uint8Array ? body : JSON.stringify(body)
}

type RequestHeaders = Readonly<Record<string, string>>

/**
 * Puts the headers of requests together, those of a frozen object once for each way of asking. They are kept as long as
 * that object, which may hold a key.
 */
function headerMaker(
  own: RequestHeaders,
): (given: RequestHeaders | undefined, accept: string, hasBody: boolean) => RequestHeaders {
  const make = (given: RequestHeaders | undefined, accept: string, hasBody: boolean) => ({
    ...own,
    accept,
    // A compressed stream waits in somebody's buffer for more; whole answers, lists above all, shrink to a tenth.
    'accept-encoding': accept.includes(EVENT_STREAM) ? 'identity' : 'gzip, br',
    ...(hasBody && { 'content-type': JSON_TYPE }),
    ...lowerCased(given),
  })
  const streams = new WeakMap<RequestHeaders, RequestHeaders>()
  const answers = new WeakMap<RequestHeaders, RequestHeaders>()
  return (given, accept, hasBody) => {
    const known = accept === EVENT_STREAM ? streams : accept === JSON_TYPE ? answers : undefined
    if (!known || !hasBody || !given || !Object.isFrozen(given)) return make(given, accept, hasBody)
    const headers = known.get(given) ?? make(given, accept, hasBody)
    known.set(given, headers)
    return headers
  }
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const lower: Record<string, string> = {}
  for (const name in headers) lower[name.toLowerCase()] = headers[name] ?? ''
  return lower
}

const SECRET_NAMES = /auth|cookie|credential|key|token|secret|session|^sig$|signature|password/i

/** Everything that was sent and must not come back in a message. */
function secretsOf(
  call: RequestCall,
  headers: Readonly<Record<string, string>>,
  configured: HttpClientOptions['headers'],
  query: URLSearchParams,
): readonly string[] {
  const secrets = Object.values(call.credential?.values ?? {}).map((secret) => secret.reveal())
  for (const [name, value] of Object.entries(headers)) {
    if (SECRET_NAMES.test(name)) secrets.push(value, value.replace(/^\S+\s+/, ''))
  }
  // What the operator put into headers of his own may be a key under any name.
  secrets.push(...Object.values(configured ?? {}))
  for (const [name, value] of query) if (SECRET_NAMES.test(name)) secrets.push(value)
  return secrets
}

/** A provider's own mapping may quote the upstream. */
function withoutSecrets(error: DragomanError, { secrets = [] }: MapErrorContext): DragomanError {
  const { code, retryAfterMs, origin, cause } = error
  const message = redact(error.message, secrets)
  const param = error.param === undefined ? undefined : redact(error.param, secrets)
  const publicCode = error.publicCode === null ? undefined : redact(error.publicCode, secrets)
  if (message === error.message && param === error.param && publicCode === (error.publicCode ?? undefined)) return error
  return new DragomanError(code, message, { param, retryAfterMs, origin, publicCode, cause })
}

/** A key with a line break at its end, say, fails before anything is sent, and would do so again. */
function explainHeader(error: unknown, provider: string, { credential }: RequestCall): unknown {
  const values = Object.values(credential?.values ?? {}).map((secret) => secret.reveal())
  const isBroken = values.some((value) => /[^\t\x20-\x7e\x80-\xff]/.test(value))
  if (!isBroken || !isDragomanError(error) || error.code !== 'internal') return error
  const message = `${provider}: the credential ${credential?.id} holds a character that no header can carry`
  return new DragomanError('credential_rejected', message, { cause: error })
}
