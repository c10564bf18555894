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
import { readBaseUrl, redirectTarget, requestUrl } from './request-url.ts'

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
  const proxy = proxyFor(base, options.proxy)
  const openAnew = () => createDispatcher(base.origin, proxy)
  const dispatcher = options.dispatcher ?? openAnew()
  const ownHeaders = { 'user-agent': USER_AGENT, ...lowerCased(options.headers) }
  let closing: Promise<void> | undefined

  async function send(method: 'GET' | 'POST', path: string, request: PostOptions): Promise<HttpResponse> {
    const { call, accept = 'application/json' } = request
    const isStream = accept.includes('text/event-stream')
    const body = encodeBody(request.body)
    const headers = {
      ...ownHeaders,
      accept,
      // A compressed stream waits in somebody's buffer for more; whole answers, lists above all, shrink to a tenth.
      'accept-encoding': isStream ? 'identity' : 'gzip, br',
      ...(body !== null && { 'content-type': 'application/json' }),
      ...lowerCased(request.headers),
    }
    const limits = resolveLimits(call.limits)
    const { host, origin } = base

    const exchange = async (url: URL): Promise<ResponseHead> => {
      const startedAt = clock.elapsed()
      call.observe?.({ type: 'request', method, origin, path: url.pathname })
      const sent = { origin, method, path: url.pathname + url.search, headers, body }
      const { signal } = call
      const whole = { request: sent, dispatcher, openAnew, provider, host, limits, isStream, clock, signal }
      const head = await new Exchange(whole).start()
      call.observe?.({ type: 'response', status: head.status, afterMs: Math.round(clock.elapsed() - startedAt) })
      return head
    }
    const head = await followed(exchange, requestUrl(base, path)).catch((error) => {
      throw explainHeader(error, provider, call)
    })
    const toError: ToError = (answer) => {
      const context = {
        provider,
        secrets: secretsOf(call, headers, options.headers, base.searchParams),
        now: clock.now(),
      }
      const own = request.mapError?.(answer)
      return own ? withoutSecrets(own, context) : mapErrorResponse(answer, context)
    }
    const response = new ReceivedResponse(head, { provider, limits, clock }, toError)
    // A page is no answer either: some proxy or login wall stands in front of the service.
    const isAnswer = head.status < 300 && (accept.includes('html') || !isHtml(response.contentType, ''))
    if (!isAnswer) throw response.call.errorFromText(await readBeginning(response))
    return response
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

async function followed(exchange: (url: URL) => Promise<ResponseHead>, first: URL): Promise<ResponseHead> {
  let url = first
  for (let redirects = 0; ; redirects++) {
    const head = await exchange(url)
    const next = redirectTarget(head.status, head.headers.location?.toString(), url)
    if (next === undefined || redirects === MAX_REDIRECTS) return head
    head.body.finish()
    head.body.release()
    url = next
  }
}

function encodeBody(body: unknown): string | Uint8Array | null {
  if (body === undefined) return null
  return body instanceof Uint8Array ? body : JSON.stringify(body)
}

function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const lower: Record<string, string> = {}
  for (const name in headers) lower[name.toLowerCase()] = headers[name] ?? ''
  return lower
}

const SECRET_NAMES = /auth|cookie|key|token|secret|session|signature|password/i

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
