import { type Taker, take, takeNext } from '@dragoman/core'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'

type Chunks = AsyncIterator<ChatCompletionChunk, undefined>

/** The chunks as `read` makes them. What it throws ends them, and lets their source go. */
export class ReadChunks implements AsyncIterableIterator<ChatCompletionChunk, undefined> {
  readonly #source: Chunks
  readonly #read: (chunk: ChatCompletionChunk) => ChatCompletionChunk

  constructor(
    source: AsyncIterable<ChatCompletionChunk, undefined>,
    read: (chunk: ChatCompletionChunk) => ChatCompletionChunk,
  ) {
    this.#source = source[Symbol.asyncIterator]()
    this.#read = read
  }

  next(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    return new Promise((resolve, reject) => {
      this[take]({
        item: (value) => resolve({ done: false, value }),
        done: () => resolve({ done: true, value: undefined }),
        fail: reject,
      })
    })
  }

  [take](taker: Taker<ChatCompletionChunk>): void {
    takeNext(this.#source, {
      item: (chunk) => {
        let read: ChatCompletionChunk
        try {
          read = this.#read(chunk)
        } catch (error) {
          this.return().then(() => taker.fail(error))
          return
        }
        taker.item(read)
      },
      done: () => taker.done(),
      fail: (error) => taker.fail(error),
    })
  }

  async return(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    try {
      await this.#source.return?.()
    } catch {
      // Its last words are for somebody who still listens.
    }
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
