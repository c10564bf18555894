import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AnswerEncoder, type AnswerItem, encodeFailure, encodeItem } from '@dragoman/core'

/**
 * Writes an answer in the client's dialect, as it comes. The head leaves with the first frame; frames that are ready in
 * one turn of the event loop leave in one write; when the client reads slowly, nothing further is asked for.
 */
export async function sendStream(
  response: ServerResponse,
  items: AsyncIterable<AnswerItem>,
  encoder: AnswerEncoder,
  signal: AbortSignal,
): Promise<void> {
  const writer = new FrameWriter(response, encoder.contentType)
  let last: string
  try {
    // A loop with `for await` would add two turns of the microtask queue to every frame.
    const iterator = items[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await iterator.next()
      if (done) break
      writer.write(encodeItem(value, encoder))
      if (writer.isFull) await writer.drained(signal)
    }
    last = encoder.end()
  } catch (cause) {
    last = encodeFailure(cause, encoder, signal)
  }
  writer.end(last)
}

class FrameWriter {
  readonly #response: ServerResponse
  readonly #contentType: string
  /** Text of this turn, still to be written. */
  #waiting = ''
  #isFull = false

  constructor(response: ServerResponse, contentType: string) {
    this.#response = response
    this.#contentType = contentType
  }

  /** The client is slower than the answer. */
  get isFull(): boolean {
    return this.#isFull
  }

  write(frame: string | Uint8Array): void {
    if (frame.length === 0) return
    if (!this.#response.headersSent) this.#writeHead()
    if (typeof frame !== 'string') {
      this.#flush()
      this.#push(frame)
      return
    }
    // The tick's queue runs after all promises that are ready: by then every frame of this turn is here.
    if (this.#waiting === '') process.nextTick(this.#flush)
    this.#waiting += frame
  }

  async drained(signal: AbortSignal): Promise<void> {
    this.#flush()
    if (!this.#response.writableNeedDrain) {
      this.#isFull = false
      return
    }
    await once(this.#response, 'drain', { signal }).catch(() => {
      // The client left: the items end for the same reason.
    })
    this.#isFull = false
  }

  end(last: string): void {
    this.#flush()
    if (last === '' || this.#response.destroyed) {
      this.#response.end()
      return
    }
    if (!this.#response.headersSent) this.#writeHead()
    this.#response.end(last)
  }

  readonly #flush = (): void => {
    if (this.#waiting === '') return
    const frames = this.#waiting
    this.#waiting = ''
    this.#push(frames)
  }

  #push(frames: string | Uint8Array): void {
    if (!this.#response.destroyed) this.#isFull = !this.#response.write(frames)
  }

  #writeHead(): void {
    this.#response.writeHead(200, {
      'content-type': this.#contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
  }
}
