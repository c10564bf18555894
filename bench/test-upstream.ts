import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { Endpoint } from './client-request.ts'
import type { Dialect } from './dialect.ts'
import { MessageReader } from './http-message.ts'

const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Stands in an answer for the end of the connection. */
export const CLOSE = '\0'

/** Answers each request in turn with the next of these, and the last one again and again. */
export async function upstreamThatSends(dialect: Dialect, ...answers: readonly string[]): Promise<Endpoint> {
  let next = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}) // a client that has seen enough
    const reader = new MessageReader({
      head: () => {},
      data: () => {},
      end() {
        const [text = '', ...after] = (answers[Math.min(next++, answers.length - 1)] ?? '').split(CLOSE)
        socket.write(text)
        if (after.length > 0) socket.end()
      },
    })
    socket.on('data', (bytes) => reader.push(bytes))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, headers: {}, prefix: 'test:', dialect }
}

export function chunked(body: string, status = '200 OK', type = 'text/event-stream'): string {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n`
  return `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}
