import { type Clock, type LogEntry, type Provider, Secret } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import type { ProviderEntry } from './deployments.ts'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'

/** A gateway in which each provider serves the group that has its id, by the upstream's model `models[id]`. */
export function gatewayOf(
  providers: readonly Provider[],
  models: Readonly<Record<string, string>> = {},
  limits?: GatewayOptions['limits'],
  clock: Clock = handClock(),
): { gateway: Gateway; records: LogEntry[] } {
  const records: LogEntry[] = []
  const entries = providers.map((provider): ProviderEntry => {
    const credential = { id: `${provider.id}-key`, values: { apiKey: new Secret('sk-of-this-test') } }
    return { id: provider.id, provider, credentials: staticCredentials([credential]) }
  })
  const gateway = createGateway({
    providers: entries,
    models: entries.map((entry) => ({ name: entry.id, deployments: [{ entry, model: models[entry.id] ?? 'up-1' }] })),
    limits,
    clock,
    record: (entry) => records.push(entry),
  })
  return { gateway, records }
}

export const noSignal: AbortSignal = new AbortController().signal
