import {
  assertAnswered,
  completionToChunks,
  estimateUsage,
  isRecord,
  readFinishReason,
  readUsage,
  utf8Length,
} from '@dragoman/core'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  FinishReason,
  Usage,
} from '@dragoman/openai-schema'
import { type ErrorFrom, type EventAt, EventTap, unfolded } from './event-tap.ts'
import type { TurnReader } from './turn-reader.ts'
import { parseJson, protocolError } from './upstream-json.ts'

interface TappedChoice {
  hasCalls: boolean
  hasFunctionCall: boolean
  finishReason: FinishReason | undefined
}

interface Around {
  readonly before: string
  readonly after: string
}

/** Chat Completions. */
export class ChatTap extends EventTap {
  readonly #request: ChatCompletionRequest
  readonly #showsUsage: boolean
  readonly #turn: TurnReader | undefined
  /** Nearly always the only one. */
  #first: TappedChoice | undefined
  #others: Map<number, TappedChoice> | undefined
  #usage: Usage | undefined
  #outputBytes = 0
  #hasOutput = false
  #usageWasShown = false
  #head: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'> | undefined
  /** What stood around the text of the last event that was nothing but text. */
  #around: Around | undefined

  constructor(request: ChatCompletionRequest, turn?: TurnReader) {
    super()
    this.#request = request
    this.#turn = turn
    this.#showsUsage = request.stream_options?.include_usage === true
  }

  get hasOutput(): boolean {
    return this.#hasOutput
  }

  get usage(): Usage {
    return this.#usage ?? estimateUsage(this.#request, this.#outputBytes)
  }

  get finishReason(): FinishReason | undefined {
    return this.#first?.finishReason
  }

  /** Gives the usage chunk that the client asked for and the upstream did not send. */
  end(): ChatCompletionChunk | undefined {
    this.throwFailure()
    this.#assertAnswered()
    if (!this.#showsUsage || this.#usageWasShown || !this.#head) return undefined
    return { ...this.#head, object: 'chat.completion.chunk', choices: [], usage: this.usage }
  }

  /** Without usage it cannot go on as it is. */
  whole(json: unknown): boolean {
    const choices = isRecord(json) && Array.isArray(json.choices) ? json.choices : undefined
    if (!isRecord(json) || !choices) throw protocolError('answered with JSON that is no completion')
    this.#usage = readUsage(json.usage as Usage)
    // Counting 100 KB costs more than all else that is done to them, and is for the estimate alone.
    const bytesOf = this.#usage ? nothing : utf8Length
    for (const [i, choice] of choices.entries()) {
      if (!isRecord(choice) || !isRecord(choice.message)) throw protocolError('sent a choice without a message')
      this.#read(choice, choice.message, i, bytesOf)
      if (i === 0) this.#turn?.said(choice.message)
    }
    this.#assertAnswered()
    return this.#usage !== undefined
  }

  chunks(json: unknown): Iterable<ChatCompletionChunk> {
    this.whole(json)
    return completionToChunks(json as ChatCompletion) // read as one just now
  }

  #assertAnswered(): void {
    const finishReasons: (FinishReason | undefined)[] = this.#first ? [this.#first.finishReason] : []
    for (const { finishReason } of this.#others?.values() ?? []) finishReasons.push(finishReason)
    assertAnswered({ hasOutput: this.#hasOutput, usage: this.#usage, finishReasons })
  }

  /**
   * A usage that the client did not ask for is left out, and so is the mark of the end, which the client's encoder
   * writes.
   */
  protected passes({ text, bytes, at, end }: EventAt, errorFrom: ErrorFrom): boolean {
    if (!text.startsWith('data: ', at)) return true // a comment
    const data = text.slice(at + 6, end).trimEnd()
    if (data === '[DONE]' || data === '') return false
    if (this.#isMoreText(data)) return true
    const json = parseJson(unfolded(data))
    if (!isRecord(json)) throw protocolError('sent an event that is no JSON object')
    // In its own characters. They cannot be had from those for bytes: escapes stand for characters in both.
    const readAnew = () => parseJson(unfolded(bytes.toString('utf8', at + 6, end)))
    if (json.error || (!Array.isArray(json.choices) && typeof json.message === 'string')) throw errorFrom(readAnew())
    const passes = this.#chunk(json)
    this.#around = around(json, data)
    // One that is text alone has nothing that a later turn needs.
    if (this.#turn && !this.#around) this.#turn.chunk((isAscii(data) ? json : readAnew()) as ChatCompletionChunk)
    return passes
  }

  /**
   * Nearly every event differs from the one before it in its text alone. Where all around that is the same to the letter,
   * and the text has nothing in it that could end it, parsing would say nothing new.
   */
  #isMoreText(data: string): boolean {
    if (!this.#around) return false
    const { before, after } = this.#around
    const end = data.length - after.length
    if (end <= before.length || data.slice(0, before.length) !== before || data.slice(end) !== after) return false
    const text = data.slice(before.length, end)
    if (endsText.test(text)) return false
    this.#outputBytes += text.length
    this.#hasOutput = true
    return true
  }

  #chunk(json: Readonly<Record<string, unknown>>): boolean {
    const { choices, usage } = json
    const reported = usage ? readUsage(usage as Usage) : undefined
    if (reported) this.#usage = reported
    this.#head ??= json as unknown as ChatCompletionChunk
    if (!Array.isArray(choices)) throw protocolError('sent a chunk without choices')
    for (const choice of choices) {
      if (!isRecord(choice)) throw protocolError('sent a choice that is no object')
      const delta = isRecord(choice.delta) ? choice.delta : {}
      this.#read(choice, delta, 0, lengthOf)
    }
    if (choices.length > 0 || !usage) return true
    // Zeros say nothing: an estimate takes their place.
    if (!this.#showsUsage || !reported) return false
    this.#usageWasShown = true
    return true
  }

  #choice(index: number): TappedChoice {
    if (index === 0) {
      this.#first ??= newChoice()
      return this.#first
    }
    this.#others ??= new Map()
    const choice = this.#others.get(index) ?? newChoice()
    this.#others.set(index, choice)
    return choice
  }

  #read(
    choice: Readonly<Record<string, unknown>>,
    said: Readonly<Record<string, unknown>>,
    defaultIndex: number,
    bytesOf: (text: string) => number,
  ): void {
    const index = typeof choice.index === 'number' ? choice.index : defaultIndex
    const state = this.#choice(index)
    for (const field in said) {
      const value = said[field]
      if (field === 'role' || !value) continue
      if (typeof value === 'string') this.#outputBytes += bytesOf(value)
      else if (Array.isArray(value) && value.length === 0) continue
      else if (field === 'tool_calls' && Array.isArray(value)) {
        state.hasCalls = true
        for (const call of value) this.#outputBytes += bytesOf(callText(call))
      } else if (field === 'function_call') state.hasFunctionCall = true
      this.#hasOutput = true
    }
    if (choice.finish_reason) state.finishReason = readFinishReason(choice.finish_reason, state)
  }
}

function newChoice(): TappedChoice {
  return { hasCalls: false, hasFunctionCall: false, finishReason: undefined }
}

// A quote, an escape, or what JSON allows in no text.
const endsText = /[^ !#-[\]-\uffff]/

/** Undefined unless the event is one more piece of the first choice's text, written without escapes. */
function around(json: Readonly<Record<string, unknown>>, data: string): Around | undefined {
  const [choice, ...others] = json.choices as readonly unknown[] // read as such before
  if (!isRecord(choice) || others.length > 0 || choice.finish_reason || json.usage) return undefined
  const { delta } = choice
  if (!isRecord(delta) || typeof delta.content !== 'string' || delta.content === '') return undefined
  for (const field in delta) if (field !== 'content') return undefined
  const text = `"content":"${delta.content}"`
  const at = data.indexOf(text)
  if (at < 0 || endsText.test(delta.content)) return undefined
  return { before: data.slice(0, at + '"content":"'.length), after: data.slice(at + text.length - 1) }
}

function isAscii(latin1: string): boolean {
  return !beyondAscii.test(latin1)
}

const beyondAscii = /[\x80-\xff]/

function nothing(): number {
  return 0
}

function lengthOf(latin1: string): number {
  return latin1.length
}

function callText(call: unknown): string {
  let whole = ''
  for (const payload of isRecord(call) ? [call.function, call.custom] : []) {
    if (!isRecord(payload)) continue
    for (const text of [payload.name, payload.arguments, payload.input]) if (typeof text === 'string') whole += text
  }
  return whole
}
