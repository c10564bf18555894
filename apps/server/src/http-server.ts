import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DragomanError } from '@dragoman/core'
import type { App } from './app.ts'
import { closeIdleWhenCrowded } from './http/idle-connections.ts'

export interface HttpServer {
  readonly url: string
  readonly port: number
  /** Takes nothing new, lets open requests finish for `graceMs`, then ends them. */
  stop(): Promise<void>
}

export async function listen(
  app: App,
  options: { host: string; port: number; maxConnections: number; graceMs: number },
): Promise<HttpServer> {
  const { host, port, graceMs } = options
  const server = createServer(
    // A model may think for many minutes before its head, and a proxy in front keeps its sockets for about one.
    { requestTimeout: 900_000, keepAliveTimeout: 75_000, headersTimeout: 80_000, noDelay: true },
    app.handle,
  )
  server.maxConnections = options.maxConnections
  closeIdleWhenCrowded(server, options.maxConnections)
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo // a TCP server that listens has one
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { url: `http://${shown}:${address.port}`, port: address.port, stop: () => stop(server, app, graceMs) }
}

/** After the grace, streams get a moment more to say that they were cut short. */
const farewellMs = 500

async function stop(server: Server, app: App, graceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // Clients keep their connections after the last answer; those that become idle meanwhile end too.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const timers = [
    setTimeout(() => app.endRequests(new DragomanError('overloaded', 'The gateway is shutting down')), graceMs),
    setTimeout(() => server.closeAllConnections(), graceMs + farewellMs),
  ]
  await closed
  clearInterval(sweep)
  for (const timer of timers) clearTimeout(timer)
}
