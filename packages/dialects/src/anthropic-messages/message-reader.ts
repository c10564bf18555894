import { type AnswerReader, DragomanError, isRecord, systemClock } from '@dragoman/core'
import type { ChatCompletionChunk, ChunkChoice, Delta, FinishReason } from '@dragoman/openai-schema'
import { BlockReader, type NamesOfTools } from './block-reader.ts'
import { reportedError } from './reported-error.ts'
import { type ReportedUsage, readUsage } from './usage.ts'

/** The text that ended the answer, as vLLM has it in Chat. */
interface StoppedChoice extends ChunkChoice {
  stop_reason?: string
}

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  // Of tools that the service runs by itself; the client asks to go on.
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
}

/** Reads one answer, as events or whole, as canonical chunks. */
export class MessageReader implements AnswerReader {
  readonly #blocks: BlockReader
  #head: { id: string; created: number; model: string } | undefined
  #usage: ReportedUsage = {}
  #stopReason: string | undefined
  #stopSequence: string | undefined
  #hasEnded = false

  constructor(tools: NamesOfTools) {
    this.#blocks = new BlockReader(tools)
  }

  push(event: unknown): ChatCompletionChunk[] {
    if (!isRecord(event) || this.#hasEnded) return []
    switch (event.type) {
      case 'message_start':
        return this.#start(event.message)
      case 'content_block_start':
        return this.#chunks(this.#blocks.start(event))
      case 'content_block_delta':
        return this.#chunks(this.#blocks.delta(event))
      case 'content_block_stop':
        return this.#chunks(this.#blocks.stop(event))
      case 'message_delta':
        this.#messageDelta(event)
        return []
      case 'message_stop':
        return this.#end()
      case 'error':
        throw reportedError(event)
      default:
        return []
    }
  }

  whole(answer: unknown): ChatCompletionChunk[] {
    const error = reportedError(answer)
    if (error) throw error
    if (!isRecord(answer) || !Array.isArray(answer.content)) {
      throw new DragomanError('upstream_protocol', 'The upstream answered with no message', { origin: 'upstream' })
    }
    const { content, stop_reason, stop_sequence, usage } = answer
    const blocks = content.flatMap((content_block: unknown, index) => [
      { type: 'content_block_start', index, content_block },
      { type: 'content_block_stop', index },
    ])
    const events = [
      { type: 'message_start', message: answer },
      ...blocks,
      { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage },
    ]
    return [...events.flatMap((event) => this.push(event)), ...this.end()]
  }

  end(): ChatCompletionChunk[] {
    // Where there was a stop reason, only the mark behind a complete answer is missing.
    return this.#hasEnded ? [] : this.#end()
  }

  /** A second one, as some gateways send, tells of nothing new but usage. */
  #start(message: unknown): ChatCompletionChunk[] {
    const { id, model, usage } = isRecord(message) ? message : {}
    this.#addUsage(usage)
    if (this.#head) return []
    this.#head = {
      id: typeof id === 'string' ? id : '',
      created: Math.floor(systemClock.now() / 1000),
      model: typeof model === 'string' ? model : '',
    }
    return this.#chunks([{ role: 'assistant', content: '' }])
  }

  #messageDelta({ delta, usage }: Record<string, unknown>): void {
    this.#addUsage(usage)
    if (!isRecord(delta)) return
    if (typeof delta.stop_reason === 'string') this.#stopReason = delta.stop_reason
    if (typeof delta.stop_sequence === 'string') this.#stopSequence = delta.stop_sequence
  }

  /** Numbers are cumulative and may be repeated: field by field the last one counts. */
  #addUsage(usage: unknown): void {
    if (!isRecord(usage)) return
    for (const [name, value] of Object.entries(usage)) if (value !== null) Reflect.set(this.#usage, name, value)
  }

  #end(): ChatCompletionChunk[] {
    const last = this.#blocks.end()
    this.#hasEnded = true
    if (this.#stopReason === undefined) {
      throw new DragomanError('upstream_protocol', 'The upstream ended the answer without a stop reason', {
        origin: 'upstream',
      })
    }
    const choice: StoppedChoice = {
      index: 0,
      delta: {},
      finish_reason: finishReasons[this.#stopReason] ?? 'stop',
    }
    if (this.#stopReason === 'stop_sequence' && this.#stopSequence !== undefined) {
      choice.stop_reason = this.#stopSequence
    }
    const chunks = [...this.#chunks(last), this.#chunk([choice])]
    const usage = readUsage(this.#usage)
    if (usage) chunks.push({ ...this.#chunk([]), usage })
    return chunks
  }

  #chunks(deltas: readonly Delta[]): ChatCompletionChunk[] {
    return deltas.map((delta) => this.#chunk([{ index: 0, delta, finish_reason: null }]))
  }

  #chunk(choices: ChunkChoice[]): ChatCompletionChunk {
    // Without a message_start: core gives the rest of the answer an id.
    const { id, created, model } = this.#head ?? { id: '', created: Math.floor(systemClock.now() / 1000), model: '' }
    return { id, object: 'chat.completion.chunk', created, model, choices }
  }
}
