import { DragomanError } from '@dragoman/core'
import type { Annotation, ChatCompletionChunk, Delta, FinishReason, Usage } from '@dragoman/openai-schema'
import { END, type StreamEvent } from '@dragoman/upstream'
import { type Fields, fieldsOf, isFields } from './fields-of.ts'
import { GrowingText } from './growing-text.ts'
import { citationsIn } from './web-citations.ts'

export interface FrameDecoderOptions {
  /** Of all chunks. */
  readonly head: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'>
  /** What an error that the site reports in its answer is. */
  errorFrom(json: unknown): DragomanError
}

/**
 * Reads an answer of the site, of either protocol: frames with an `event` (now), with `choices`, or with the text so far
 * in `content` (both before). Deltas count: `finalContentX` is only used where there was no other text.
 */
export class FrameDecoder {
  readonly #options: FrameDecoderOptions
  readonly #content = new GrowingText()
  readonly #reasoning = new GrowingText()
  readonly #snapshot = new GrowingText('cumulative')
  readonly #cited = new Set<string>()
  #hasFrames = false
  #isOver = false

  constructor(options: FrameDecoderOptions) {
    this.#options = options
  }

  /** Whether the answer has ended: whatever may follow is nobody's. */
  get isOver(): boolean {
    return this.#isOver
  }

  event({ data }: StreamEvent): readonly ChatCompletionChunk[] | typeof END {
    const text = data.trim()
    if (this.#isOver) return END
    if (text === '') return []
    // Not every stream has it; where it is all that tells the end, it does.
    if (text === '[DONE]') return this.#hasFrames ? this.#finish('stop') : END
    const frame = parse(text)
    if (!isFields(frame)) {
      throw new DragomanError('upstream_protocol', 'LongCat sent an event that is no JSON object', {
        origin: 'upstream',
      })
    }
    this.#hasFrames = true
    if (isFields(frame.event)) return this.#current(frame, frame.event)
    if (Array.isArray(frame.choices)) return this.#delta(frame, fieldsOf(frame.choices[0]))
    if (reportsError(frame)) throw this.#options.errorFrom(frame)
    const added = typeof frame.content === 'string' ? this.#snapshot.take(frame.content) : ''
    return [...this.#says({ content: added }), ...(isLast(frame) ? this.#finish('stop', frame.tokenInfo) : [])]
  }

  #current(frame: Fields, event: Fields): readonly ChatCompletionChunk[] {
    const { type, content } = event
    const usage = event.usage ?? event.tokenInfo ?? frame.tokenInfo
    const text = typeof content === 'string' ? content : ''
    const chunks: ChatCompletionChunk[] = []
    switch (type) {
      case 'reason':
      case 'think':
        chunks.push(...this.#says({ reasoning_content: this.#reasoning.take(text) }))
        break
      case 'content':
        chunks.push(...this.#says({ content: this.#content.take(text) }))
        break
      case 'common_search':
      case 'general_search':
      case 'local_life_search':
        chunks.push(...this.#cites(citationsIn(content)))
        break
      case 'event_error':
        throw this.#options.errorFrom({ code: event.code ?? frame.code, message: wordsOf(event) })
      case 'finish': {
        const final = event.finalContentX ?? event.finalContent
        if (this.#content.isEmpty && typeof final === 'string') chunks.push(...this.#says({ content: final }))
        return [...chunks, ...this.#finish(event.finishType === 'sensitive' ? 'content_filter' : 'stop', usage)]
      }
      default: // `create` and `summary` say nothing, and what else may come is not known to.
    }
    return frame.lastOne === true ? [...chunks, ...this.#finish('stop', usage)] : chunks
  }

  #delta(frame: Fields, choice: Fields): readonly ChatCompletionChunk[] {
    const { content } = fieldsOf(choice.delta)
    const chunks = this.#says({ content: typeof content === 'string' ? content : '' })
    const isFinished = choice.finishReason === 'stop' && frame.contentStatus === 'FINISHED'
    return frame.lastOne === true || isFinished ? [...chunks, ...this.#finish('stop', frame.tokenInfo)] : chunks
  }

  #says(delta: Delta): ChatCompletionChunk[] {
    return delta.content || delta.reasoning_content ? [this.#chunk(delta, null)] : []
  }

  #cites(citations: readonly Annotation[]): ChatCompletionChunk[] {
    const annotations = citations.filter((citation) => {
      const url = citation.type === 'url_citation' ? citation.url_citation.url : ''
      if (this.#cited.has(url)) return false
      this.#cited.add(url)
      return true
    })
    return annotations.length > 0 ? [this.#chunk({ annotations }, null)] : []
  }

  #finish(reason: FinishReason, reported?: unknown): ChatCompletionChunk[] {
    this.#isOver = true
    const usage = usageOf(fieldsOf(reported))
    return [{ ...this.#chunk({}, reason), ...(usage && { usage }) }]
  }

  #chunk(delta: Delta, finish_reason: FinishReason | null): ChatCompletionChunk {
    return { ...this.#options.head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] }
  }
}

function isLast({ lastOne, contentStatus }: Fields): boolean {
  return lastOne === true || contentStatus === 'FINISHED'
}

function reportsError({ code, error, content }: Fields): boolean {
  return Boolean(error) || (code !== undefined && code !== null && Number(code) !== 0 && content === undefined)
}

function wordsOf({ message, content }: Fields): string {
  return [message, content].find((words) => typeof words === 'string' && words !== '')?.toString() ?? 'no reason given'
}

/** The protocols name the numbers differently. */
function usageOf(reported: Fields): Usage | undefined {
  const count = (...names: string[]) =>
    names.map((name) => Number(reported[name] ?? Number.NaN)).find(Number.isFinite) ?? 0
  const prompt_tokens = count('inputTokens', 'promptTokens')
  const completion_tokens = count('outputTokens', 'completionTokens')
  if (prompt_tokens + completion_tokens === 0) return undefined
  return { prompt_tokens, completion_tokens, total_tokens: count('totalTokens') || prompt_tokens + completion_tokens }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // told apart from an object by the caller, without quoting what may hold anything
  }
}
