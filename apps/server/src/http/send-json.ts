import type { Response } from 'express'

/** Express's own `json` would cost more than all the rest of a request (etag, a second pass over the body). */
export function sendJson(response: Response, value: unknown): void {
  sendJsonBytes(response, Buffer.from(JSON.stringify(value)))
}

/** JSON that is written already. */
export function sendJsonBytes(response: Response, body: Uint8Array): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
