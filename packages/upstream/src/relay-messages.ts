import type { RelayedAnswer, RelayRequest } from '@dragoman/core'
import { messagesEvents } from './dialect-events.ts'
import type { HttpClient } from './http-client.ts'
import { type EventDialect, type RelayOptions, relayEvents } from './relay-events.ts'

const messages: EventDialect = { ...messagesEvents, endMark: /"message_stop"/, errorNames: ['error'] }

/**
 * A request in Anthropic's dialect, `anthropic-messages`, at a service that speaks it: bytes to and fro. A stream ends
 * after `message_stop`; an event that is called `error` is thrown. `anthropic-version` and `anthropic-beta` are the
 * client's, unless `headers` have them; without either the version is 2023-06-01.
 */
export function relayMessages(
  http: HttpClient,
  request: RelayRequest,
  { headers, ...options }: RelayOptions,
): Promise<RelayedAnswer> {
  const { 'anthropic-version': version = '2023-06-01', 'anthropic-beta': beta } = request.headers ?? {}
  const own = { 'anthropic-version': version, ...(beta !== undefined && { 'anthropic-beta': beta }), ...headers }
  return relayEvents(http, request, { ...options, headers: own }, messages)
}
