import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { encoded } from './encoded.ts'
import type { ExchangeRecord } from './exchange.ts'
import type { Reply, ScriptedReply, Step } from './reply.ts'

const clientLeft = Symbol('the client closed its connection')

/** Plays one reply to its end, or until the client closes its connection, and says which in `exchange.closed`. */
export async function playReply(
  exchange: ExchangeRecord,
  scripted: ScriptedReply,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => {}) // a write to a client that left; 'close' follows
  const player: Player = { exchange, response, unlessLeft: leavingOf(response) }
  try {
    await play(player, scripted)
    exchange.over('finished')
  } catch (reason) {
    exchange.over('aborted')
    if (reason === clientLeft) return
    // The script itself is wrong. Unhandled on purpose: the test runner fails the run with it.
    response.destroy()
    throw reason
  }
}

interface Player {
  readonly exchange: ExchangeRecord
  readonly response: ServerResponse
  /** Waits for one thing at a time; rejects with `clientLeft` as soon as nobody is there to wait for it. */
  readonly unlessLeft: <T>(promise: Promise<T>) => Promise<T>
}

// Not Promise.race with one promise for the closing: that would keep something for every step of an endless body.
function leavingOf(response: ServerResponse): Player['unlessLeft'] {
  let hasLeft = false
  let giveUp = () => {}
  response.on('close', () => {
    if (response.writableFinished) return // closed by its own end, whose callback comes after this
    hasLeft = true
    giveUp()
  })
  return (promise) =>
    new Promise((resolve, reject) => {
      giveUp = () => reject(clientLeft)
      if (hasLeft) giveUp()
      else promise.then(resolve, reject)
    })
}

async function play(player: Player, scripted: ScriptedReply): Promise<void> {
  const { exchange, response, unlessLeft } = player
  const isEarly = typeof scripted !== 'function' && scripted.early === true
  if (!isEarly) await unlessLeft(exchange.arrived)
  const reply = typeof scripted === 'function' ? await unlessLeft(Promise.resolve(scripted(exchange))) : scripted

  const socket = response.socket
  if (!socket) throw clientLeft
  const toSocket = (bytes: string | Uint8Array) => unlessLeft(written(socket, bytes))
  const toBody = async (bytes: string | Uint8Array) => {
    await unlessLeft(written(response, bytes))
    exchange.sent += Buffer.byteLength(bytes)
  }
  for (const step of reply.before ?? []) {
    if (!(await run(step, { player, socket, write: toSocket }))) return
  }
  if (!reply.verbatim) sendHead(response, reply)
  await unlessLeft(turns())
  const write = reply.verbatim ? toSocket : toBody
  for await (const step of stepsOf(reply)) {
    if (!(await run(step, { player, socket, write }))) return
  }
  if (reply.verbatim) socket.end()
  else await unlessLeft(ended(response))
}

function sendHead(response: ServerResponse, reply: Reply): void {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value]
  }
  if (reply.encoding) headers['content-encoding'] = reply.encoding
  response.writeHead(reply.status ?? 200, headers)
  response.flushHeaders()
}

function stepsOf({ body = [], encoding }: Reply): Iterable<Step> | AsyncIterable<Step> {
  const isOne = typeof body === 'string' || body instanceof Uint8Array || 'type' in body
  const steps = isOne ? [body] : body
  return encoding ? encoded(encoding, steps) : steps
}

interface Stage {
  readonly player: Player
  readonly socket: Socket
  readonly write: (bytes: string | Uint8Array) => Promise<void>
}

/** False when the step was the script's last, because the socket is gone with it. */
async function run(step: Step, { player, socket, write }: Stage): Promise<boolean> {
  const { response, unlessLeft } = player
  if (typeof step === 'string' || step instanceof Uint8Array) {
    await write(step)
    await unlessLeft(turns())
    return true
  }
  switch (step.type) {
    case 'gate':
      step.arrive()
      await unlessLeft(step.opened)
      return true
    case 'raw':
      await unlessLeft(written(socket, step.bytes))
      await unlessLeft(turns())
      return true
    case 'stall':
      return unlessLeft(new Promise<never>(() => {}))
    case 'reset':
      socket.resetAndDestroy()
      return false
    case 'cut':
      socket.end()
      return false
    case 'hang-up':
      await unlessLeft(ended(response))
      socket.end()
      return false
  }
}

/** Resolves when the kernel took the bytes: with a client that does not read, when it reads again. */
function written(sink: Socket | ServerResponse, bytes: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    // A failed write is not reported here: the socket closes right after it, and that is waited for.
    sink.write(bytes, (error) => {
      if (!error) resolve()
    })
  })
}

function ended(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => response.end(resolve))
}

/**
 * Lets a client in this process read what was just written, so that two writes do not reach it as one: the first turn
 * may be past its reading phase already, the second is not.
 */
async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
}
