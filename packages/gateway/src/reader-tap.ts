import { type AnswerReader, type CanonicalTransform, type Clock, canonicalChunks, isRecord } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest, FinishReason, Usage } from '@dragoman/openai-schema'
import { type ErrorFrom, type EventAt, EventTap, unfolded } from './event-tap.ts'
import type { TurnReader } from './turn-reader.ts'
import { parseJson, protocolError } from './upstream-json.ts'

/** The mark behind a complete answer of Messages, where the upstream forgot it: SDKs call it broken otherwise. */
const messageStop = Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n')

/** Any other dialect: its events are read as those of an upstream whose answer is to be translated, and passed on. */
export class ReaderTap extends EventTap {
  readonly #reader: AnswerReader
  readonly #canonical: CanonicalTransform
  readonly #turn: TurnReader | undefined
  #lastType: unknown

  constructor(reader: AnswerReader, request: ChatCompletionRequest, clock: Clock, turn?: TurnReader) {
    super()
    this.#reader = reader
    this.#canonical = canonicalChunks(request, clock)
    this.#turn = turn
  }

  get hasOutput(): boolean {
    return this.#canonical.hasOutput
  }

  get usage(): Usage {
    return this.#canonical.usageOrEstimate()
  }

  get finishReason(): FinishReason | undefined {
    return this.#canonical.finishReason
  }

  protected passes({ bytes, text, at, end }: EventAt, errorFrom: ErrorFrom): boolean {
    const dataAt = dataStart(text, at, end)
    if (dataAt === undefined) return true // a comment
    const data = unfolded(bytes.toString('utf8', dataAt, end).trimEnd())
    if (data === '[DONE]') return true
    const json = parseJson(data)
    if (!isRecord(json)) throw protocolError('sent an event that is no JSON object')
    if (json.type === 'error') throw errorFrom(json)
    this.#read(this.#reader.push(json))
    if (json.type !== 'ping') this.#lastType = json.type
    return true
  }

  end(): Uint8Array | undefined {
    this.throwFailure()
    this.#read(this.#reader.end())
    // Throws where there was no answer; the usage is for the record.
    for (const _ of this.#canonical.end('stop'));
    return this.#lastType === 'message_delta' ? messageStop : undefined
  }

  whole(json: unknown): boolean {
    this.#read(this.#reader.whole(json))
    for (const _ of this.#canonical.end('stop'));
    return true
  }

  chunks(json: unknown): Iterable<ChatCompletionChunk> {
    return this.#reader.whole(json)
  }

  #read(chunks: readonly ChatCompletionChunk[]): void {
    for (const chunk of chunks) {
      for (const made of this.#canonical.push(chunk)) this.#turn?.chunk(made)
    }
  }
}

/** Events of these dialects have names, which stand before their data. */
function dataStart(text: string, at: number, end: number): number | undefined {
  if (text.startsWith('data: ', at)) return at + 'data: '.length
  const line = text.indexOf('\ndata: ', at)
  return line < 0 || line >= end ? undefined : line + '\ndata: '.length
}
