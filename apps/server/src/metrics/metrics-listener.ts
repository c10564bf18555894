import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DragomanError, errorBody, isDragomanError } from '@dragoman/core'
import { isLoopback } from '../config/loopback.ts'
import { hostGate } from '../http/access.ts'
import type { Exposition } from './exposition.ts'

export interface MetricsListener {
  /** Of `/metrics`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * `/metrics` at an address of its own, for whoever reaches that. Where only this machine does, `Host` has to be its own
 * name: else a page in a browser here could read them by a name that leads here. Rejects where it cannot be listened on.
 */
export async function listenForMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  exposed: (accept: string | undefined) => Exposition,
): Promise<MetricsListener> {
  const checkHost = isLoopback(host) ? hostGate({ mode: 'open', host, hosts: [], corsOrigins: undefined }) : undefined
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 75_000 })
  server.maxConnections = 32
  server.on('request', (request, response) => {
    try {
      checkHost?.(request)
      answer(request, response, exposed)
    } catch (cause) {
      refuse(response, cause)
    }
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo // a TCP server that listens has one
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${shown}:${address.port}/metrics`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  exposed: (accept: string | undefined) => Exposition,
): void {
  const path = url.split('?', 1)[0]
  if (path !== '/metrics') throw new DragomanError('unknown_url', 'Nothing is served here but /metrics')
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    throw new DragomanError('method_not_allowed', 'Only GET and HEAD are possible at /metrics')
  }
  sendExposition(response, exposed(headers.accept))
}

export function sendExposition(response: ServerResponse, { contentType, text }: Exposition): void {
  response.setHeader('content-type', contentType)
  response.setHeader('cache-control', 'no-store')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.end(text)
}

function refuse(response: ServerResponse, cause: unknown): void {
  const error = isDragomanError(cause)
    ? cause
    : new DragomanError('internal', 'The metrics could not be read', { cause })
  response.writeHead(error.status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(errorBody(error)))
}
