// @ts-check
// The base of every ratio, what node:http can do: its server piped to its client, nothing looked at.
// `node plain.mjs PORT UPSTREAM_PORT`. No types to strip: that would count as its cold start.
import { Agent, createServer, request } from 'node:http'

const [port, upstreamPort] = process.argv.slice(2).map(Number)
const agent = new Agent({
  keepAlive: true,
  maxSockets: Number.POSITIVE_INFINITY,
  maxFreeSockets: 4096,
  scheduling: 'lifo',
})

const server = createServer({ noDelay: true, keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  const { method, url: path, headers } = incoming
  const upstream = request({ host: '127.0.0.1', port: upstreamPort, method, path, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  upstream.on('error', () => {
    if (!outgoing.headersSent) outgoing.writeHead(502)
    outgoing.end()
  })
  outgoing.on('close', () => {
    if (!outgoing.writableEnded) upstream.destroy()
  })
  incoming.pipe(upstream)
})
server.listen({ port, host: '127.0.0.1', backlog: 4096 })
