import { DragomanError, isRecord, ReasoningDetails, type ReasoningSeal } from '@dragoman/core'
import type {
  ChatCompletionChunk,
  ChunkChoice,
  Delta,
  FinishReason,
  ToolCallDelta,
  Usage,
} from '@dragoman/openai-schema'
import { newId } from '../ids.ts'
import { WholePairs } from '../whole-pairs.ts'
import {
  type AnswerPart,
  mayEnd,
  type ThinkingPart,
  type ToolPart,
  textPart,
  thinkingPart,
  toolPart,
} from './answer-parts.ts'
import type { MessageSink, OpenedBlock, StopReason } from './message-sink.ts'
import { toolUseId } from './tool-use-id.ts'
import { writeUsage } from './usage.ts'

export interface WriterOptions {
  /** Whether the client wants reasoning, and whether with its text. */
  readonly display: 'none' | 'omitted' | 'full'
  readonly seal: ReasoningSeal | undefined
  readonly stopSequences: readonly string[]
}

/**
 * Makes canonical chunks a message: blocks one after the other, whatever order its pieces come in. A piece that belongs
 * to a later block waits only while the arguments of an earlier call are incomplete.
 */
export class MessageWriter {
  readonly #sink: MessageSink
  readonly #options: WriterOptions
  readonly #showsReasoning: boolean
  #isStarted = false
  /** The block that pieces go into as they come. */
  #open: AnswerPart | undefined
  #pairs = new WholePairs()
  /** Later blocks, while `#open` is a call that misses some of its arguments. */
  #waiting: AnswerPart[] = []
  readonly #calls = new Map<number, ToolPart>()
  #isRefusal = false
  #finish: FinishReason | undefined
  #stopSequence: string | undefined
  #hasEnded = false
  #failure: DragomanError | undefined

  constructor(sink: MessageSink, options: WriterOptions) {
    this.#sink = sink
    this.#options = options
    // Without its text and without a value to bring back nothing is left to show.
    this.#showsReasoning = options.display === 'full' || (options.display === 'omitted' && options.seal !== undefined)
  }

  /** Why the answer cannot be written any further. */
  get failure(): DragomanError | undefined {
    return this.#failure
  }

  push(chunk: ChatCompletionChunk): void {
    if (this.#failure || this.#hasEnded) return
    if (!this.#isStarted) {
      this.#isStarted = true
      // Never the upstream's: some engines say the same id again, and Claude Code joins messages of one id.
      this.#sink.start({ id: newId('msg'), model: chunk.model })
    }
    // More than one choice cannot be asked for in this dialect.
    const choice = chunk.choices[0]
    if (choice) this.#choice(choice)
    if (chunk.usage && this.#finish) this.#end(chunk.usage)
  }

  /** After the last chunk. */
  end(): void {
    if (this.#failure || this.#hasEnded) return
    if (this.#finish) this.#end(undefined)
    else this.#fail('The answer has no finish reason')
  }

  #choice({ delta, finish_reason, ...rest }: ChunkChoice): void {
    this.#delta(delta)
    // As vLLM tells it. A whole answer has it beside its message.
    const stopReason: unknown = 'stop_reason' in rest ? rest.stop_reason : undefined
    if (typeof stopReason === 'string' && this.#options.stopSequences.includes(stopReason)) {
      this.#stopSequence = stopReason
    }
    if (!finish_reason || this.#failure) return
    this.#finish = finish_reason
    this.#closeAll()
  }

  #delta(delta: Delta): void {
    if (this.#showsReasoning) {
      if (delta.reasoning_content) this.#say('thinking', delta.reasoning_content)
      if (delta.reasoning_details && this.#options.seal) {
        this.#thinking().details.push(...delta.reasoning_details)
      }
    }
    if (delta.content) this.#say('text', delta.content)
    if (delta.refusal) {
      this.#isRefusal = true
      this.#say('text', delta.refusal)
    }
    if (delta.tool_calls) for (const call of delta.tool_calls) this.#call(call)
  }

  #say(kind: 'text' | 'thinking', piece: string): void {
    const part = this.#last(kind) ?? this.#begin(kind === 'text' ? textPart() : thinkingPart())
    this.#add(part, piece)
  }

  #thinking(): ThinkingPart {
    const part = this.#last('thinking') ?? this.#begin(thinkingPart())
    return part as ThinkingPart // both give what they were asked for
  }

  /** The last block, where it is of this kind. */
  #last(kind: AnswerPart['kind']): AnswerPart | undefined {
    const last = this.#waiting.at(-1) ?? this.#open
    return last?.kind === kind ? last : undefined
  }

  #call(delta: ToolCallDelta): void {
    let part = this.#calls.get(delta.index)
    if (!part) {
      part = toolPart(toolUseId(delta.id ?? ''), delta.function?.name ?? delta.custom?.name ?? '')
      this.#calls.set(delta.index, part)
      this.#begin(part)
    }
    const piece = delta.function?.arguments
    if (!piece) return
    if (part.isClosed) {
      if (piece.trim() !== '') this.#fail(noObject(part))
      return
    }
    this.#add(part, piece)
    if (part === this.#open && this.#waiting.length > 0 && mayEnd(part)) this.#advance()
  }

  #begin(part: AnswerPart): AnswerPart {
    if (this.#waiting.length > 0 || (this.#open && !mayEnd(this.#open))) this.#waiting.push(part)
    else {
      this.#close()
      if (!this.#failure) this.#show(part)
    }
    return part
  }

  #add(part: AnswerPart, piece: string): void {
    if (part.kind === 'tool') {
      // What follows a complete object is white space, or the arguments are no object.
      part.end.push(piece)
      part.pieces.push(piece)
    } else if (part !== this.#open || (part.kind === 'thinking' && this.#options.seal)) part.pieces.push(piece)
    if (part === this.#open) this.#write(part, piece)
  }

  #write(part: AnswerPart, piece: string): void {
    if (part.kind === 'thinking' && this.#options.display !== 'full') return
    const whole = this.#pairs.take(piece)
    if (whole !== '') this.#sink.piece(whole)
  }

  /** What waits, as far as it may go out now. */
  #advance(): void {
    while (this.#waiting.length > 0 && (!this.#open || mayEnd(this.#open)) && !this.#failure) {
      this.#close()
      const next = this.#failure ? undefined : this.#waiting.shift()
      if (next) this.#show(next)
    }
  }

  #show(part: AnswerPart): void {
    this.#open = part
    this.#pairs = new WholePairs()
    this.#sink.open(opened(part))
    for (const piece of part.pieces) this.#write(part, piece)
  }

  #closeAll(): void {
    this.#close()
    for (const part of this.#waiting) {
      if (this.#failure) return
      // A call that was cut before anything of it went out is not worth telling.
      if (part.kind === 'tool' && this.#finish === 'length' && !isInput(part)) continue
      this.#show(part)
      this.#close()
    }
    this.#waiting = []
  }

  #close(): void {
    const part = this.#open
    if (!part) return
    this.#open = undefined
    const rest = this.#pairs.rest()
    if (rest !== '') this.#sink.piece(rest)
    if (part.kind === 'tool') this.#closeCall(part)
    else {
      const { seal } = this.#options
      if (part.kind === 'thinking' && seal) this.#sink.signature(sealed(part, seal))
      this.#sink.close(false)
    }
  }

  #closeCall(part: ToolPart): void {
    part.isClosed = true
    const isWhole = isInput(part)
    if (!isWhole && this.#finish !== 'length') {
      this.#fail(noObject(part))
      return
    }
    if (isWhole && isBlank(part)) this.#sink.piece('{}')
    this.#sink.close(!isWhole)
  }

  #end(usage: Usage | undefined): void {
    this.#hasEnded = true
    this.#sink.end({
      stop_reason: this.#stopReason(),
      stop_sequence: this.#stopSequence ?? null,
      usage: writeUsage(usage),
    })
  }

  #stopReason(): StopReason {
    if (this.#isRefusal) return 'refusal'
    switch (this.#finish) {
      case 'length':
        return 'max_tokens'
      case 'tool_calls':
      case 'function_call':
        return 'tool_use'
      case 'content_filter':
        return 'refusal'
      default:
        return this.#stopSequence === undefined ? 'end_turn' : 'stop_sequence'
    }
  }

  #fail(message: string): void {
    this.#failure = new DragomanError('upstream_protocol', message, { origin: 'upstream' })
  }
}

function opened(part: AnswerPart): OpenedBlock {
  switch (part.kind) {
    case 'tool':
      return { type: 'tool_use', id: part.id, name: part.name }
    case 'thinking':
      return { type: 'thinking' }
    case 'text':
      return { type: 'text' }
  }
}

function sealed(part: ThinkingPart, seal: ReasoningSeal): string {
  const details = new ReasoningDetails()
  for (const detail of part.details) details.add(detail)
  const text = part.pieces.join('')
  return seal.seal(details.size > 0 ? { text, details: details.list() } : { text })
}

function noObject({ name }: ToolPart): string {
  return `The arguments of the tool call ${JSON.stringify(name.slice(0, 80))} are no JSON object`
}

function isBlank(part: ToolPart): boolean {
  return part.pieces.every((piece) => piece.trim() === '')
}

/** Whether the arguments are the JSON of an object, or nothing, which stands for the empty one. */
function isInput(part: ToolPart): boolean {
  if (isBlank(part)) return true
  if (!part.end.isReached) return false
  try {
    return isRecord(JSON.parse(part.pieces.join('')))
  } catch {
    // Told by the caller, who knows whether the model ran out of tokens.
    return false
  }
}
