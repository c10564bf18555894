import { type CallerSignal, DragomanError, type LogEntry } from '@dragoman/core'
import type { Answer, EndpointResult } from '../answer.ts'
import type { Claim } from './idempotency-claims.ts'
import type { SharedStream } from './idempotency-stream.ts'
import type { Facts, KeptAnswer } from './kept-answer.ts'

export type Given = Answer | EndpointResult

export type Opened =
  | { readonly answer: Given }
  /** Somebody else had made it meanwhile. */
  | { readonly kept: KeptAnswer; readonly fingerprint: string }

/** Trips when nobody wants the answer any more. */
class SharedSignal implements CallerSignal {
  readonly #listeners = new Set<() => void>()
  #reason: DragomanError | undefined

  get aborted(): boolean {
    return this.#reason !== undefined
  }

  get reason(): unknown {
    return this.#reason
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  abort(reason: DragomanError): void {
    if (this.#reason) return
    this.#reason = reason
    for (const listener of [...this.#listeners]) listener()
  }
}

/** One call for all requests of an idempotency key. It ends when the last of them has left. */
export class SharedCall {
  readonly signal = new SharedSignal()
  /** What is asked: another request under the same key is a mistake. */
  readonly fingerprint: string
  readonly #whenOver: () => void
  #holders = 0
  #isOver = false
  /** What the call came to: once this is there, somebody else records it. */
  entry: LogEntry | undefined
  /** The gateway was asked, and records what comes of it. */
  isAsked = false
  stream: SharedStream | undefined
  opened: Promise<Opened> | undefined
  /** The answer is there, and only being written down. */
  isComplete = false
  #claim: Claim | undefined

  /** @param whenOver called once: from then on nobody can join */
  constructor(fingerprint: string, whenOver: () => void) {
    this.fingerprint = fingerprint
    this.#whenOver = whenOver
  }

  /** What is known of a complete answer. */
  facts(now: number): Facts {
    return { usage: this.entry?.usage, finishReason: this.entry?.finishReason, at: now }
  }

  /** Somebody waits for it, until the result is called. */
  hold(): () => void {
    this.#holders++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holders--
      if (this.#holders === 0) this.#abandon()
    }
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** There is no more to wait for. Those who have it go on with what has passed. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#whenOver()
    this.#claim?.release()
  }

  /** Gives it back when the call is over. */
  holdClaim(claim: Claim | undefined): void {
    if (this.#isOver) claim?.release()
    else this.#claim = claim
  }

  #abandon(): void {
    if (this.#isOver || this.isComplete) return
    this.end()
    this.signal.abort(new DragomanError('aborted', 'The caller left'))
    this.stream?.stop()
  }
}
