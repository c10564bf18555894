import { isDeepStrictEqual } from 'node:util'
import { type Clock, type LogEntry, Secret } from '@dragoman/core'
import type { Gateway, NearlyUsed } from '@dragoman/gateway'
import type { Logger } from 'pino'
import type { Alerts } from './alerts/alerts.ts'
import type { AlertSettings, OtlpSettings } from './config/observing.ts'
import type { Settings } from './config/settings.ts'
import { Losses } from './losses.ts'
import { counted, type Family } from './metrics/registry.ts'
import { type Looked, ServerMetrics } from './metrics/server-metrics.ts'
import type { CredentialEvent } from './provider-credentials.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

type AlertTexts = typeof import('./alerts/alert-texts.ts')

export interface ObserversOptions {
  readonly version: string
  readonly clock: Clock
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** What serves now; undefined before anything does. */
  readonly look: () => Looked | undefined
}

/**
 * Those who are told what the server does: the metrics, a collector of traces, a webhook. They belong to the server and
 * outlive its configurations. What is not asked for is not loaded.
 */
export class Observers {
  readonly losses = new Losses((store, lost) => this.#raise(({ lossAlert }) => [lossAlert(store, lost)]))
  readonly metrics: ServerMetrics
  readonly #options: ObserversOptions
  #telemetry: { readonly settings: OtlpSettings; readonly named: object; readonly sender: Telemetry } | undefined
  #alerts: { readonly settings: AlertSettings; readonly texts: AlertTexts; readonly sender: Alerts } | undefined
  #turn: Promise<void> = Promise.resolve()

  constructor(options: ObserversOptions) {
    const { version, look } = options
    this.#options = options
    this.metrics = new ServerMetrics({ version, losses: this.losses, look, more: () => this.#families() })
  }

  /** What is to be told to whom from now on. Resolves when it is. */
  use(settings: Settings): Promise<void> {
    const { models, providers, telemetry, alerts } = settings
    this.metrics.configure(
      models,
      providers.map(({ id }) => id),
    )
    this.#turn = this.#turn
      .catch(() => {})
      .then(async () => {
        await this.#useTelemetry(telemetry?.otlp, settings)
        await this.#useAlerts(alerts)
      })
    return this.#turn
  }

  /** Where a request says that it is part of a trace. */
  get began(): Telemetry | undefined {
    return this.#telemetry?.sender
  }

  /** A request is over. */
  record(entry: LogEntry, gateway: Pick<Gateway, 'targets'> | undefined): void {
    this.metrics.add(entry)
    this.#telemetry?.sender.record(entry)
    if (this.#alerts && gateway) this.#tellRests(entry, gateway)
  }

  readonly credential = (event: CredentialEvent): void => {
    this.#raise(({ credentialAlerts }) => credentialAlerts(event))
  }

  readonly nearlyUsed = (budget: NearlyUsed): void => {
    this.#raise(({ budgetAlert }) => [budgetAlert(budget)])
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => {}) // whoever asked for it has been told
    await Promise.all([this.#telemetry?.sender.close(), this.#alerts?.sender.close()])
    this.metrics.stop()
  }

  #raise(alerts: (texts: AlertTexts) => ReturnType<AlertTexts['credentialAlerts']>): void {
    if (!this.#alerts) return
    const { texts, sender } = this.#alerts
    for (const alert of alerts(texts)) sender.raise(alert)
  }

  /** A target begins to rest with a call that fails, and every such call is in a record. */
  #tellRests({ attempts }: LogEntry, gateway: Pick<Gateway, 'targets'>): void {
    for (const { provider, model, error } of attempts) {
      if (!error || error.code === 'aborted') continue
      for (const target of gateway.targets(`${provider}/${model}`)) {
        if (target.state === 'resting') this.#raise(({ restAlert }) => [restAlert(target)])
      }
    }
  }

  async #useTelemetry(settings: OtlpSettings | undefined, { providers }: Settings): Promise<void> {
    const before = this.#telemetry
    const named = providers.map(({ id, type, options: { preset } }) => ({ id, type, preset }))
    const isAsBefore = isSame(before?.settings, settings) && isSame(before?.named, settings && named)
    if (isAsBefore) return
    this.#telemetry = settings && { settings, named, sender: await this.#makeTelemetry(settings, providers) }
    void before?.sender.close()
  }

  async #makeTelemetry(settings: OtlpSettings, providers: Settings['providers']): Promise<Telemetry> {
    const [{ Telemetry }, { providerNames }] = await Promise.all([
      import('./telemetry/telemetry.ts'),
      import('./telemetry/provider-names.ts'),
    ])
    const { version, clock, log } = this.#options
    const families = () => this.metrics.families
    return new Telemetry({ settings, version, clock, log, providerNames: providerNames(providers), families })
  }

  async #useAlerts(settings: AlertSettings | undefined): Promise<void> {
    const before = this.#alerts
    if (isSame(before?.settings, settings)) return
    if (settings) {
      const [{ Alerts }, texts] = await Promise.all([import('./alerts/alerts.ts'), import('./alerts/alert-texts.ts')])
      const { version, clock, log } = this.#options
      this.#alerts = { settings, texts, sender: new Alerts({ settings, version, clock, log }) }
    } else this.#alerts = undefined
    void before?.sender.close()
  }

  #families(): readonly Family[] {
    const telemetry = this.#telemetry?.sender.counts
    const alerts = this.#alerts?.sender.counts
    return [
      ...(telemetry
        ? [
            counted(
              'dragoman_telemetry_requests_total',
              'Requests whose spans were sent, or dropped.',
              ['outcome'],
              [
                ['sent', telemetry.sent],
                ['dropped', telemetry.dropped],
              ],
            ),
          ]
        : []),
      ...(alerts
        ? [
            counted(
              'dragoman_alerts_total',
              'Alerts that were sent, or could not be.',
              ['outcome'],
              [
                ['sent', alerts.sent],
                ['failed', alerts.failed],
              ],
            ),
          ]
        : []),
    ]
  }
}

function isSame(one: object | undefined, other: object | undefined): boolean {
  return isDeepStrictEqual(revealed(one), revealed(other))
}

/** Secrets do not show what is in them, and so would all be equal. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, revealed(inner)]))
}
