import type { RelayedAnswer, RelayRequest } from '@dragoman/core'
import type { HttpClient } from './http-client.ts'
import { type EventDialect, type RelayOptions, relayEvents } from './relay-events.ts'

const last = new Set<unknown>(['response.completed', 'response.incomplete', 'response.failed'])

const responses: EventDialect = {
  endMark: /"response\.(?:completed|incomplete|failed)"/,
  isEnd: (type) => last.has(type),
}

/**
 * A request in OpenAI's dialect `openai-responses` at a service that speaks it: bytes to and fro. A stream ends after
 * `response.completed`, `response.incomplete` or `response.failed`; an event that is called `error` is thrown.
 */
export function relayResponses(http: HttpClient, request: RelayRequest, options: RelayOptions): Promise<RelayedAnswer> {
  return relayEvents(http, request, options, responses)
}
