// @ts-check
// A yardstick below the base: node:http in, undici's `Pool.dispatch` out, bytes moved by hand.
// `node undici.mjs PORT UPSTREAM_PORT`
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

// The very undici that the server uses; bench/ is no package and has no dependencies.
const { Pool } = createRequire(new URL('../../packages/upstream/package.json', import.meta.url))('undici')

const [port, upstreamPort] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: null, keepAliveTimeout: 60_000 })
const HOP_BY_HOP = new Set(['connection', 'transfer-encoding', 'keep-alive'])

const server = createServer({ noDelay: true, keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
  /** @type {Buffer[]} */
  const parts = []
  incoming.on('data', (bytes) => parts.push(bytes))
  incoming.on('end', () => {
    const { method, url: path, headers } = incoming
    const sent = { 'content-type': 'application/json', authorization: headers.authorization ?? '' }
    pool.dispatch({ method, path, headers: sent, body: Buffer.concat(parts) }, relay(outgoing))
  })
})
server.listen({ port, host: '127.0.0.1', backlog: 4096 })

/** @param {import('node:http').ServerResponse} outgoing */
function relay(outgoing) {
  return {
    /** @param {{ abort(reason: Error): void }} controller */
    onRequestStart(controller) {
      const gone = () => controller.abort(new Error('the client has gone'))
      // It may have left while the request waited for a connection.
      if (outgoing.destroyed) gone()
      else outgoing.on('close', () => !outgoing.writableEnded && gone())
    },
    /** @param {unknown} _controller @param {number} status @param {Record<string, string>} headers */
    onResponseStart(_controller, status, headers) {
      const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name))
      outgoing.writeHead(status, Object.fromEntries(kept))
    },
    /** @param {{ pause(): void, resume(): void }} controller @param {Buffer} bytes */
    onResponseData(controller, bytes) {
      if (outgoing.write(bytes)) return
      controller.pause()
      outgoing.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      outgoing.end()
    },
    onResponseError() {
      if (!outgoing.headersSent) outgoing.writeHead(502)
      outgoing.end()
    },
  }
}
