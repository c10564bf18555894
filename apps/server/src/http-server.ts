import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { DragomanError, errorBody } from '@dragoman/core'
import type { App } from './app.ts'
import { newRequestId } from './http/exchange.ts'
import { closeIdleWhenCrowded, type IdleConnections } from './http/idle-connections.ts'
import { OneHeadResponse } from './http/one-head-response.ts'

export interface HttpServer {
  readonly url: string
  readonly port: number
  /** Takes nothing new, lets open requests finish for `graceMs`, then ends them. */
  stop(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly maxConnections: number
  /** Asked when it stops. */
  readonly graceMs: number | (() => number)
  /** How long a connection that has only just come, or become idle, is left alone when there are many. Default 1 s. */
  readonly idleGraceMs?: number | undefined
  /** From the first byte of a request, or from the connection, to the end of its headers. Default 80 s. */
  readonly headersMs?: number | undefined
}

export async function listen(app: Pick<App, 'handle' | 'endRequests'>, options: ListenOptions): Promise<HttpServer> {
  const { host, port, graceMs, headersMs = 80_000 } = options
  const server = createServer(
    // A model may think for many minutes before its head, and a proxy in front keeps its sockets for about one.
    // Whether there is a Host, and whether it may be, is looked at where the answer can be JSON.
    {
      requestTimeout: 900_000,
      keepAliveTimeout: 75_000,
      headersTimeout: headersMs,
      // How often those limits are looked at. Node's own half a minute would let a slow client have that much more.
      connectionsCheckingInterval: Math.min(10_000, Math.ceil(headersMs / 2)),
      noDelay: true,
      requireHostHeader: false,
      ServerResponse: OneHeadResponse,
    },
  )
  server.maxConnections = options.maxConnections
  const idle = closeIdleWhenCrowded(server, options.maxConnections, options.idleGraceMs)
  const handle: RequestListener = (request, response) => {
    app.handle(request, response)
    idle.busy(request, response)
  }
  server.on('request', handle)
  // An expectation that we do not know is no reason not to answer.
  server.on('checkExpectation', handle)
  server.on('clientError', refuse)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo // a TCP server that listens has one
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    stop: () => stop(server, idle, app, typeof graceMs === 'function' ? graceMs() : graceMs),
  }
}

const refusals: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long'],
}

/** What is not HTTP never becomes a request: the answer is written to the socket, and the connection ends. */
function refuse(cause: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || cause.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, message] = refusals[cause.code ?? ''] ?? ['400 Bad Request', 'This is not HTTP/1.1']
  const body = JSON.stringify(errorBody(new DragomanError('invalid_request', message)))
  const head = [
    `HTTP/1.1 ${status}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${newRequestId()}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** After the grace, streams get a moment more to say that they were cut short. */
const farewellMs = 500

async function stop(
  server: Server,
  idle: IdleConnections,
  app: Pick<App, 'endRequests'>,
  graceMs: number,
): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // Clients keep their connections after the last answer; those that become idle meanwhile end too.
  const sweep = setInterval(() => idle.close(), 50)
  const timers = [
    setTimeout(() => app.endRequests(new DragomanError('overloaded', 'The gateway is shutting down')), graceMs),
    setTimeout(() => server.closeAllConnections(), graceMs + farewellMs),
  ]
  await closed
  clearInterval(sweep)
  for (const timer of timers) clearTimeout(timer)
}
