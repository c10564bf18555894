import type { ServerResponse } from 'node:http'
import { DragomanError, errorBody, errorHeaders, isDragomanError, toDragomanError } from '@dragoman/core'
import { messagesClient } from '@dragoman/dialects/anthropic-messages'
import type { Logger } from 'pino'
import { exchangeOf, speaksMessages } from './exchange.ts'
import { tellRates } from './limit-headers.ts'
import { tellAttempts } from './trail.ts'

/** Every error becomes an answer in the client's dialect, or ends the connection when one is under way. */
export function errorAnswer(log: Logger): (cause: unknown, response: ServerResponse) => void {
  return (cause, response) => {
    const error = fromRouter(cause)
    const exchange = exchangeOf(response)
    if (error.code === 'internal') log.error({ id: exchange.id, err: error.cause ?? error }, error.message)
    exchange.error = error
    if (error.scope === 'aborted' || response.headersSent) response.destroy()
    else sendError(response, error)
  }
}

export function sendError(response: ServerResponse, error: DragomanError): void {
  const body = JSON.stringify(bodyFor(response, error))
  tellRates(response)
  tellAttempts(response)
  response.writeHead(error.status, {
    ...errorHeaders(error),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** In the words of whoever asked. */
function bodyFor(response: ServerResponse, error: DragomanError): object {
  const { id } = exchangeOf(response)
  return speaksMessages(response.req) ? messagesClient.errorBody(error, id) : errorBody(error)
}

/** The router reports what it finds wrong itself, such as a path that cannot be decoded, by a status. */
function fromRouter(cause: unknown): DragomanError {
  if (isDragomanError(cause)) return cause
  const status = typeof cause === 'object' && cause !== null && 'status' in cause ? cause.status : undefined
  if (status === 400) return new DragomanError('invalid_request', 'The path cannot be decoded', { cause })
  return toDragomanError(cause)
}
