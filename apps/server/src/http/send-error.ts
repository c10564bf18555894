import { DragomanError, errorBody, errorHeaders, isDragomanError, toDragomanError } from '@dragoman/core'
import type { ErrorRequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import { exchangeOf } from './exchange.ts'

/** The last handler: every error becomes an answer in the client's dialect, or ends the connection when one is under way. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return (cause, _request, response, _next) => {
    const error = fromExpress(cause)
    if (error.code === 'internal') log.error({ id: exchangeOf(response).id, err: error.cause ?? error }, error.message)
    response.locals.error = error
    if (error.scope === 'aborted' || response.headersSent) response.destroy()
    else sendError(response, error)
  }
}

export function sendError(response: Response, error: DragomanError): void {
  const body = Buffer.from(JSON.stringify(errorBody(error)))
  response.writeHead(error.status, {
    ...errorHeaders(error),
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** Express reports what it finds wrong itself, such as a path that cannot be decoded, by a status. */
function fromExpress(cause: unknown): DragomanError {
  if (isDragomanError(cause)) return cause
  const status = typeof cause === 'object' && cause !== null && 'status' in cause ? cause.status : undefined
  if (status === 400) return new DragomanError('invalid_request', 'The path cannot be decoded', { cause })
  return toDragomanError(cause)
}
