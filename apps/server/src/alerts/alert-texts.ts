import type { NearlyUsed, SeenTarget } from '@dragoman/gateway'
import type { CredentialEvent } from '../provider-credentials.ts'
import type { Alert } from './alerts.ts'

/** What became of a credential, where a person should know of it. */
export function credentialAlerts({ provider, event, pool }: CredentialEvent): readonly Alert[] {
  if (event.type !== 'disabled' && event.type !== 'cooling') return []
  const alerts: Alert[] = []
  if (event.type === 'disabled') {
    alerts.push({
      event: 'credential-disabled',
      cause: event.id,
      text: `The credential ${event.id} of ${provider} is disabled (${event.reason}): replace it, or enable it again`,
      details: { provider, credential: event.id, reason: event.reason },
    })
  }
  const { total, cooling, disabled } = pool.stats()
  if (total > 0 && cooling + disabled >= total) {
    const text = `${provider} has no credential left that could serve: ${cooling} rest, ${disabled} are disabled`
    alerts.push({ event: 'pool-empty', cause: provider, text, details: { provider, total, cooling, disabled } })
  }
  return alerts
}

export function budgetAlert({ client, unit, period, window, used, limit }: NearlyUsed): Alert {
  const isMoney = unit === 'nanoUsd'
  const amount = (value: number) => (isMoney ? Math.round(value / 1e3) / 1e6 : value)
  const shown = (value: number) => (isMoney ? `$${amount(value)}` : `${value} tokens`)
  const percent = limit > 0 ? Math.floor((100 * used) / limit) : 100
  return {
    event: 'budget',
    cause: `${client} ${unit} ${period} ${window}`,
    text: `The key ${client} has used ${percent} % of its budget for the ${period} ${window}: ${shown(used)} of ${shown(limit)}`,
    details: {
      client,
      unit: isMoney ? 'usd' : 'tokens',
      period,
      window,
      used: amount(used),
      limit: amount(limit),
      percent,
    },
  }
}

export function lossAlert(store: string, lost: number): Alert {
  return {
    event: 'log-loss',
    cause: store,
    text: `${lost} records for the ${store} could not be written down and are lost: look at its file and the disk`,
    details: { store, lost },
  }
}

export function restAlert({ name, reason = 'failing', restMs }: SeenTarget): Alert {
  const seconds = Math.ceil(restMs / 1_000)
  return {
    event: 'deployment-resting',
    cause: name,
    text: `${name} rests for ${seconds} s (${reason}): other deployments are asked first`,
    details: { target: name, reason, seconds },
  }
}
