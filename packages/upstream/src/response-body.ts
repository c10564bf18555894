import { DragomanError } from '@dragoman/core'
import { type Flow, PullQueue } from './pull-queue.ts'

/** Takes a body synchronously, as the socket delivers it. */
export interface BodySink {
  data(chunk: Uint8Array): void
  end(): void
  /** @param discard the caller has left: what was not read yet is of no interest to anybody */
  fail(error: DragomanError, discard: boolean): void
}

/** The body of a response, decompressed. It can be read once, in one of two ways; unread, it holds its socket. */
export interface ResponseBody extends Flow, AsyncIterable<Uint8Array> {
  /** Hands everything to `sink`, first and at once what has arrived already. `release()` when done. */
  attach(sink: BodySink): void
  /** The reader needs no more. A rest that comes soon is let pass, so that the connection can be used again. */
  finish(): void
}

/** What a body asks of the exchange that feeds it. */
export interface BodySource extends Flow {
  finish(): void
}

// What arrives between the head and `attach`, usually a moment later.
const MAX_UNATTACHED_BYTES = 128 * 1024

/** Both ends of a body: the exchange writes, somebody reads. */
export class BodyChannel implements ResponseBody, BodySink {
  readonly #source: BodySource
  #sink: BodySink | undefined
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #isPaused = false
  #outcome: ((sink: BodySink) => void) | undefined

  constructor(source: BodySource) {
    this.#source = source
  }

  get isAttached(): boolean {
    return this.#sink !== undefined
  }

  data(chunk: Uint8Array): void {
    if (this.#sink) {
      this.#sink.data(chunk)
      return
    }
    this.#early.push(chunk)
    this.#earlyBytes += chunk.length
    if (this.#earlyBytes > MAX_UNATTACHED_BYTES) this.#source.pause()
  }

  end(): void {
    this.#conclude((sink) => sink.end())
  }

  fail(error: DragomanError, discard: boolean): void {
    if (discard) this.#early = []
    this.#conclude((sink) => sink.fail(error, discard))
  }

  attach(sink: BodySink): void {
    if (this.#sink) throw new DragomanError('internal', 'A response body was read twice')
    this.#sink = sink
    for (const chunk of this.#early) sink.data(chunk)
    this.#early = []
    if (this.#outcome) this.#outcome(sink)
    // Unless what waited was enough to make the reader pause at once.
    else if (this.#earlyBytes > MAX_UNATTACHED_BYTES && !this.#isPaused) this.#source.resume()
  }

  pause(): void {
    this.#isPaused = true
    this.#source.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#source.resume()
  }

  finish(): void {
    this.#source.finish()
  }

  release(): void {
    this.#source.release()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    const queue = new PullQueue<Uint8Array>(this)
    this.attach({
      data: (chunk) => queue.push(chunk, chunk.length),
      end: () => queue.end(),
      fail: (error, discard) => queue.fail(error, discard),
    })
    return queue
  }

  #conclude(outcome: (sink: BodySink) => void): void {
    if (this.#sink) outcome(this.#sink)
    else this.#outcome = outcome
  }
}
