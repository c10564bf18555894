import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Exchange, ExchangeRecord } from './exchange.ts'
import { listen } from './listen.ts'
import { playReply } from './play-reply.ts'
import type { ScriptedReply } from './reply.ts'

/** An HTTP server on 127.0.0.1 that answers as it was told and keeps what it received. */
export interface FakeUpstream extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly origin: string
  readonly port: number
  /** Queues replies, one per request, in the order in which heads of requests arrive. */
  script(...replies: readonly ScriptedReply[]): FakeUpstream
  /** What every request gets once the queue is empty. Without it such a request gets a 501. */
  always(reply: ScriptedReply): FakeUpstream
  /** What every request for this path gets, whatever its query; the queue is for the others. */
  on(path: string, reply: ScriptedReply): FakeUpstream
  /** Every request, from the moment its head arrived. */
  readonly requests: readonly Exchange[]
  /** The nth request (from 1), once its body has arrived too. */
  received(n: number): Promise<Exchange>
  /** Connections accepted so far, and those open now. */
  readonly connections: { readonly accepted: number; readonly open: number }
  /** Resolves when no connection is open: at once, or when the last one closes. */
  idle(): Promise<void>
  /** Tears every connection down and stops listening. */
  close(): Promise<void>
}

export async function startFakeUpstream(): Promise<FakeUpstream> {
  const queue: ScriptedReply[] = []
  const byPath = new Map<string, ScriptedReply>()
  let otherwise: ScriptedReply = (request) => ({
    status: 501,
    headers: { 'content-type': 'text/plain' },
    body: `The fake upstream has no reply for ${request.method} ${request.path}`,
  })
  const requests: ExchangeRecord[] = []
  const sockets = new Map<Socket, { index: number; requests: number }>()
  let accepted = 0
  const waiting = new Set<() => void>()
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isSo()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  const changed = () => {
    for (const check of [...waiting]) check()
  }

  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: 1 << 20 })
  server.headersTimeout = 0
  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { index: accepted++, requests: 0 })
    socket.on('error', () => {}) // a client that resets is no fault of the test; `closed` tells
    socket.on('close', () => {
      sockets.delete(socket)
      changed()
    })
  })
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const connection = sockets.get(message.socket) ?? { index: -1, requests: 0 }
    const exchange = new ExchangeRecord(message, { index: connection.index, reused: connection.requests++ > 0 })
    requests.push(exchange)
    const pathname = exchange.path.split('?', 1)[0] ?? exchange.path
    const scripted = byPath.get(pathname) ?? queue.shift() ?? otherwise
    message.on('data', (chunk: Uint8Array) => exchange.take(chunk))
    message.on('end', exchange.whole)
    changed()
    void playReply(exchange, scripted, response)
  })
  const port = await listen(server)

  const upstream: FakeUpstream = {
    origin: `http://127.0.0.1:${port}`,
    port,
    script(...replies) {
      queue.push(...replies)
      return upstream
    },
    always(reply) {
      otherwise = reply
      return upstream
    },
    on(path, reply) {
      byPath.set(path, reply)
      return upstream
    },
    requests,
    async received(n) {
      await until(() => requests.length >= n)
      const exchange = requests[n - 1]
      if (!exchange) throw new RangeError(`Requests are counted from 1, not from ${n}`)
      await exchange.arrived
      return exchange
    },
    get connections() {
      return { accepted, open: sockets.size }
    },
    idle: () => until(() => sockets.size === 0),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets.keys()) socket.destroy()
      await closed
    },
    [Symbol.asyncDispose]: () => upstream.close(),
  }
  return upstream
}
