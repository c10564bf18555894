import type { ServerResponse } from 'node:http'

/** Express's own `json` would cost more than all the rest of a request (etag, a second pass over the body). */
export function sendJson(response: ServerResponse, value: unknown): void {
  const text = JSON.stringify(value)
  send(response, text, Buffer.byteLength(text), 'utf8')
}

// From here on a copy of the bytes costs more than a second piece to write.
const largestText = 16 * 1024

/** JSON that is written already. */
export function sendJsonBytes(response: ServerResponse, bytes: Uint8Array): void {
  if (bytes.length > largestText) send(response, bytes, bytes.length)
  // As text, head and body are one piece for the socket; Latin-1 is any byte as it is.
  else
    send(response, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'), bytes.length, 'latin1')
}

function send(response: ServerResponse, body: string | Uint8Array, length: number, encoding: BufferEncoding = 'utf8') {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': length })
  if (response.req.method === 'HEAD') response.end()
  else response.end(body, encoding)
}
