import type { Readable } from 'node:stream'
import { type Clock, DragomanError, toDragomanError, Watchdog } from '@dragoman/core'
import { type Dispatcher, errors } from 'undici'
import { mapConnectionError } from './connection-error.ts'
import { ContentDecoder, readContentCoding } from './content-decoder.ts'
import { inBytes, inSeconds, type Limits } from './limits.ts'
import type { Link } from './link.ts'
import { BodyChannel, type BodySource, type ResponseBody } from './response-body.ts'
import { SentBody, type StreamedBody } from './sent-body.ts'

export interface ExchangeOptions {
  /** With the clocks of undici off (0): time is kept here, with limits that each call may set. */
  readonly request: Dispatcher.DispatchOptions
  /** In place of the request's own body. */
  readonly streamedBody?: StreamedBody | undefined
  readonly dispatcher: Dispatcher
  /** Connections like those of `dispatcher`, but none of them open yet. */
  readonly openAnew: () => Dispatcher
  /** For messages. */
  readonly provider: string
  readonly host: string
  readonly limits: Limits
  /** A whole answer has its head when the model has finished, a streamed one when it begins. */
  readonly isStream: boolean
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Ends it as well. */
  readonly left: AbortSignal | undefined
}

/** By lower-cased name, as undici gives them. */
export type RawHeaders = Readonly<Record<string, string | string[] | undefined>>

export interface ResponseHead {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: ResponseBody
}

const CLOSED_BY_PEER: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

// A connection that the other side had closed already fails about as soon as a request is on its way. One that fails
// later may have been seen, and worked on.
const STALE_MS = 500

// After the reader has enough, the end of a response is usually on its way. Waiting for it saves the connection.
const REST_MS = 1_000
const REST_BYTES = 64 * 1024

/**
 * One request and its response on one socket, under limits, until the reader is through or the caller leaves.
 *
 * connecting: no socket yet, whether queued or being opened. waiting: sent, or about to be. body: the head is here.
 * resting: the reader has enough. over: nothing more is expected of the socket.
 */
export class Exchange implements Dispatcher.DispatchHandler, BodySource {
  readonly #options: ExchangeOptions
  readonly #watchdog: Watchdog
  readonly #head = Promise.withResolvers<ResponseHead>()
  #state: 'connecting' | 'waiting' | 'body' | 'resting' | 'over' = 'connecting'
  #controller: Dispatcher.DispatchController | undefined
  #link: Link | undefined
  #isReused = false
  #isAnswered = false
  #sending: SentBody | undefined
  #body: BodyChannel | undefined
  #decoder: ContentDecoder | undefined
  #wireBytes = 0
  #bodyBytes = 0

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.#watchdog = new Watchdog(options.clock, this.#expire)
  }

  /** Resolves with the head of the response, whatever its status; rejects with a `DragomanError`. Called once. */
  start(): Promise<ResponseHead> {
    const { signal, left, dispatcher } = this.#options
    if (signal.aborted || left?.aborted) {
      this.#onAbort()
    } else {
      signal.addEventListener('abort', this.#onAbort)
      left?.addEventListener('abort', this.#onAbort)
      this.#dispatch(dispatcher)
    }
    return this.#head.promise
  }

  pause(): void {
    // A body that nobody has begun to read stays watched: it may have been forgotten.
    if (this.#body?.isAttached) this.#watchdog.stop()
    this.#controller?.pause()
    this.#decoder?.pause()
  }

  resume(): void {
    if (this.#state !== 'body') return
    this.#watchdog.watch(this.#options.limits.idleMs)
    this.#decoder?.resume()
    if (!this.#decoder?.isFull) this.#controller?.resume()
  }

  finish(): void {
    if (this.#state !== 'body') return
    this.#state = 'resting'
    this.#wireBytes = 0
    this.#decoder?.destroy()
    this.#watchdog.watch(REST_MS)
    this.#controller?.resume()
  }

  release(): void {
    this.#unfollow()
    if (this.#state === 'body') this.#close()
  }

  ride(link: Link): void {
    this.#link = link
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // The caller left while the request was queued. Started now, it would occupy its connection for nobody.
    if (this.#state === 'over') {
      controller.abort(new errors.RequestAbortedError())
      return
    }
    this.#state = 'waiting'
    this.#isReused = this.#link?.carry() ?? false
    this.#watchdog.watch(this.#options.limits[this.#headLimit])
  }

  onResponseStarted(): void {
    this.#isAnswered = true
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    // Below 200 it announces a response that is still to come.
    if (this.#state !== 'waiting' || status < 200) return
    const encoding = headers['content-encoding']
    const coding = encoding && readContentCoding(encoding.toString())
    if (coding === 'unknown') {
      this.#fail('compressed its response in a way nobody asked for')
      return
    }
    if (coding) this.#decoder = this.#createDecoder(coding)
    this.#state = 'body'
    this.#body = new BodyChannel(this)
    this.#watchdog.watch(this.#options.limits.idleMs)
    this.#head.resolve({ status, headers, body: this.#body })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#wireBytes += chunk.length
    if (this.#state === 'resting') {
      if (this.#wireBytes > REST_BYTES) this.#close()
      return
    }
    if (this.#state !== 'body') return
    this.#watchdog.touch()
    if (!this.#decoder) {
      this.#take(chunk)
    } else if (this.#wireBytes > this.#options.limits.maxAnswerBytes) {
      this.#failByLength()
    } else {
      this.#decoder.write(chunk)
      if (this.#decoder.isFull) controller.pause()
    }
  }

  onResponseEnd(): void {
    if (this.#state === 'body') {
      if (this.#decoder) this.#decoder.end()
      else this.#complete()
    } else if (this.#state === 'resting') {
      this.#settle()
    }
  }

  onResponseError(_controller: unknown, error: Error): void {
    const { provider, host } = this.#options
    if (this.#state === 'resting') this.#settle()
    else if (this.#isStale(error)) this.#repeat()
    else if (this.#state !== 'over') this.#conclude(mapConnectionError(error, provider, host), false)
  }

  readonly #onAbort = (): void => {
    const { signal, left } = this.#options
    const tripped = left?.aborted && !signal.aborted ? left : signal
    this.#conclude(toDragomanError(tripped.reason, tripped), true)
  }

  #dispatch(dispatcher: Dispatcher): void {
    this.#state = 'connecting'
    this.#watchdog.watch(this.#options.limits.connectMs)
    try {
      dispatcher.dispatch(this.#request(), this)
    } catch (error) {
      // Most report what is wrong with a request as they report everything; undici's proxies throw.
      this.onResponseError(undefined, error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** A streamed body begins anew with each connection. */
  #request(): Dispatcher.DispatchOptions {
    const { request, streamedBody } = this.#options
    if (!streamedBody) return request
    this.#sending?.stop()
    this.#sending = new SentBody(streamedBody, {
      // The upstream may answer before it has everything, and has time for it from the last piece on.
      progress: () => {
        if (this.#state === 'waiting') this.#watchdog.touch()
      },
      fail: (cause) => this.#conclude(toDragomanError(cause), false),
    })
    // Documented, but missing in undici's types: a body may be an async iterable.
    return { ...request, body: this.#sending as unknown as Readable }
  }

  /** A kept-alive connection that the other side closed just as we wrote: the request was not seen. */
  #isStale(error: Error): boolean {
    if (this.#state !== 'waiting' || !this.#isReused || this.#isAnswered) return false
    if (this.#options.clock.elapsed() - this.#watchdog.lastAt > STALE_MS) return false
    return 'code' in error && CLOSED_BY_PEER.has(error.code)
  }

  /** Once more, on a socket that is fresh, so that this comes to an end: a pool would offer its next, as stale one. */
  #repeat(): void {
    this.#controller = undefined
    this.#link = undefined
    this.#state = 'connecting'
    // undici is still clearing away the socket that failed.
    queueMicrotask(() => {
      if (this.#state !== 'connecting') return
      const fresh = this.#options.openAnew()
      this.#dispatch(fresh)
      void fresh.close()
    })
  }

  #createDecoder(coding: 'gzip' | 'deflate' | 'br' | 'zstd'): ContentDecoder {
    return new ContentDecoder(coding, {
      data: (chunk) => this.#take(chunk),
      end: () => {
        if (this.#state === 'body') this.#complete()
      },
      fail: () => this.#fail(`sent a response whose ${coding} compression is damaged`),
      drain: () => {
        if (this.#state === 'body') this.#controller?.resume()
      },
    })
  }

  #take(chunk: Uint8Array): void {
    if (this.#state !== 'body') return
    this.#bodyBytes += chunk.length
    if (this.#bodyBytes > this.#options.limits.maxAnswerBytes) this.#failByLength()
    else this.#body?.data(chunk)
  }

  #complete(): void {
    this.#settle()
    this.#body?.end()
  }

  get #headLimit(): 'headersMs' | 'wholeHeadersMs' {
    return this.#options.isStream ? 'headersMs' : 'wholeHeadersMs'
  }

  readonly #expire = (): void => {
    if (this.#state === 'connecting') this.#timeOut('connectMs', 'no connection')
    else if (this.#state === 'waiting') this.#timeOut(this.#headLimit, 'no response')
    else if (this.#state === 'body') this.#timeOut('idleMs', 'no byte')
    else this.#close()
  }

  #timeOut(name: 'connectMs' | 'headersMs' | 'wholeHeadersMs' | 'idleMs', what: string): void {
    const { provider, host, limits } = this.#options
    const message = `${provider} (${host}): ${what} for ${inSeconds(limits[name])} (limits.${name})`
    this.#conclude(new DragomanError('upstream_timeout', message, { origin: 'upstream' }), false)
  }

  #failByLength(): void {
    const limit = inBytes(this.#options.limits.maxAnswerBytes)
    this.#fail(`sent a response of more than ${limit} (limits.maxAnswerBytes)`)
  }

  #fail(what: string): void {
    this.#conclude(
      new DragomanError('upstream_protocol', `${this.#options.provider} ${what}`, { origin: 'upstream' }),
      false,
    )
  }

  /** Ends it with an error, wherever it is. */
  #conclude(error: DragomanError, discard: boolean): void {
    this.#close()
    this.#head.reject(error)
    this.#body?.fail(error, discard)
  }

  /** Ends it and its socket. */
  #close(): void {
    const wasConnecting = this.#state === 'connecting'
    const wasOver = this.#state === 'over'
    this.#settle()
    if (wasConnecting) this.#link?.abandon()
    else if (!wasOver) this.#controller?.abort(new errors.RequestAbortedError())
  }

  #settle(): void {
    this.#state = 'over'
    this.#watchdog.stop()
    if (!this.#body) this.#unfollow()
    this.#decoder?.destroy()
    this.#sending?.stop()
  }

  #unfollow(): void {
    const { signal, left } = this.#options
    signal.removeEventListener('abort', this.#onAbort)
    left?.removeEventListener('abort', this.#onAbort)
  }
}
