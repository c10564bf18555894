import {
  type AnswerItem,
  type Call,
  type Clock,
  canonicalChunks,
  DragomanError,
  type Provider,
  type RelayedAnswer,
  type RelayRequest,
  type Taker,
  takeNext,
} from '@dragoman/core'
import type { ChatCompletion, ChatCompletionRequest, Usage } from '@dragoman/openai-schema'
import { type Lane, takeLeave, type WholeAnswer } from './lane.ts'
import { ParsedLane } from './parsed-lane.ts'
import type { RelayTap } from './relay-tap.ts'
import { protocolError } from './upstream-json.ts'

export interface RelayLaneOptions {
  /** One that can relay. */
  readonly provider: Provider
  readonly sent: RelayRequest
  /** What was asked, parsed. */
  readonly request: ChatCompletionRequest
  readonly call: Call
  readonly clock: Clock
  readonly tap: RelayTap
}

/** An upstream's own bytes, watched by a tap. */
export class RelayLane implements Lane {
  readonly answersWhole: boolean
  readonly #options: RelayLaneOptions
  readonly #tap: RelayTap
  #pieces: AsyncIterator<Uint8Array> | undefined
  #errorFrom: ((json: unknown) => DragomanError) | undefined
  /** In place of all else, where the upstream answered whole though a stream was asked for. */
  #parsed: ParsedLane | undefined
  #isOver = false
  #taker: Taker<AnswerItem> | undefined

  constructor(options: RelayLaneOptions) {
    this.#options = options
    this.#tap = options.tap
    this.answersWhole = !options.sent.isStreamed
  }

  get hasOutput(): boolean {
    return (this.#parsed ?? this.#tap).hasOutput
  }

  get usage(): Usage {
    return (this.#parsed ?? this.#tap).usage
  }

  get finishReason(): string | undefined {
    return (this.#parsed ?? this.#tap).finishReason
  }

  async next(): Promise<IteratorResult<AnswerItem, undefined>> {
    if (!this.#pieces && !this.#parsed) this.#begin(await this.#call())
    const pieces = this.#pieces
    const errorFrom = this.#errorFrom
    if (!pieces || !errorFrom) return this.#parsed ? this.#parsed.next() : { done: true, value: undefined }
    for (;;) {
      if (this.#isOver) return { done: true, value: undefined }
      this.#tap.throwFailure()
      const { done, value } = await pieces.next()
      const item = done ? this.#tap.end() : this.#tap.pass(value, errorFrom)
      if (done) this.#isOver = true
      if (item) return { done: false, value: item }
    }
  }

  take(taker: Taker<AnswerItem>): void {
    if (this.#parsed) {
      this.#parsed.take(taker)
      return
    }
    this.#taker = taker
    this.#takePiece()
  }

  readonly #fromPieces: Taker<Uint8Array> = {
    item: (piece) => {
      try {
        const item = this.#errorFrom && this.#tap.pass(piece, this.#errorFrom)
        if (item) this.#taken()?.item(item)
        else this.#takePiece()
      } catch (error) {
        this.#taken()?.fail(error)
      }
    },
    done: () => {
      try {
        const item = this.#isOver ? undefined : this.#tap.end()
        this.#isOver = true
        if (item) this.#taken()?.item(item)
        else this.#taken()?.done()
      } catch (error) {
        this.#taken()?.fail(error)
      }
    },
    fail: (error) => this.#taken()?.fail(error),
  }

  #takePiece(): void {
    try {
      this.#tap.throwFailure()
    } catch (error) {
      this.#taken()?.fail(error)
      return
    }
    if (this.#isOver || !this.#pieces) this.#taken()?.done()
    else takeNext(this.#pieces, this.#fromPieces)
  }

  #taken(): Taker<AnswerItem> | undefined {
    const taker = this.#taker
    this.#taker = undefined
    return taker
  }

  whole(): Promise<WholeAnswer> {
    return this.#call().then(this.#wholeFrom)
  }

  readonly #wholeFrom = (answer: RelayedAnswer): WholeAnswer => {
    if (answer.kind === 'events') {
      takeLeave(answer.pieces[Symbol.asyncIterator]())
      throw protocolError('streamed where a whole answer was asked for')
    }
    const { bytes, json } = answer
    if (this.#tap.whole(json)) return { kind: 'bytes', bytes }
    const completion = json as ChatCompletion // the tap has read it as one
    return { kind: 'completion', completion: { ...completion, usage: this.#tap.usage } }
  }

  leave(): void {
    this.#isOver = true
    this.#parsed?.leave()
    takeLeave(this.#pieces)
  }

  #call(): Promise<RelayedAnswer> {
    const { provider, sent, call } = this.#options
    if (!provider.relay) throw new DragomanError('internal', `${provider.id} has no relay`)
    return provider.relay(sent, call)
  }

  #begin(answer: RelayedAnswer): void {
    if (answer.kind === 'events') {
      this.#pieces = answer.pieces[Symbol.asyncIterator]()
      this.#errorFrom = answer.errorFrom.bind(answer)
      if (this.#isOver) takeLeave(this.#pieces) // it came too late
      return
    }
    const { request, clock } = this.#options
    const chunks = this.#tap.chunks(answer.json)
    this.#parsed = new ParsedLane({
      open: async function* () {
        yield* chunks
      },
      transforms: [],
      canonical: canonicalChunks(request, clock),
      answersWhole: true,
    })
  }
}
