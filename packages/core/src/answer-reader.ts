import type { ChatCompletionChunk } from '@dragoman/openai-schema'

/**
 * Reads one answer of an upstream that speaks another dialect, as canonical chunks. Its counterpart for clients is
 * `AnswerEncoder`.
 *
 * Each method throws a `DragomanError` where the upstream reports an error or says what cannot be read.
 */
export interface AnswerReader {
  /** The JSON of an event of a stream -> the chunks that it makes, often none. Events of unknown types make none. */
  push(event: unknown): readonly ChatCompletionChunk[]
  /** The JSON of a whole answer -> its chunks. In place of `push` and `end`. */
  whole(answer: unknown): readonly ChatCompletionChunk[]
  /** After the last event. Throws `upstream_protocol` where the one that ends an answer has not come. */
  end(): readonly ChatCompletionChunk[]
}
