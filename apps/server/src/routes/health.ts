import type { Clock } from '@dragoman/core'
import type { AdminAccess } from '../http/admin-access.ts'
import type { Handler } from '../http/handler.ts'
import { sendJson } from '../http/send-json.ts'
import type { ProviderCredentials } from '../provider-credentials.ts'
import type { RequestCounts } from '../request-counts.ts'

export interface HealthOptions {
  readonly version: string
  /** By `clock.elapsed()`. */
  readonly startedAt: number
  readonly clock: Clock
  /** Undefined: nobody learns more than the others. */
  readonly admin: AdminAccess | undefined
  readonly credentials: ReadonlyMap<string, ProviderCredentials>
  readonly requests: RequestCounts | undefined
}

/** `GET /health`: 200 while the process can serve. With the admin key also how it has served, and what it can serve with. */
export function health({ version, startedAt, clock, admin, credentials, requests }: HealthOptions): Handler {
  return (request, response) => {
    const answer = (isAdmin: boolean) => {
      if (isAdmin) response.setHeader('cache-control', 'no-store')
      sendJson(response, {
        status: 'healthy',
        timestamp: new Date(clock.now()).toISOString(),
        version,
        uptime: Math.floor((clock.elapsed() - startedAt) / 1000),
        statistics: isAdmin ? requests?.summary() : undefined,
        tokens: isAdmin ? tokenCounts(credentials) : undefined,
      })
    }
    if (admin) admin.whether(request, response, answer)
    else answer(false)
  }
}

function tokenCounts(credentials: ReadonlyMap<string, ProviderCredentials>) {
  const providers = [...credentials].map(([id, { pool }]) => {
    const { total, available, cooling, disabled, inFlight, credentials: all } = pool.stats()
    const lastSuccessAt = Math.max(...all.map((status) => status.lastSuccessAt ?? 0))
    const last_success_at = lastSuccessAt > 0 ? new Date(lastSuccessAt).toISOString() : undefined
    return { id, total, available, cooling, disabled, in_flight: inFlight, last_success_at }
  })
  const sum = (name: 'total' | 'available' | 'cooling' | 'disabled' | 'in_flight') =>
    providers.reduce((total, provider) => total + provider[name], 0)
  return {
    total: sum('total'),
    available: sum('available'),
    cooling: sum('cooling'),
    disabled: sum('disabled'),
    in_flight: sum('in_flight'),
    providers,
  }
}
