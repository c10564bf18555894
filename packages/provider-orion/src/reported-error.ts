import { type Clock, DragomanError, isRecord } from '@dragoman/core'
import { type MapError, mapErrorResponse } from '@dragoman/upstream'

/** What messages call the service. */
export const serviceName = 'Orion'

/**
 * Reads errors as they come from services of its kind: `{ statusCode, message, error }`, the message also as a list.
 * The form of Orion's own is not known. Any other form is read as by default.
 */
export function errorMapper(clock: Clock): MapError {
  return (response) => {
    const json = plain(response.json)
    const error = mapErrorResponse({ ...response, json }, { provider: serviceName, now: clock.now() })
    if (error.code === 'upstream_challenge') {
      const message =
        'Orion asks for a captcha or a browser check, which is left to a person: sign in with your own browser and supply the token of that session'
      return new DragomanError('upstream_challenge', message, { origin: 'upstream' })
    }
    return json === response.json ? undefined : error
  }
}

/** Whether JSON that came with a status of success reports an error. */
export function reportsError(json: unknown): boolean {
  if (!isRecord(json)) return false
  const { error, statusCode } = json
  if (typeof statusCode === 'number' && statusCode >= 400) return true
  return error !== undefined && error !== null && error !== false && error !== ''
}

/** In the form that `mapErrorResponse` reads. */
function plain(json: unknown): unknown {
  if (!isRecord(json)) return json
  const { statusCode, message, ...rest } = json
  if (typeof statusCode !== 'number' && !Array.isArray(message)) return json
  const text = Array.isArray(message) ? message.filter((line) => typeof line === 'string').join('; ') : message
  return { ...rest, message: text, ...(typeof statusCode === 'number' && { status: statusCode }) }
}
