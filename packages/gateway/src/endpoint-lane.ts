import {
  type AnswerItem,
  type EndpointAnswer,
  estimateUsage,
  isRecord,
  readUsage,
  type Taker,
  takeNext,
} from '@dragoman/core'
import type { Usage } from '@dragoman/openai-schema'
import { type Lane, takeLeave, type WholeAnswer } from './lane.ts'

/** The answer of an endpoint besides chat: JSON, or bytes that are handed on as they come. */
export class EndpointLane implements Lane {
  readonly answersWhole = true
  readonly #open: () => Promise<EndpointAnswer>
  #answer: EndpointAnswer | undefined
  #pieces: AsyncIterator<Uint8Array> | undefined
  #isOver = false

  constructor(open: () => Promise<EndpointAnswer>) {
    this.#open = open
  }

  /** Undefined until it has been asked for. */
  get answer(): EndpointAnswer | undefined {
    return this.#answer
  }

  /** An answer is one, whatever is in it. */
  get hasOutput(): boolean {
    return this.#answer !== undefined
  }

  get usage(): Usage {
    return (
      (this.#answer?.kind === 'json' && reported(this.#answer.json)) || estimateUsage({ model: '', messages: [] }, 0)
    )
  }

  get images(): number | undefined {
    return this.#answer?.kind === 'json' ? imagesIn(this.#answer.json) : undefined
  }

  get finishReason(): undefined {
    return undefined
  }

  async next(): Promise<IteratorResult<AnswerItem, undefined>> {
    if (!this.#answer) {
      this.#answer = await this.#open()
      if (this.#answer.kind === 'stream') this.#pieces = this.#answer.pieces[Symbol.asyncIterator]()
      if (this.#isOver) takeLeave(this.#pieces) // it came too late
    }
    if (!this.#pieces || this.#isOver) return { done: true, value: undefined }
    const { done, value } = await this.#pieces.next()
    return done ? { done: true, value: undefined } : { done: false, value }
  }

  take(taker: Taker<AnswerItem>): void {
    if (this.#pieces && !this.#isOver) takeNext(this.#pieces, taker)
    else taker.done()
  }

  whole(): Promise<WholeAnswer> {
    throw new Error('An endpoint is asked piece by piece')
  }

  leave(): void {
    this.#isOver = true
    takeLeave(this.#pieces)
  }
}

function imagesIn(json: unknown): number | undefined {
  if (!isRecord(json) || !Array.isArray(json.data)) return undefined
  return json.data.filter((made) => isRecord(made) && (made.b64_json !== undefined || made.url !== undefined)).length
}

function reported(json: unknown): Usage | undefined {
  if (!isRecord(json) || !isRecord(json.usage)) return undefined
  // Images and transcriptions count in the words of Responses.
  const { input_tokens, output_tokens, ...usage } = json.usage
  const { prompt_tokens = input_tokens, completion_tokens = output_tokens ?? 0, total_tokens } = usage
  return readUsage({ ...usage, prompt_tokens, completion_tokens, total_tokens } as Usage)
}
