import { connect, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { listen } from './listen.ts'

/** A port of 127.0.0.1 on which nobody listens: connecting is refused at once. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

export interface BlackHole extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  readonly port: number
  close(): Promise<void>
}

// The thread listens and then never runs again, so nobody accepts. It cannot be done in this thread, whose event loop
// would accept at once.
const listener = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer()
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})
`

/** Linux completes one handshake more than the backlog says, and drops every later SYN without an answer. */
const PLACES = 2

/** An address whose connects hang: it listens, but its backlog is full and nobody accepts. */
export async function blackHole(): Promise<BlackHole> {
  const worker = new Worker(listener, { eval: true })
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const fillers: Socket[] = []
  for (let place = 0; place < PLACES; place++) {
    const filler = connect(port, '127.0.0.1')
    fillers.push(filler)
    await new Promise<void>((resolve, reject) => {
      filler.once('connect', resolve)
      filler.once('error', reject)
    })
    filler.on('error', () => {}) // the listener's end resets it
  }
  const close = async () => {
    for (const filler of fillers) filler.destroy()
    await worker.terminate()
  }
  return { origin: `http://127.0.0.1:${port}`, port, close, [Symbol.asyncDispose]: close }
}
