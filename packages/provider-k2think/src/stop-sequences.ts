import type { Transform } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'

/** The texts that end the answer, as a list. */
export function stopsOf({ stop }: ChatCompletionRequest): readonly string[] {
  return (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
}

/**
 * Ends the content before the first of some texts, with the finish reason `stop`. The service would look for them in
 * the reasoning too, which stands in the same text there.
 */
export class StopSequences implements Transform {
  readonly #stops: readonly string[]
  /** The end of the content that may be the beginning of one of them, and the chunk that it came with. */
  #held = ''
  #last: ChatCompletionChunk | undefined
  #isOver = false

  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  /** Nothing that comes from here on is wanted: the upstream may be left. */
  get isOver(): boolean {
    return this.#isOver
  }

  *push(chunk: ChatCompletionChunk): Iterable<ChatCompletionChunk> {
    const choice = chunk.choices?.[0]
    if (this.#isOver || this.#stops.length === 0 || !choice) {
      if (!this.#isOver) yield chunk
      return
    }
    this.#last = chunk
    const { content } = choice.delta
    // What was held comes before whatever is no content.
    if (typeof content !== 'string' || content === '') {
      if (choice.finish_reason || choice.delta.tool_calls) yield* this.#release()
      yield chunk
      return
    }
    const text = this.#held + content
    const at = Math.min(...this.#stops.map((stop) => indexOf(text, stop)))
    if (at < Number.POSITIVE_INFINITY) {
      this.#isOver = true
      this.#held = ''
      const { usage, ...head } = chunk
      yield {
        ...head,
        choices: [{ ...choice, delta: { ...choice.delta, content: text.slice(0, at) }, finish_reason: null }],
      }
      yield { ...head, choices: [{ index: choice.index, delta: {}, finish_reason: 'stop' }] }
      return
    }
    const held = choice.finish_reason ? 0 : Math.max(...this.#stops.map((stop) => overlap(text, stop)))
    this.#held = text.slice(text.length - held)
    const ready = text.slice(0, text.length - held)
    if (ready === content) yield chunk
    else if (ready !== '' || choice.delta.role || choice.finish_reason || chunk.usage)
      yield { ...chunk, choices: [{ ...choice, delta: { ...choice.delta, content: ready } }] }
  }

  *end(): Iterable<ChatCompletionChunk> {
    if (!this.#isOver) yield* this.#release()
  }

  *#release(): Iterable<ChatCompletionChunk> {
    const last = this.#last
    const content = this.#held
    this.#held = ''
    if (content === '' || !last) return
    const { usage, ...head } = last
    yield { ...head, choices: [{ index: 0, delta: { content }, finish_reason: null }] }
  }
}

function indexOf(text: string, stop: string): number {
  const at = text.indexOf(stop)
  return at < 0 ? Number.POSITIVE_INFINITY : at
}

/** How many characters at the end of the text may be the beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (stop.startsWith(text.slice(text.length - length))) return length
  }
  return 0
}
