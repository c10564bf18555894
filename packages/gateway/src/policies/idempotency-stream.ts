import {
  type AnswerItem,
  type CallerSignal,
  DragomanError,
  heartbeat,
  type Taker,
  take,
  takeNext,
} from '@dragoman/core'
import { takeLeave } from '../lane.ts'
import { AnswerTape } from './kept-answer.ts'
import { TakenItems } from './kept-answer-stream.ts'

/** What is held for those who are behind the first one, once the beginning is gone: about as many bytes. */
const mostHeld = 4 * 2 ** 20

/** Of a chunk beside its text. */
const usualLength = 300

type Ending = 'complete' | { readonly error: unknown }

export interface FollowerEvents {
  /** It was given its first item. */
  begun(): void
  /** It has all of the answer, or what ended it: called once. */
  over(error: unknown): void
}

/**
 * One stream for several who asked for the same. It is pulled by whoever is the furthest; the others, and those who come
 * later, are given what has passed from the beginning. Once more has passed than is kept nobody can begin any more.
 */
export class SharedStream {
  readonly #source: AsyncIterator<AnswerItem>
  readonly #whenOver: (parts: readonly string[] | undefined) => void
  readonly #tape = new AnswerTape()
  readonly #followers = new Set<Follower>()
  /** From the item number `#from` on. */
  #items: AnswerItem[] = []
  #from = 0
  #held = 0
  #isPulling = false
  #outcome: Ending | undefined

  /** @param whenOver given what is to be kept, if anything is */
  constructor(source: AsyncIterable<AnswerItem>, whenOver: (parts: readonly string[] | undefined) => void) {
    this.#source = source[Symbol.asyncIterator]()
    this.#whenOver = whenOver
  }

  /** Undefined where its beginning is gone. */
  follow(signal: CallerSignal, events: FollowerEvents): Follower | undefined {
    if (this.#from > 0) return undefined
    const follower = new Follower(this, signal, events)
    this.#followers.add(follower)
    return follower
  }

  /** Gives a follower its next item, or has it wait. */
  serve(follower: Follower): void {
    const item = this.#items[follower.at - this.#from]
    if (item !== undefined) follower.give(item)
    else if (follower.at < this.#from) follower.end({ error: tooSlow() })
    else if (this.#outcome) follower.end(this.#outcome)
    else this.#pull()
  }

  /** Nobody is to take any more of it. */
  stop(): void {
    takeLeave(this.#source)
  }

  /** It takes no more. */
  left(follower: Follower): void {
    this.#followers.delete(follower)
  }

  #pull(): void {
    if (this.#isPulling) return
    this.#isPulling = true
    takeNext(this.#source, this.#fromSource)
  }

  readonly #fromSource: Taker<AnswerItem> = {
    item: (item) => {
      this.#isPulling = false
      if (item === heartbeat) {
        for (const follower of [...this.#followers]) follower.beat()
        return
      }
      this.#tape.push(item)
      this.#items.push(item)
      this.#held += lengthOf(item)
      this.#serveAll()
      if (!this.#tape.parts) this.#forget()
    },
    done: () => this.#end('complete'),
    fail: (error) => this.#end({ error }),
  }

  #end(outcome: Ending): void {
    this.#outcome = outcome
    this.#whenOver(outcome === 'complete' ? this.#tape.parts : undefined)
    this.#serveAll()
  }

  #serveAll(): void {
    for (const follower of [...this.#followers]) if (follower.isWaiting) this.serve(follower)
  }

  /** What all have had; and what one has not had for too long. */
  #forget(): void {
    let least = this.#from + this.#items.length
    for (const { at } of this.#followers) least = Math.min(least, at)
    let count = 0
    for (const item of this.#items) {
      if (this.#from + count >= least && this.#held <= mostHeld) break
      this.#held -= lengthOf(item)
      count++
    }
    this.#items.splice(0, count)
    this.#from += count
  }
}

/** About as many bytes. */
function lengthOf(item: AnswerItem): number {
  if (item instanceof Uint8Array) return item.length
  return item === heartbeat ? 0 : usualLength + (item.choices[0]?.delta.content?.length ?? 0)
}

function tooSlow(): DragomanError {
  const message = 'This client reads too slowly to share an answer with another request of the same idempotency key'
  return new DragomanError('overloaded', message)
}

/** One of those who are given a shared stream. */
export class Follower extends TakenItems {
  readonly #stream: SharedStream
  readonly #signal: CallerSignal
  readonly #events: FollowerEvents
  #taker: Taker<AnswerItem> | undefined
  #ending: Ending | undefined
  /** The number of its next item. */
  at = 0

  constructor(stream: SharedStream, signal: CallerSignal, events: FollowerEvents) {
    super()
    this.#stream = stream
    this.#signal = signal
    this.#events = events
    signal.addEventListener('abort', this.#onLeft)
    if (signal.aborted) this.#onLeft()
  }

  readonly #onLeft = (): void => this.end({ error: this.#signal.reason })

  get isWaiting(): boolean {
    return this.#taker !== undefined
  }

  [take](taker: Taker<AnswerItem>): void {
    this.#taker = taker
    if (this.#ending) this.#deliver(this.#ending)
    else this.#stream.serve(this)
  }

  async return(): Promise<IteratorResult<AnswerItem, undefined>> {
    this.end({ error: new DragomanError('aborted', 'The caller left') })
    return { done: true, value: undefined }
  }

  give(item: AnswerItem): void {
    this.at++
    this.#events.begun()
    this.#taken()?.item(item)
  }

  /** Nothing has come for a while. */
  beat(): void {
    this.#taken()?.item(heartbeat)
  }

  end(ending: Ending): void {
    if (this.#ending) return
    this.#ending = ending
    this.#signal.removeEventListener('abort', this.#onLeft)
    this.#stream.left(this)
    this.#events.over(ending === 'complete' ? undefined : ending.error)
    if (this.#taker) this.#deliver(ending)
  }

  #deliver(ending: Ending): void {
    const taker = this.#taken()
    if (ending === 'complete') taker?.done()
    else taker?.fail(ending.error)
  }

  #taken(): Taker<AnswerItem> | undefined {
    const taker = this.#taker
    this.#taker = undefined
    return taker
  }
}
