import { createHmac } from 'node:crypto'
import type { Clock } from '@dragoman/core'
import type { Logger } from 'pino'
import type { AlertEvent, AlertSettings } from '../config/observing.ts'
import { printable } from '../http/printable.ts'
import { type OutboundPost, outboundPost } from '../outbound-post.ts'

/** Something that a person should know. Holds no secret and no text of a request. */
export interface Alert {
  readonly event: AlertEvent
  /** What it is about: the same is told once an hour. */
  readonly cause: string
  /** One sentence. */
  readonly text: string
  /** The same as data. */
  readonly details: Readonly<Record<string, string | number | undefined>>
}

export interface AlertsOptions {
  readonly settings: AlertSettings
  readonly version: string
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
}

export interface AlertCounts {
  readonly sent: number
  readonly failed: number
}

const onceIn = 3_600_000
const mostRemembered = 1_000
const mostWaiting = 100
const mostTries = 4
const firstPauseMs = 1_000
const longestPauseMs = 60_000

/** Tells a webhook of what needs a person, one after the other. Returns at once; a webhook that fails is only logged. */
export class Alerts {
  readonly #options: AlertsOptions
  readonly #post: OutboundPost
  readonly #url: URL
  readonly #events: ReadonlySet<AlertEvent>
  /** When each cause was told last, by `clock.elapsed()`; the oldest first. */
  readonly #told = new Map<string, number>()
  readonly #waiting: Alert[] = []
  #sending: Promise<void> | undefined
  #endPause: (() => void) | undefined
  #isClosed = false
  #sent = 0
  #failed = 0

  constructor(options: AlertsOptions) {
    const { settings, clock } = options
    this.#options = options
    this.#url = new URL(settings.url.reveal())
    this.#events = new Set(settings.events)
    this.#post = outboundPost({ name: 'The webhook of alerts', url: this.#url, proxy: settings.proxy, clock })
  }

  get counts(): AlertCounts {
    return { sent: this.#sent, failed: this.#failed }
  }

  raise(alert: Alert): void {
    if (this.#isClosed || !this.#events.has(alert.event) || !this.#isNew(alert)) return
    if (this.#waiting.length >= mostWaiting) {
      this.#failed++
      return
    }
    this.#waiting.push(alert)
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
  }

  /** What waits is tried once more each. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#endPause?.()
    await this.#sending
    await this.#post.close()
  }

  #isNew({ event, cause }: Alert): boolean {
    const now = this.#options.clock.elapsed()
    const key = `${event} ${cause}`
    const before = this.#told.get(key)
    if (before !== undefined && now - before < onceIn) return false
    this.#told.delete(key)
    this.#told.set(key, now)
    const [oldest] = this.#told.keys()
    if (this.#told.size > mostRemembered && oldest !== undefined) this.#told.delete(oldest)
    return true
  }

  async #sendAll(): Promise<void> {
    for (let alert = this.#waiting.shift(); alert; alert = this.#waiting.shift()) await this.#send(alert)
  }

  async #send(alert: Alert): Promise<void> {
    const { clock, log, version } = this.#options
    const { event, text, details } = alert
    const at = new Date(clock.now()).toISOString()
    // `text` is what chat services show of a webhook.
    const body = Buffer.from(JSON.stringify({ event, text: printable(text), at, details: plain(details), version }))
    for (let tries = 1; ; tries++) {
      const outcome = await this.#post.send(this.#url.pathname + this.#url.search, body, this.#headers(body))
      if (outcome.ok) {
        this.#sent++
        return
      }
      if (!outcome.again || tries === mostTries || this.#isClosed) {
        this.#failed++
        // Not its path: that is the key of many such addresses.
        const where = this.#url.origin
        log.warn(
          { event, where, code: outcome.code },
          `An alert (${event}) could not be sent to ${where}: ${outcome.code}`,
        )
        return
      }
      await this.#pause(Math.min(outcome.afterMs ?? firstPauseMs * 4 ** (tries - 1), longestPauseMs))
    }
  }

  /** The time is signed with the body, so that nobody can send an old one again. */
  #headers(body: Buffer): Readonly<Record<string, string>> {
    const { settings, clock } = this.#options
    const secret = settings.secret?.reveal()
    if (!secret) return {}
    const time = String(Math.floor(clock.now() / 1_000))
    const signature = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')
    return { 'x-dragoman-timestamp': time, 'x-dragoman-signature': `sha256=${signature}` }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(resolve, ms)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }
}

function plain(details: Alert['details']): Record<string, string | number | undefined> {
  const shown = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === 'string' ? printable(value) : value,
  ])
  return Object.fromEntries(shown)
}
