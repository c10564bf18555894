import type { RelayedAnswer, RelayRequest } from '@dragoman/core'
import { responsesEvents } from './dialect-events.ts'
import type { HttpClient } from './http-client.ts'
import { type EventDialect, type RelayOptions, relayEvents } from './relay-events.ts'

const responses: EventDialect = {
  ...responsesEvents,
  endMark: /"response\.(?:completed|incomplete|failed)"/,
  errorNames: ['error', 'response.failed'],
}

/**
 * A request in OpenAI's dialect `openai-responses` at a service that speaks it: bytes to and fro. A stream ends after
 * `response.completed` or `response.incomplete`; `response.failed` and an event that is called `error` are thrown.
 */
export function relayResponses(http: HttpClient, request: RelayRequest, options: RelayOptions): Promise<RelayedAnswer> {
  return relayEvents(http, request, options, responses)
}
