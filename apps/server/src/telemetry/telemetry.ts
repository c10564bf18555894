import { randomBytes } from 'node:crypto'
import type { Clock, LogEntry } from '@dragoman/core'
import type { Logger } from 'pino'
import type { OtlpSettings } from '../config/observing.ts'
import type { Family } from '../metrics/registry.ts'
import { type OutboundPost, outboundPost } from '../outbound-post.ts'
import { metricPoints } from './metric-points.ts'
import { attributes, type MetricsRequest, type OtlpResource, type TraceRequest } from './otlp-messages.ts'
import { encodeMetrics, encodeTraces } from './otlp-protobuf.ts'
import { requestSpans } from './request-spans.ts'
import { readTraceParent, type TraceParent } from './traceparent.ts'

export interface TelemetryOptions {
  readonly settings: OtlpSettings
  readonly version: string
  readonly clock: Clock
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** What providers are called by the conventions, by id. */
  readonly providerNames: ReadonlyMap<string, string>
  /** What is sent where metrics are asked for. */
  readonly families: () => readonly Family[]
  /** 0 up to 1. */
  readonly random?: () => number
}

/** What was sent, for the metrics. */
export interface TelemetryCounts {
  readonly sent: number
  readonly dropped: number
}

/** Requests that wait to be sent; more are dropped and counted. */
const mostWaiting = 4_096
const batchSize = 512
const batchMs = 5_000
const metricsMs = 60_000
/** Traces that clients have begun, of requests that are not over. */
const mostOpen = 10_000
const mostTries = 5
const firstPauseMs = 1_500
const longestPauseMs = 30_000

interface Waiting {
  readonly entry: LogEntry
  readonly parent: TraceParent | undefined
}

/**
 * Sends traces, and metrics where they are asked for, by OTLP over HTTP. What a request pays is one entry in a list: spans
 * are made of its record, when a batch is sent. A collector that does not answer costs spans, and nobody an answer.
 */
export class Telemetry {
  readonly #options: TelemetryOptions
  readonly #post: OutboundPost
  readonly #path: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #random: () => number
  readonly #startedAt: number
  readonly #open = new Map<string, TraceParent>()
  #waiting: Waiting[] = []
  #cancelBatch: (() => void) | undefined
  #cancelMetrics: (() => void) | undefined
  #cancelPause: (() => void) | undefined
  #sending: Promise<void> | undefined
  #isFailing = false
  #isClosed = false
  #sent = 0
  #dropped = 0

  constructor(options: TelemetryOptions) {
    const { settings, clock, random = Math.random } = options
    const url = new URL(settings.endpoint)
    this.#options = options
    this.#random = random
    this.#startedAt = clock.now()
    this.#path = url.pathname.replace(/\/+$/, '')
    this.#post = outboundPost({ name: 'The OTLP collector', url, proxy: settings.proxy, clock })
    const isJson = settings.protocol === 'http/json'
    const given = Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value.reveal()] as const)
    this.#headers = {
      ...Object.fromEntries(given),
      'content-type': isJson ? 'application/json' : 'application/x-protobuf',
    }
    if (settings.metrics) this.#scheduleMetrics()
  }

  get counts(): TelemetryCounts {
    return { sent: this.#sent, dropped: this.#dropped }
  }

  /** A request came with these headers. */
  began(requestId: string, traceparent: string | undefined, tracestate: string | undefined): void {
    if (traceparent === undefined) return
    const parent = readTraceParent(traceparent, tracestate)
    if (!parent) return
    this.#open.set(requestId, parent)
    // Those that never reached the gateway are not recorded, and so not taken out again.
    if (this.#open.size <= mostOpen) return
    const [oldest] = this.#open.keys()
    if (oldest !== undefined) this.#open.delete(oldest)
  }

  record(entry: LogEntry): void {
    const parent = this.#open.size === 0 ? undefined : this.#parentOf(entry.id)
    if (parent ? !parent.isSampled : this.#random() >= this.#options.settings.sampleRatio) return
    if (this.#waiting.length >= mostWaiting) {
      this.#dropped++
      return
    }
    this.#waiting.push({ entry, parent })
    if (this.#sending) return
    if (this.#waiting.length === batchSize) this.#scheduleBatch(0)
    else if (!this.#cancelBatch) this.#scheduleBatch(batchMs)
  }

  /** Sends what waits, once. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelBatch?.()
    this.#cancelMetrics?.()
    this.#cancelPause?.()
    await this.#sending
    if (this.#waiting.length > 0) await this.#sendTraces(this.#waiting.splice(0))
    if (this.#options.settings.metrics) await this.#sendMetrics()
    await this.#post.close()
  }

  /** One request may have become several calls of the gateway, whose ids begin with its own. */
  #parentOf(id: string): TraceParent | undefined {
    const own = this.#open.get(id)
    if (own) {
      this.#open.delete(id)
      return own
    }
    return this.#open.get(id.split('.', 1)[0] ?? id)
  }

  #scheduleBatch(ms: number): void {
    this.#cancelBatch?.()
    this.#cancelBatch = this.#options.clock.schedule(() => {
      this.#cancelBatch = undefined
      this.#sending ??= this.#sendWaiting().finally(() => {
        this.#sending = undefined
        if (this.#waiting.length > 0 && !this.#isClosed) this.#scheduleBatch(batchMs)
      })
    }, ms)
  }

  async #sendWaiting(): Promise<void> {
    do {
      await this.#sendTraces(this.#waiting.splice(0, batchSize))
    } while (this.#waiting.length >= batchSize && !this.#isClosed)
  }

  async #sendTraces(batch: readonly Waiting[]): Promise<void> {
    const { providerNames } = this.#options
    const context = { providerNames, randomHex: (bytes: number) => randomBytes(bytes).toString('hex') }
    const spans = batch.flatMap(({ entry, parent }) => requestSpans(entry, parent, context))
    const request: TraceRequest = { resourceSpans: [{ ...this.#head(), scopeSpans: [{ scope: this.#scope, spans }] }] }
    if (await this.#send('/v1/traces', this.#encoded(request, encodeTraces))) this.#sent += batch.length
    else this.#dropped += batch.length
  }

  #scheduleMetrics(): void {
    this.#cancelMetrics = this.#options.clock.schedule(() => {
      void this.#sendMetrics().finally(() => {
        if (!this.#isClosed) this.#scheduleMetrics()
      })
    }, metricsMs)
  }

  /** Sums go on: one that is lost is made good by the next. */
  async #sendMetrics(): Promise<void> {
    const { families, clock } = this.#options
    const metrics = metricPoints(families(), this.#startedAt, clock.now())
    const request: MetricsRequest = {
      resourceMetrics: [{ ...this.#head(), scopeMetrics: [{ scope: this.#scope, metrics }] }],
    }
    const outcome = await this.#post.send(
      `${this.#path}/v1/metrics`,
      this.#encoded(request, encodeMetrics),
      this.#headers,
    )
    this.#tell(outcome.ok ? undefined : outcome.code)
  }

  #encoded<T extends object>(request: T, encode: (request: T) => Uint8Array): Uint8Array {
    return this.#options.settings.protocol === 'http/json' ? Buffer.from(JSON.stringify(request)) : encode(request)
  }

  /** False where it could not be sent in the end. */
  async #send(path: string, body: Uint8Array): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const outcome = await this.#post.send(`${this.#path}${path}`, body, this.#headers)
      this.#tell(outcome.ok ? undefined : outcome.code)
      if (outcome.ok) return true
      if (!outcome.again || tries === mostTries || this.#isClosed) return false
      const pause = outcome.afterMs ?? firstPauseMs * 2 ** (tries - 1)
      await this.#pause(Math.min(pause, longestPauseMs))
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(resolve, ms)
      this.#cancelPause = () => {
        cancel()
        resolve()
      }
    })
  }

  /** When it begins to fail, and when it works again. */
  #tell(failure: string | undefined): void {
    if ((failure !== undefined) === this.#isFailing) return
    this.#isFailing = failure !== undefined
    const { log, settings } = this.#options
    const { origin } = new URL(settings.endpoint)
    if (failure === undefined) log.info({ origin }, `Telemetry is taken again by ${origin}`)
    else log.warn({ origin, code: failure }, `Telemetry cannot be sent to ${origin}: ${failure}; requests go on`)
  }

  get #scope() {
    return { name: 'dragoman', version: this.#options.version }
  }

  #head(): { readonly resource: OtlpResource } {
    const { settings, version } = this.#options
    return {
      resource: {
        attributes: attributes({
          'service.name': settings.serviceName,
          'service.version': version,
          'telemetry.sdk.name': 'dragoman',
          'telemetry.sdk.language': 'nodejs',
          'telemetry.sdk.version': version,
        }),
      },
    }
  }
}
