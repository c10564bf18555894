import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Of the allowed connections; from here on those that do nothing make room for those that would. */
const crowded = 0.9

export interface IdleConnections {
  /** Closes them all, also those that never asked anything: Node's own `closeIdleConnections` leaves these open. */
  close(): void
}

/**
 * Closes the connections that have been idle longest while more than 90 % of `maxConnections` are open, so that
 * thousands of clients that hold theirs without asking anything do not lock out the ones that ask. A request whose
 * headers are not complete yet counts as idle, but none is closed within `graceMs`: it may be about to ask.
 */
export function closeIdleWhenCrowded(server: Server, maxConnections: number, graceMs = 1_000): IdleConnections {
  /** Since when, oldest first. */
  const idle = new Map<Socket, number>()
  const requests = new WeakMap<Socket, number>()
  let open = 0

  server.on('connection', (socket) => {
    open++
    idle.set(socket, performance.now())
    socket.once('close', () => {
      open--
      idle.delete(socket)
    })
    let surplus = open - Math.floor(maxConnections * crowded)
    for (const [oldest, since] of idle) {
      if (surplus-- <= 0 || performance.now() - since < graceMs) break
      oldest.destroy()
    }
  })

  server.on('request', ({ socket }, response) => {
    requests.set(socket, (requests.get(socket) ?? 0) + 1)
    idle.delete(socket)
    response.once('close', () => {
      const left = (requests.get(socket) ?? 1) - 1
      requests.set(socket, left)
      if (left === 0 && !socket.destroyed) idle.set(socket, performance.now())
    })
  })
  return {
    close() {
      for (const socket of idle.keys()) socket.destroy()
    },
  }
}
