import type { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import {
  type AnswerEncoder,
  type AnswerItem,
  type CallerSignal,
  encodeFailure,
  encodeItem,
  type Taker,
  takeNext,
} from '@dragoman/core'
import { exchangeOf } from './exchange.ts'

/**
 * Writes an answer in the client's dialect, as it comes. The head leaves with the first frame; frames that are ready in
 * one turn of the event loop leave in one write; when the client reads slowly, nothing further is asked for.
 */
export function sendStream(
  response: ServerResponse,
  items: AsyncIterable<AnswerItem>,
  encoder: AnswerEncoder,
  signal: CallerSignal,
): Promise<void> {
  return new Promise((resolve) => {
    new StreamWriter(response, items[Symbol.asyncIterator](), encoder, signal, resolve).start()
  })
}

class StreamWriter implements Taker<AnswerItem> {
  readonly #response: ServerResponse
  readonly #items: AsyncIterator<AnswerItem>
  readonly #encoder: AnswerEncoder
  readonly #signal: CallerSignal
  readonly #whenOver: () => void
  /** What frames are written to, once the head has left. */
  #wire: Wire | undefined
  /** Text of this turn, still to be written. */
  #waiting = ''
  #isTaking = false
  #mayTakeMore = false

  constructor(
    response: ServerResponse,
    items: AsyncIterator<AnswerItem>,
    encoder: AnswerEncoder,
    signal: CallerSignal,
    whenOver: () => void,
  ) {
    this.#response = response
    this.#items = items
    this.#encoder = encoder
    this.#signal = signal
    this.#whenOver = whenOver
  }

  start(): void {
    this.#takeMore()
  }

  item(item: AnswerItem): void {
    let frame: string | Uint8Array
    try {
      frame = encodeItem(item, this.#encoder)
    } catch (cause) {
      // Not to be written in this dialect: nobody asks for what would follow, and the upstream has to be told so.
      this.#items.return?.()
      this.fail(cause)
      return
    }
    this.#write(frame)
    // A full socket takes its last frames at once, or they would be kept twice.
    if (this.#wire?.isFull) this.#flush()
    if (this.#wire?.isFull) this.#takeMoreWhenDrained(this.#wire)
    else this.#takeMore()
  }

  done(): void {
    let last: string
    try {
      last = this.#encoder.end()
    } catch (cause) {
      this.fail(cause)
      return
    }
    this.#end(last)
  }

  fail(cause: unknown): void {
    this.#end(encodeFailure(cause, this.#encoder, this.#signal))
  }

  /** One after the other, not one inside the other: what is there already comes at once. */
  readonly #takeMore = (): void => {
    this.#mayTakeMore = true
    if (this.#isTaking) return
    this.#isTaking = true
    while (this.#mayTakeMore) {
      this.#mayTakeMore = false
      takeNext(this.#items, this)
    }
    this.#isTaking = false
  }

  #takeMoreWhenDrained({ drains }: Wire): void {
    const goOn = () => {
      drains.off('drain', goOn)
      this.#signal.removeEventListener('abort', goOn)
      this.#takeMore()
    }
    drains.on('drain', goOn)
    // A client that has left drains nothing any more; the items say how that ends.
    this.#signal.addEventListener('abort', goOn)
    if (this.#signal.aborted) goOn()
  }

  #write(frame: string | Uint8Array): void {
    if (frame.length === 0) return
    this.#writeHead()
    if (typeof frame !== 'string') {
      this.#flush()
      this.#push(frame)
      return
    }
    // The tick's queue runs when all that is ready has been taken: by then every frame of this turn is here.
    if (this.#waiting === '') process.nextTick(this.#flush)
    this.#waiting += frame
  }

  #end(last: string): void {
    this.#flush()
    if (last === '' || this.#response.destroyed) this.#response.end()
    else {
      this.#writeHead()
      this.#response.end(last)
    }
    this.#whenOver()
  }

  readonly #flush = (): void => {
    if (this.#waiting === '') return
    const frames = this.#waiting
    this.#waiting = ''
    this.#push(frames)
  }

  #push(frames: string | Uint8Array): void {
    if (!this.#response.destroyed) this.#wire?.write(frames)
  }

  #writeHead(): void {
    if (this.#response.headersSent) return
    this.#response.writeHead(200, {
      'content-type': this.#encoder.contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    exchangeOf(this.#response).isStreaming = true
    this.#wire = wireOf(this.#response)
  }
}

interface Wire {
  readonly isFull: boolean
  readonly drains: EventEmitter
  write(frames: string | Uint8Array): void
}

/**
 * A chunk of HTTP in one piece. Node makes four writes of it (length, line break, data, line break), gathers them until
 * the next tick and has the kernel put them together, which is a good part of what a frame costs on its way. So, once
 * the head is out, chunks go to the socket ready made; the last one is Node's again.
 */
function wireOf(response: ServerResponse): Wire {
  response.flushHeaders()
  const { socket } = response
  // Without a socket of its own yet (the answer before it is still being sent), or to HTTP/1.0, which has no chunks.
  return socket && response.chunkedEncoding ? new ChunkedWire(socket) : new NodesWire(response)
}

class ChunkedWire implements Wire {
  readonly drains: Socket

  constructor(socket: Socket) {
    this.drains = socket
  }

  get isFull(): boolean {
    return this.drains.writableNeedDrain
  }

  write(frames: string | Uint8Array): void {
    if (typeof frames === 'string') {
      this.drains.write(`${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`)
      return
    }
    const bytes = Buffer.isBuffer(frames) ? frames : Buffer.from(frames.buffer, frames.byteOffset, frames.length)
    // Latin-1 is every byte as it is.
    this.drains.write(`${bytes.length.toString(16)}\r\n${bytes.toString('latin1')}\r\n`, 'latin1')
  }
}

class NodesWire implements Wire {
  readonly drains: ServerResponse

  constructor(response: ServerResponse) {
    this.drains = response
  }

  get isFull(): boolean {
    return this.drains.writableNeedDrain
  }

  write(frames: string | Uint8Array): void {
    this.drains.write(frames)
  }
}
