import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * A route or a middleware. Express calls it with Node's own objects (app.ts), so what Express puts on its own, such as
 * `response.json`, is not there to be called by mistake.
 */
export type Handler<Params = unknown> = (
  request: IncomingMessage & { params: Params },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown
