import type { LogEntry } from '@dragoman/core'
import type { Gateway } from '@dragoman/gateway'
import type { Losses } from '../losses.ts'
import type { ProviderCredentials } from '../provider-credentials.ts'
import { type Exposition, exposed } from './exposition.ts'
import type { NamedGroup } from './model-labels.ts'
import { ProcessMetrics } from './process-metrics.ts'
import { counted, type Family, gauge } from './registry.ts'
import { RequestMetrics } from './request-metrics.ts'

/** What a server is doing at this moment. */
export interface Load {
  /** Requests that are being answered, streams among them. */
  readonly requests: number
  readonly streams: number
}

/** What is looked at when somebody asks for the metrics. */
export interface Looked {
  readonly load: Load
  /** Configurations before the one that serves, which still have requests. */
  readonly leaving: number
  /** By provider id. */
  readonly credentials: ReadonlyMap<string, ProviderCredentials>
  readonly gateway: Pick<Gateway, 'targets'>
}

export interface ServerMetricsOptions {
  readonly version: string
  readonly losses: Losses
  /** Undefined: there is nothing to look at yet. */
  readonly look: () => Looked | undefined
  /** What further parts of the server count. */
  readonly more?: (() => readonly Family[]) | undefined
}

/** All that `/metrics` tells. It is of the server: another configuration goes on counting where the last one was. */
export class ServerMetrics {
  readonly #requests = new RequestMetrics()
  readonly #process = new ProcessMetrics()
  /** Of every answer, by status. */
  readonly #answers = new Float64Array(600)
  readonly #options: ServerMetricsOptions

  constructor(options: ServerMetricsOptions) {
    this.#options = options
  }

  configure(groups: readonly NamedGroup[], providers: readonly string[]): void {
    this.#requests.configure(groups, providers)
  }

  /** A request that the gateway has recorded. */
  add(entry: LogEntry): void {
    this.#requests.add(entry)
  }

  /** An answer of any kind is over. */
  answered(status: number): void {
    if (status < this.#answers.length) this.#answers[status] = (this.#answers[status] as number) + 1
  }

  /** @param accept the header of that name */
  exposed(accept: string | undefined): Exposition {
    return exposed([...this.families, ...this.#process.families], accept)
  }

  /** All but what is said of the process. */
  get families(): readonly Family[] {
    const { version, losses, more } = this.#options
    return [
      gauge(
        'dragoman_build_info',
        'Version of the server and of Node.',
        ['version', 'node'],
        [[version, process.version, 1]],
      ),
      ...this.#requests.families,
      counted(
        'dragoman_http_responses_total',
        'Answers of every kind by status; 499 is a client that left.',
        ['status'],
        [...this.#statuses()],
      ),
      ...this.#looked(),
      counted(
        'dragoman_lost_records_total',
        'What could not be written down, by store.',
        ['store'],
        [...losses.counts],
      ),
      ...(more?.() ?? []),
    ]
  }

  stop(): void {
    this.#process.stop()
  }

  *#statuses(): Iterable<readonly [string, number]> {
    for (const [status, count] of this.#answers.entries()) if (count > 0) yield [String(status), count]
  }

  #looked(): readonly Family[] {
    const looked = this.#options.look()
    if (!looked) return []
    const { load, leaving, credentials, gateway } = looked
    const pools = [...credentials].map(([id, { pool }]) => ({ id, stats: pool.stats() }))
    const states = pools.flatMap(({ id, stats: { total, cooling, disabled } }) => [
      [id, 'ready', total - cooling - disabled] as const,
      [id, 'cooling', cooling] as const,
      [id, 'disabled', disabled] as const,
    ])
    return [
      gauge('dragoman_requests_in_flight', 'Requests that are being answered.', [], [[load.requests]]),
      gauge('dragoman_streams_open', 'Answers that are being streamed.', [], [[load.streams]]),
      gauge(
        'dragoman_configurations_leaving',
        'Configurations before this one that still have requests.',
        [],
        [[leaving]],
      ),
      gauge('dragoman_credentials', 'Credentials by provider and state.', ['provider', 'state'], states),
      gauge(
        'dragoman_credentials_available',
        'Credentials that could serve a request now.',
        ['provider'],
        [...pools.map(({ id, stats }) => [id, stats.available] as const)],
      ),
      gauge(
        'dragoman_leases_in_flight',
        'Calls under way by provider.',
        ['provider'],
        [...pools.map(({ id, stats }) => [id, stats.inFlight] as const)],
      ),
      gauge(
        'dragoman_leases_waiting',
        'Requests that wait for a credential.',
        ['provider'],
        [...pools.map(({ id, stats }) => [id, stats.waiting] as const)],
      ),
      gauge(
        'dragoman_targets',
        'Targets that were called lately, by provider and state.',
        ['provider', 'state'],
        [...targetStates(gateway)],
      ),
    ]
  }
}

function targetStates(gateway: Looked['gateway']): readonly (readonly [string, string, number])[] {
  const counts = new Map<string, Map<string, number>>()
  for (const { name, state } of gateway.targets()) {
    const provider = name.slice(0, name.indexOf('/'))
    const states = counts.get(provider) ?? new Map([['resting', 0]])
    states.set(state, (states.get(state) ?? 0) + 1)
    counts.set(provider, states)
  }
  return [...counts].flatMap(([provider, states]) =>
    [...states].map(([state, count]) => [provider, state, count] as const),
  )
}
