import { DragomanError } from '@dragoman/core'

/** A body that goes out as it comes. */
export interface StreamedBody {
  /** Its bytes from the first one on, whenever it is asked: a connection that was closed already is tried anew. */
  bytes(): AsyncIterable<Uint8Array>
}

/** Whoever sends a body. */
export interface BodySender {
  /** A piece has come, and is about to be written. */
  progress(): void
  /** There is no more of it, although it has not ended. */
  fail(cause: unknown): void
}

/**
 * One sending of a streamed body. It can be ended while it waits for its next piece, and then rejects: ending it in
 * peace would make what was sent by then a whole body.
 */
export class SentBody implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #sender: BodySender
  #isOver = false
  #refuse: ((error: DragomanError) => void) | undefined

  constructor(body: StreamedBody, sender: BodySender) {
    this.#source = body.bytes()[Symbol.asyncIterator]()
    this.#sender = sender
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isOver) return Promise.reject(notWanted())
    return new Promise((resolve, reject) => {
      this.#refuse = reject
      this.#source.next().then(
        ({ done, value }) => {
          if (this.#isOver) return
          this.#sender.progress()
          resolve(done ? { done: true, value: undefined } : { done: false, value })
        },
        (cause) => {
          if (this.#isOver) return
          this.#isOver = true
          this.#sender.fail(cause)
          reject(cause)
        },
      )
    })
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.stop()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#refuse?.(notWanted())
    // How a source takes leave changes nothing here.
    this.#source.return?.()?.then(undefined, () => {})
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

function notWanted(): DragomanError {
  return new DragomanError('aborted', 'The rest of the body is not wanted any more')
}
