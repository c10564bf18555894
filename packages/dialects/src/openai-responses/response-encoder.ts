import {
  type AnswerEncoder,
  type Clock,
  completionToChunks,
  type DragomanError,
  errorTable,
  type ReasoningSeal,
} from '@dragoman/core'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  Delta,
  FinishReason,
  Logprobs,
  ReasoningDetail,
  ToolCallDelta,
  Usage,
} from '@dragoman/openai-schema'
import { newId } from '../ids.ts'
import type { AnswerItem } from './answer-item.ts'
import { type CallItem, CustomCallItem, FunctionCallItem } from './call-item.ts'
import { EventWriter } from './event-writer.ts'
import { MessageItem } from './message-item.ts'
import { ReasoningItem } from './reasoning-item.ts'
import {
  annotationOf,
  type FinalResponse,
  type OutputItem,
  type ResponseEcho,
  type ResponseObject,
  usageOf,
} from './response-object.ts'
import type { ToolTable } from './tool-table.ts'

export interface ResponsesEncoder extends AnswerEncoder {
  /** The whole response, once `end` or `error` has been called; undefined where the answer broke before it began. */
  readonly final: FinalResponse | undefined
}

/** What the answers of one request have in common. */
export interface AnswerContext {
  readonly model: string
  readonly echo: ResponseEcho
  /** The JSON of `echo`: it is in several events of a stream, and tools make it long. */
  readonly echoJson: string
  readonly tools: ToolTable
  readonly seal: ReasoningSeal | undefined
  /** `include` asks for encrypted reasoning. */
  readonly showsSealed: boolean
  readonly showsLogprobs: boolean
  readonly clock: Clock
}

/** Writes one answer as the events of a stream; the final response is made of the same items. */
export function responseEncoder(context: AnswerContext): ResponsesEncoder {
  return new ResponseEncoder(context)
}

/** One whole answer, as the end of its own stream. */
export function wholeResponse(context: AnswerContext, completion: ChatCompletion): FinalResponse {
  const encoder = new ResponseEncoder(context)
  for (const chunk of completionToChunks(completion)) encoder.chunk(chunk)
  encoder.end()
  return encoder.result()
}

// All structure is ASCII, and a character for each byte is all that is needed of the rest.
const latin1 = new TextDecoder('latin1')
const sequenceKey = '"sequence_number":'

type Status = Pick<ResponseObject, 'status' | 'error' | 'incomplete_details'>

class ResponseEncoder implements ResponsesEncoder {
  readonly contentType = 'text/event-stream; charset=utf-8'
  #context: AnswerContext
  #out = new EventWriter()
  #id = newId('resp')
  #createdAt: number | undefined
  #model: string
  #serviceTier: string | null = null
  /** Items that were begun and not ended, in order; only the first is open. */
  #queue: AnswerItem[] = []
  #calls = new Map<number, CallItem>()
  /** Signatures that came outside of reasoning: they go into a reasoning item before the next other item. */
  #details: ReasoningDetail[] = []
  #output: OutputItem[] = []
  #items: OutputItem[] = []
  #finishReason: FinishReason | undefined
  #usage: Usage | undefined
  #final: FinalResponse | undefined
  #isRelayed = false
  /** Of the response whose events are an upstream's own. */
  #relayedId: string | undefined
  /** The number of the last of them. */
  #relayedUpTo = 0

  constructor(context: AnswerContext) {
    this.#context = context
    this.#model = context.model
  }

  get final(): FinalResponse | undefined {
    return this.#final
  }

  chunk(chunk: ChatCompletionChunk): string {
    if (this.#createdAt === undefined) this.#begin(chunk.model, chunk.created)
    if (chunk.usage) this.#usage = chunk.usage
    if (chunk.service_tier) this.#serviceTier = chunk.service_tier
    for (const choice of chunk.choices) {
      if (choice.index !== 0) continue
      this.#delta(choice.delta, choice.logprobs)
      if (choice.finish_reason) this.#finish(choice.finish_reason)
    }
    return this.#out.take()
  }

  /** Reads as much of it as an end would need that is not the upstream's own. */
  relayed(frames: Uint8Array): void {
    this.#isRelayed = true
    const text = latin1.decode(frames)
    this.#relayedId ??= /"id":\s*"(resp_[\w-]+)"/.exec(text)?.[1]
    const at = text.lastIndexOf(sequenceKey)
    if (at >= 0) this.#relayedUpTo = Number.parseInt(text.slice(at + sequenceKey.length), 10) || 0
  }

  heartbeat(): string {
    // The first one tells that there is an answer to come; later ones are events too, since clients' timers pass over
    // comments.
    if (this.#createdAt === undefined && !this.#isRelayed) this.#begin(this.#model, this.#now())
    else this.#out.event('keepalive', {})
    return this.#out.take()
  }

  end(): string {
    if (this.#isRelayed) return ''
    const reason = incompleteReason(this.#finishReason)
    const status: Status = {
      status: reason ? 'incomplete' : 'completed',
      error: null,
      incomplete_details: reason ? { reason } : null,
    }
    this.#close(status)
    return this.#out.take()
  }

  error(error: DragomanError): string {
    const { message, param } = error
    if (this.#relayedId !== undefined) {
      this.#id = this.#relayedId
      this.#createdAt ??= this.#now()
      this.#out.goOnAfter(this.#relayedUpTo)
    }
    if (this.#createdAt === undefined) {
      const { publicCode: code } = error
      const { type } = errorTable[error.code]
      // OpenAI's reference has these fields at the top, its servers nest them; clients read either.
      const fields = { message, code, param: param ?? null }
      this.#out.event('error', { ...fields, error: { type, ...fields } })
    } else {
      this.#close({ status: 'failed', error: { code: failureCode(error), message }, incomplete_details: null })
    }
    return this.#out.take()
  }

  /** After `end`. */
  result(): FinalResponse {
    if (!this.#final) throw new Error('The answer has not ended')
    return this.#final
  }

  #begin(model: string, createdAt: number): void {
    this.#model = model
    this.#createdAt = createdAt
    const status: Status = { status: 'in_progress', error: null, incomplete_details: null }
    const json = this.#json(this.#head(status, []))
    this.#out.eventWithJson('response.created', 'response', json)
    this.#out.eventWithJson('response.in_progress', 'response', json)
  }

  #delta(delta: Delta, logprobs: Logprobs | null | undefined): void {
    const { content, tool_calls } = delta
    if (delta.reasoning_details) this.#addDetails(delta.reasoning_details, Boolean(delta.reasoning_content))
    if (delta.reasoning_content) this.#reasoning().text(delta.reasoning_content)
    if (content) this.#message().text(content, this.#shown(logprobs))
    if (delta.refusal) this.#message().refusal(delta.refusal)
    if (delta.annotations) {
      for (const annotation of delta.annotations) {
        const shown = annotationOf(annotation)
        if (shown) this.#message().annotation(shown)
      }
    }
    if (tool_calls) for (const call of tool_calls) this.#call(call)
    if (this.#queue.length > 1) this.#advance()
  }

  #shown(logprobs: Logprobs | null | undefined) {
    return this.#context.showsLogprobs ? (logprobs?.content ?? undefined) : undefined
  }

  #message(): MessageItem {
    const last = this.#queue.at(-1)
    return last instanceof MessageItem ? last : this.#add(new MessageItem(this.#out))
  }

  #reasoning(): ReasoningItem {
    const last = this.#queue.at(-1)
    if (last instanceof ReasoningItem) return last
    const { seal, showsSealed } = this.#context
    const sealing = seal && { make: seal.seal.bind(seal), isShown: showsSealed }
    const item = new ReasoningItem(this.#out, sealing)
    if (this.#details.length > 0) item.details(this.#details.splice(0))
    return this.#add(item)
  }

  #addDetails(details: readonly ReasoningDetail[], hasText: boolean): void {
    const last = this.#queue.at(-1)
    if (hasText || last instanceof ReasoningItem) this.#reasoning().details(details)
    else this.#details.push(...details)
  }

  #call(delta: ToolCallDelta): void {
    const text = delta.custom ? delta.custom.input : delta.function?.arguments
    const call = this.#calls.get(delta.index) ?? this.#newCall(delta)
    if (text) call.push(text)
  }

  #newCall({ index, id, custom, function: fn }: ToolCallDelta): CallItem {
    const tool = this.#context.tools.clientTool(custom?.name ?? fn?.name ?? '')
    const isCustom = custom !== undefined || tool.kind === 'custom'
    const callId = id ?? newId('fc')
    this.#flushDetails()
    const call = this.#add(
      isCustom
        ? new CustomCallItem(this.#out, callId, tool, custom !== undefined)
        : new FunctionCallItem(this.#out, callId, tool),
    )
    this.#calls.set(index, call)
    return call
  }

  #add<Item extends AnswerItem>(item: Item): Item {
    if (!(item instanceof ReasoningItem)) this.#flushDetails()
    this.#queue.push(item)
    if (this.#queue.length === 1) item.open(this.#output.length)
    else this.#advance()
    return item
  }

  /** An item of its own for what came outside of reasoning, where there is a value that can hold it. */
  #flushDetails(): void {
    if (this.#details.length === 0) return
    if (this.#context.seal) this.#reasoning()
    else this.#details = []
  }

  /** Ends what is complete while another item waits. */
  #advance(): void {
    while (this.#queue.length > 1 && this.#queue[0]?.isComplete()) this.#closeFirst(false)
  }

  #closeFirst(isCut: boolean): void {
    const item = this.#queue.shift()
    if (!item) return
    const closed = item.close(isCut)
    this.#output.push(closed)
    const sealed = item instanceof ReasoningItem ? item.sealed : undefined
    const isSealed = closed.type === 'reasoning' && sealed !== undefined
    this.#items.push(isSealed ? { ...closed, encrypted_content: sealed } : closed)
    this.#queue[0]?.open(this.#output.length)
  }

  #finish(reason: FinishReason): void {
    this.#finishReason = reason
    this.#flushDetails()
    const isCut = incompleteReason(reason) !== undefined
    while (this.#queue.length > 0) this.#closeFirst(isCut)
  }

  #close(status: Status): void {
    if (this.#createdAt === undefined) this.#begin(this.#model, this.#now())
    const head = this.#head(status, this.#output)
    this.#out.eventWithJson(`response.${status.status}`, 'response', this.#json(head))
    this.#final = { response: { ...head, ...this.#context.echo }, items: this.#items }
  }

  #head(status: Status, output: OutputItem[]) {
    const isCompleted = status.status === 'completed'
    return {
      id: this.#id,
      object: 'response' as const,
      created_at: this.#createdAt ?? 0,
      completed_at: isCompleted ? this.#now() : null,
      ...status,
      model: this.#model,
      output,
      service_tier: this.#serviceTier,
      usage: this.#usage ? usageOf(this.#usage) : null,
    }
  }

  /** Unix seconds. */
  #now(): number {
    return Math.floor(this.#context.clock.now() / 1000)
  }

  #json(head: object): string {
    return `${JSON.stringify(head).slice(0, -1)},${this.#context.echoJson.slice(1)}`
  }
}

function incompleteReason(reason: FinishReason | undefined) {
  if (reason === 'length') return 'max_output_tokens'
  return reason === 'content_filter' ? 'content_filter' : undefined
}

/** Codex branches on some of these; what is nobody's request is a server's error. */
function failureCode({ code, publicCode }: DragomanError): string {
  return errorTable[code].type === 'server_error' ? 'server_error' : (publicCode ?? 'invalid_prompt')
}
