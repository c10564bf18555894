import type { Clock, Lease, Taker } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk, Usage } from '@dragoman/openai-schema'
import type { Lane, WholeAnswer } from '../lane.ts'

/** In place of a pool's, where no call is made. */
export const noLease: Lease = { credential: { id: 'none', values: {} }, settle() {} }

/** The empty answer to a conversation whose last turn is over: nobody is called for it. */
export class FinishedLane implements Lane {
  readonly answersWhole = true
  readonly hasOutput = false
  readonly usage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  readonly finishReason = 'stop'
  readonly #completion: ChatCompletion
  readonly #chunks: ChatCompletionChunk[]

  /** @param id of the request; the answer's is made of it */
  constructor(model: string, id: string, clock: Clock) {
    const { usage } = this
    const head = { id: `synth_${id}`, created: Math.floor(clock.now() / 1000), model }
    const end = { index: 0, logprobs: null, finish_reason: 'stop' } as const
    const message = { role: 'assistant', content: null, refusal: null } as const
    this.#completion = { ...head, object: 'chat.completion', choices: [{ ...end, message }], usage }
    const chunk = { ...head, object: 'chat.completion.chunk' } as const
    this.#chunks = [
      { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', content: null }, finish_reason: null }] },
      { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { ...chunk, choices: [], usage },
    ]
  }

  async next(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    const value = this.#chunks.shift()
    return value ? { done: false, value } : { done: true, value: undefined }
  }

  take(taker: Taker<ChatCompletionChunk>): void {
    const value = this.#chunks.shift()
    if (value) taker.item(value)
    else taker.done()
  }

  async whole(): Promise<WholeAnswer> {
    return { kind: 'completion', completion: this.#completion }
  }

  leave(): void {}
}
