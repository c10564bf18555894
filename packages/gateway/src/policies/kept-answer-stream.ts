import { type AnswerItem, type Taker, take, takeNext } from '@dragoman/core'
import { AnswerTape, itemOf } from './kept-answer.ts'
import type { KeptAnswerRun } from './kept-answer-run.ts'

/** Items that are handed out by a call, and by a promise to whoever wants one. */
export abstract class TakenItems implements AsyncIterableIterator<AnswerItem, undefined> {
  abstract [take](taker: Taker<AnswerItem>): void
  abstract return(): Promise<IteratorResult<AnswerItem, undefined>>

  [Symbol.asyncIterator]() {
    return this
  }

  next(): Promise<IteratorResult<AnswerItem, undefined>> {
    return new Promise((resolve, reject) => {
      this[take]({
        item: (value) => resolve({ done: false, value }),
        done: () => resolve({ done: true, value: undefined }),
        fail: reject,
      })
    })
  }
}

/** A stream that was kept, given again: the same items, as fast as they are taken. */
export class KeptItems extends TakenItems {
  readonly #parts: readonly string[]
  readonly #run: KeptAnswerRun
  readonly #whenDone: () => void
  #at = 0

  /** @param whenDone called when all of it was taken; a client that leaves fails the run */
  constructor(parts: readonly string[], run: KeptAnswerRun, whenDone: () => void) {
    super()
    this.#parts = parts
    this.#run = run
    this.#whenDone = whenDone
  }

  [take](taker: Taker<AnswerItem>): void {
    const { aborted, reason } = this.#run.signal
    if (aborted) {
      taker.fail(this.#run.fail(reason))
      return
    }
    const part = this.#parts[this.#at]
    if (part !== undefined) {
      this.#run.begin()
      this.#at++
      taker.item(itemOf(part))
      return
    }
    this.#whenDone()
    taker.done()
  }

  async return(): Promise<IteratorResult<AnswerItem, undefined>> {
    this.#at = this.#parts.length
    this.#run.leave()
    return { done: true, value: undefined }
  }
}

/** A stream on its way to a client, which is noted as it passes. */
export class TapedItems extends TakenItems {
  readonly #source: AsyncIterator<AnswerItem>
  readonly #whenComplete: (parts: readonly string[]) => void
  readonly #tape = new AnswerTape()
  #taker: Taker<AnswerItem> | undefined

  /** @param whenComplete called at the end of an answer that did not break, was not left and is not too long */
  constructor(source: AsyncIterable<AnswerItem>, whenComplete: (parts: readonly string[]) => void) {
    super()
    this.#source = source[Symbol.asyncIterator]()
    this.#whenComplete = whenComplete
  }

  [take](taker: Taker<AnswerItem>): void {
    this.#taker = taker
    takeNext(this.#source, this.#fromSource)
  }

  async return(): Promise<IteratorResult<AnswerItem, undefined>> {
    await this.#source.return?.()
    return { done: true, value: undefined }
  }

  readonly #fromSource: Taker<AnswerItem> = {
    item: (item) => {
      this.#tape.push(item)
      this.#taken()?.item(item)
    },
    done: () => {
      const { parts } = this.#tape
      if (parts) this.#whenComplete(parts)
      this.#taken()?.done()
    },
    fail: (error) => this.#taken()?.fail(error),
  }

  #taken(): Taker<AnswerItem> | undefined {
    const taker = this.#taker
    this.#taker = undefined
    return taker
  }
}
