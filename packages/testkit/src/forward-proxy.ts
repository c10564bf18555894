import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import { listen } from './listen.ts'

/** An outgoing proxy on 127.0.0.1 that tunnels (`CONNECT`) and forwards (`POST http://...`). */
export interface ForwardProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or `https:`. */
  readonly origin: string
  readonly port: number
  /** `CONNECT host:port` or `POST http://...`, each with what it brought for the proxy itself. */
  readonly seen: { readonly line: string; readonly authorization: string | undefined }[]
}

export interface ForwardProxyOptions {
  /** The status with which everything is refused. */
  readonly refuse?: number
  /** Key and certificate, in PEM: then clients have to speak TLS to the proxy itself. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

export async function startForwardProxy({ refuse, tls }: ForwardProxyOptions = {}): Promise<ForwardProxy> {
  const seen: { line: string; authorization: string | undefined }[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  }
  const note = ({ method, url, headers }: IncomingMessage) =>
    seen.push({ line: `${method} ${url}`, authorization: headers['proxy-authorization'] })
  const server = tls ? createSecureServer({ ...tls }) : createServer()
  server.on('connection', keep)
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    note(message)
    if (refuse) {
      response.writeHead(refuse).end()
      return
    }
    const { 'proxy-authorization': _, ...headers } = message.headers
    const onward = forward(message.url ?? '', { method: message.method ?? 'GET', headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    message.pipe(onward)
    response.on('close', () => onward.destroy())
  })
  server.on('connect', (message: IncomingMessage, socket: Socket) => {
    note(message)
    if (refuse) {
      socket.end(`HTTP/1.1 ${refuse} No\r\n\r\n`)
      return
    }
    const [host, port] = (message.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    keep(onward)
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  const port = await listen(server)
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    seen,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
