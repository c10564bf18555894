import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { exchangeOf } from './exchange.ts'

/** Of the allowed connections; from here on those that do nothing make room for those that would. */
const crowded = 0.9

/** From here on even those that have only just come do. */
const nearlyFull = 0.95

export interface IdleConnections {
  /** A request has come, and its exchange is open. */
  busy(request: IncomingMessage, response: ServerResponse): void
  /** Closes them all, also those that never asked anything: Node's own `closeIdleConnections` leaves these open. */
  close(): void
}

/**
 * Closes the connections that have been idle longest while more than 90 % of `maxConnections` are open, so that
 * thousands of clients that hold theirs without asking anything do not lock out the ones that ask. A request whose
 * headers are not complete yet counts as idle. None is closed within `graceMs`, because it may be about to ask, unless
 * 95 % are open: the system would turn away the next one, and with it whoever looks at /health.
 */
export function closeIdleWhenCrowded(server: Server, maxConnections: number, graceMs = 1_000): IdleConnections {
  const connections = new WeakMap<Socket, Connection>()
  /** Oldest first. */
  const idle = new Set<Connection>()
  let open = 0

  server.on('connection', (socket) => {
    open++
    const connection: Connection = { socket, requests: 0, idleSince: performance.now() }
    connections.set(socket, connection)
    idle.add(connection)
    socket.on('close', () => {
      open--
      idle.delete(connection)
    })
    makeRoom()
  })

  const makeRoom = () => {
    let surplus = open - Math.floor(maxConnections * crowded)
    let excess = open - Math.floor(maxConnections * nearlyFull)
    if (surplus <= 0) return
    for (const { socket, idleSince } of idle) {
      if (surplus-- <= 0 || (excess-- <= 0 && performance.now() - idleSince < graceMs)) return
      socket.destroy()
    }
  }

  return {
    busy({ socket }, response) {
      const connection = connections.get(socket)
      if (!connection) return
      connection.requests++
      idle.delete(connection)
      exchangeOf(response).atEnd(() => {
        if (--connection.requests > 0 || socket.destroyed) return
        connection.idleSince = performance.now()
        idle.add(connection)
      })
    },
    close() {
      for (const { socket } of idle) socket.destroy()
    },
  }
}

interface Connection {
  readonly socket: Socket
  /** Those that are being answered: a client may send several at once. */
  requests: number
  /** By `performance.now()`. */
  idleSince: number
}
