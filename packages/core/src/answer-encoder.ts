import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { errorBody } from './error-answer.ts'
import { type DragomanError, toDragomanError } from './errors.ts'

/** Stands in a stream for "nothing has come for a while": the client's encoder decides what is sent for it. */
export const heartbeat: unique symbol = Symbol.for('dragoman.heartbeat')
export type Heartbeat = typeof heartbeat

/** How a streamed answer is written in a client's dialect. Each method gives whole frames, or an empty string. */
export interface AnswerEncoder {
  readonly contentType: string
  chunk(chunk: ChatCompletionChunk): string
  heartbeat(): string
  /** After a complete answer. */
  end(): string
  /** After an answer that broke. Nothing may follow, least of all something that looks like an end. */
  error(error: DragomanError): string
}

/** The OpenAI Chat Completions dialect. Usage is in every answer; only a client that asked for it may see its frame. */
export function chatEncoder(options: { includeUsage: boolean }): AnswerEncoder {
  return {
    contentType: 'text/event-stream; charset=utf-8',
    chunk(chunk) {
      // Many clients index choices[0] without looking.
      if (chunk.choices.length === 0 && !options.includeUsage) return ''
      return `data: ${JSON.stringify(chunk)}\n\n`
    },
    heartbeat: () => ': keepalive\n\n',
    end: () => 'data: [DONE]\n\n',
    error: (error) => `data: ${JSON.stringify(errorBody(error))}\n\n`,
  }
}

/** The frames of an answer. A stream that breaks ends with the dialect's error frame; when the caller left, with nothing. */
export async function* encodeAnswer(
  chunks: AsyncIterable<ChatCompletionChunk | Heartbeat>,
  encoder: AnswerEncoder,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    for await (const chunk of chunks) {
      const frame = chunk === heartbeat ? encoder.heartbeat() : encoder.chunk(chunk)
      if (frame) yield frame
    }
  } catch (cause) {
    const error = toDragomanError(cause, signal)
    if (error.scope !== 'aborted') yield encoder.error(error)
    return
  }
  yield encoder.end()
}
