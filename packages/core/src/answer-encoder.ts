import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import type { CallerSignal } from './caller-signal.ts'
import { errorBody } from './error-answer.ts'
import { type DragomanError, toDragomanError } from './errors.ts'
import { sourceTextOf } from './source-text.ts'

/** Stands in a stream for "nothing has come for a while": the client's encoder decides what is sent for it. */
export const heartbeat: unique symbol = Symbol.for('dragoman.heartbeat')
export type Heartbeat = typeof heartbeat

/** What a streamed answer is made of. Bytes are whole frames of an upstream that speaks the client's dialect. */
export type AnswerItem = ChatCompletionChunk | Uint8Array | Heartbeat

/** How a streamed answer is written in a client's dialect. Each method gives whole frames, or an empty string. */
export interface AnswerEncoder {
  readonly contentType: string
  chunk(chunk: ChatCompletionChunk): string
  /**
   * Told before frames of an upstream, which speaks the same dialect, are written as they are. They bring their own end:
   * then `end` gives nothing.
   */
  relayed?(frames: Uint8Array): void
  heartbeat(): string
  /** After a complete answer. */
  end(): string
  /** After an answer that broke. Nothing may follow, least of all something that looks like an end. */
  error(error: DragomanError): string
}

/** The OpenAI Chat Completions dialect. Usage is in every answer; only a client that asked for it may see its frame. */
export function chatEncoder({ includeUsage }: { includeUsage: boolean }): AnswerEncoder {
  return includeUsage ? withUsage : withoutUsage
}

const withUsage = makeChatEncoder(true)
const withoutUsage = makeChatEncoder(false)

function makeChatEncoder(includesUsage: boolean): AnswerEncoder {
  return {
    contentType: 'text/event-stream; charset=utf-8',
    chunk(chunk) {
      // Many clients index choices[0] without looking.
      if (chunk.choices.length === 0 && !includesUsage) return ''
      return `data: ${sourceTextOf(chunk) ?? JSON.stringify(chunk)}\n\n`
    },
    heartbeat: () => ': keepalive\n\n',
    end: () => 'data: [DONE]\n\n',
    error: (error) => `data: ${JSON.stringify(errorBody(error))}\n\n`,
  }
}

/** What is sent for an item: whole frames, or an empty string for nothing. */
export function encodeItem(item: AnswerItem, encoder: AnswerEncoder): string | Uint8Array {
  if (item === heartbeat) return encoder.heartbeat()
  if (!(item instanceof Uint8Array)) return encoder.chunk(item)
  encoder.relayed?.(item)
  return item
}

/** What ends a stream that broke: the dialect's error frame, or nothing for a caller who has left. */
export function encodeFailure(
  cause: unknown,
  encoder: AnswerEncoder,
  signal: Pick<CallerSignal, 'aborted' | 'reason'>,
): string {
  const error = toDragomanError(cause, signal)
  return error.scope === 'aborted' ? '' : encoder.error(error)
}

/** The frames of an answer. A stream that breaks ends with the dialect's error frame; when the caller left, with nothing. */
export async function* encodeAnswer(
  items: AsyncIterable<AnswerItem>,
  encoder: AnswerEncoder,
  signal: Pick<CallerSignal, 'aborted' | 'reason'>,
): AsyncGenerator<string | Uint8Array> {
  try {
    for await (const item of items) {
      const frame = encodeItem(item, encoder)
      if (frame.length > 0) yield frame
    }
  } catch (cause) {
    const frame = encodeFailure(cause, encoder, signal)
    if (frame !== '') yield frame
    return
  }
  yield encoder.end()
}
