import type { ServerResponse } from 'node:http'
import type { AttemptEntry } from '@dragoman/core'
import type { RouteInfo } from '@dragoman/gateway'
import { exchangeOf, header, headerValue } from './exchange.ts'

/** Clients take no head that is longer than some kilobytes. */
const longestTrail = 2_048

/** For `, and 1000 more`. */
const room = 20

/**
 * The calls for one request in a line that is safe in a header and in a log: target, masked name of the credential, how
 * it ended and how long it took, then what was peculiar to it.
 */
export function trailOf(attempts: readonly AttemptEntry[], serving?: Pick<RouteInfo, 'provider' | 'model'>): string {
  let trail = ''
  const steps = attempts.length + (serving ? 1 : 0)
  for (let i = 0; i < steps; i++) {
    const attempt = attempts[i]
    const step = attempt ? stepOf(attempt) : serving ? `${targetOf(serving)} - serving` : ''
    if (trail.length + step.length > longestTrail - room) return `${trail}, and ${steps - i} more`
    trail += i === 0 ? step : `, ${step}`
  }
  return trail
}

function stepOf(attempt: AttemptEntry): string {
  const { credential, error, durationMs, fallback, hedge, continues } = attempt
  let step = `${targetOf(attempt)} ${word(credential ?? '-')} ${error?.code ?? 'ok'} ${durationMs}ms`
  if (fallback !== undefined) step += ` fallback=${word(fallback)}`
  if (hedge) step += ' hedge'
  if (continues) step += ' continues'
  return step
}

function targetOf({ provider, model }: Pick<AttemptEntry, 'provider' | 'model'>): string {
  return word(`${provider}/${model}`)
}

/** Names may hold anything, also what stands between two steps. */
function word(name: string): string {
  return headerValue(name).replaceAll(',', '%2C')
}

const yes: readonly (string | undefined)[] = ['on', '1', 'true']

/** The calls that are known by now, to a client that asks for them. @param route of the answer, where there is one */
export function tellAttempts(response: ServerResponse, route?: RouteInfo): void {
  const asked = header(response.req.headers, 'x-gateway-attempts')
  if (asked === undefined || !yes.includes(asked)) return
  const { attempts } = exchangeOf(response)
  const last = attempts.at(-1)
  const isServed = !route || route.answeredBy !== undefined || (last !== undefined && last.error === undefined)
  const trail = trailOf(attempts, isServed ? undefined : route)
  if (trail) response.setHeader('x-gateway-attempts', trail)
}
