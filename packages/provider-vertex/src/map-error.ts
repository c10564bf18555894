import { type Clock, DragomanError, isRecord, systemClock } from '@dragoman/core'
import { type MapError, mapErrorResponse } from '@dragoman/upstream'

export const name = 'Vertex AI'

/** Reads the statuses of Google that say more than the status of HTTP. The others are left to the default. */
export function mapGoogleError(clock: Pick<Clock, 'now'> = systemClock): MapError {
  return (response) => {
    const code = codes[statusIn(response.json)]
    if (code === undefined) return undefined
    const { message, scope, retryAfterMs } = mapErrorResponse(response, { provider: name, now: clock.now() })
    // A fault of the request is told without the name of the service.
    const told = scope === 'request' ? `${name} answered: ${message}` : message
    return new DragomanError(code, told, { origin: 'upstream', retryAfterMs })
  }
}

const codes: Readonly<Record<string, 'deployment_not_found' | 'rate_limited'>> = {
  // With 400: the model is not enabled for the project, or not offered in this place.
  FAILED_PRECONDITION: 'deployment_not_found',
  // A quota per minute, or capacity that all share; some of its texts read as if money were missing.
  RESOURCE_EXHAUSTED: 'rate_limited',
}

/** The OpenAI endpoint puts its errors into an array of one. */
export function unwrapped(json: unknown): unknown {
  return Array.isArray(json) ? json[0] : json
}

function statusIn(json: unknown): string {
  const outer = unwrapped(json)
  const error = isRecord(outer) ? outer.error : undefined
  return isRecord(error) && typeof error.status === 'string' ? error.status : ''
}
