import { type AnswerReader, DragomanError, isRecord, systemClock } from '@dragoman/core'
import type { ChatCompletionChunk, ChunkChoice, FinishReason, Usage } from '@dragoman/openai-schema'
import type { Renames } from '../renames.ts'
import { ItemReader, type ReadDelta } from './item-reader.ts'
import { reportedError } from './reported-error.ts'

type Fields = Record<string, unknown>

/** Reads one answer, as events or whole, as canonical chunks. */
export class ResponseReader implements AnswerReader {
  #items: ItemReader
  #clean: (text: string) => string
  #head = { id: '', created: Math.floor(systemClock.now() / 1000), model: '' }
  #hasEnded = false

  constructor(names: Renames, clean: (text: string) => string) {
    this.#items = new ItemReader(names)
    this.#clean = clean
  }

  push(event: unknown): ChatCompletionChunk[] {
    if (!isRecord(event) || this.#hasEnded) return []
    switch (event.type) {
      case 'response.created':
        this.#begin(event.response)
        return []
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        return this.whole(event.response)
      case 'error':
        // OpenAI's reference has the fields at the top, its servers nest them.
        throw reportedError(isRecord(event.error) ? event.error : event, this.#clean)
      default:
        return this.#items.event(event).map((read) => this.#chunk([choiceOf(read)]))
    }
  }

  /** The end of a stream has the whole answer in it too: only what is new is told. */
  whole(answer: unknown): ChatCompletionChunk[] {
    if (!isRecord(answer)) throw protocol('The upstream answered with no response')
    if (isRecord(answer.error)) throw reportedError(answer.error, this.#clean)
    const finish_reason = this.#finishReason(answer)
    this.#begin(answer)
    const chunks = this.#items.output(answer.output).map((read) => this.#chunk([choiceOf(read)]))
    this.#hasEnded = true
    const { service_tier } = answer
    const ended = this.#chunk([{ index: 0, delta: {}, finish_reason: finish_reason ?? this.#endedItself() }])
    chunks.push(typeof service_tier === 'string' ? { ...ended, service_tier } : ended)
    const usage = isRecord(answer.usage) ? usageOf(answer.usage) : undefined
    if (usage) chunks.push({ ...this.#chunk([]), usage })
    return chunks
  }

  end(): ChatCompletionChunk[] {
    if (!this.#hasEnded) throw protocol('The upstream ended the stream without the end of its response')
    return []
  }

  #begin(response: unknown): void {
    if (!isRecord(response)) return
    const { id, created_at, model } = response
    this.#head = {
      id: typeof id === 'string' ? id : this.#head.id,
      created: typeof created_at === 'number' ? Math.floor(created_at) : this.#head.created,
      model: typeof model === 'string' ? model : this.#head.model,
    }
  }

  /** Undefined for an answer that came to its own end. */
  #finishReason({ status, incomplete_details: details }: Fields): FinishReason | undefined {
    switch (status) {
      // Some services leave it out.
      case undefined:
      case 'completed':
        return undefined
      case 'incomplete':
        return isRecord(details) && details.reason === 'content_filter' ? 'content_filter' : 'length'
      case 'failed':
        throw reportedError(undefined, this.#clean)
      default:
        throw protocol(`The upstream answered with a response that is ${String(status).slice(0, 60)}`)
    }
  }

  #endedItself(): FinishReason {
    return this.#items.hasCalls ? 'tool_calls' : 'stop'
  }

  #chunk(choices: ChunkChoice[]): ChatCompletionChunk {
    return { ...this.#head, object: 'chat.completion.chunk', choices }
  }
}

function choiceOf({ delta, logprobs }: ReadDelta): ChunkChoice {
  const choice = { index: 0, delta, finish_reason: null }
  return logprobs ? { ...choice, logprobs } : choice
}

function protocol(message: string): DragomanError {
  return new DragomanError('upstream_protocol', message, { origin: 'upstream' })
}

function usageOf(reported: Fields): Usage | undefined {
  const { input_tokens, output_tokens, total_tokens } = reported
  if (typeof input_tokens !== 'number' || typeof output_tokens !== 'number') return undefined
  const input = countsOf(reported.input_tokens_details)
  const output = countsOf(reported.output_tokens_details)
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    total_tokens: typeof total_tokens === 'number' ? total_tokens : input_tokens + output_tokens,
    ...(input && { prompt_tokens_details: input }),
    ...(output && { completion_tokens_details: output }),
  }
}

/** The names inside of the details are the same in both. */
function countsOf(details: unknown): Record<string, number> | undefined {
  if (!isRecord(details)) return undefined
  const counts = Object.entries(details).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  return counts.length > 0 ? Object.fromEntries(counts) : undefined
}
