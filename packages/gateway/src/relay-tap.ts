import type { AnswerItem, DragomanError } from '@dragoman/core'
import type { ChatCompletionChunk, FinishReason, Usage } from '@dragoman/openai-schema'

/** Reads along with an answer that is relayed: what the record needs, and whether it is an answer at all. */
export interface RelayTap {
  /** Whether the model has said anything yet. */
  readonly hasOutput: boolean
  /** As reported, else an estimate that says so. */
  readonly usage: Usage
  readonly finishReason: FinishReason | undefined
  /**
   * What of a piece of whole events the client gets; undefined for nothing. Where an event tells of a failure, the ones
   * before it are given first and the next call throws.
   *
   * @param errorFrom what an event in which the upstream reports an error means
   */
  pass(piece: Uint8Array, errorFrom: (json: unknown) => DragomanError): Uint8Array | undefined
  /** Throws what an event told that stood behind others. */
  throwFailure(): void
  /** Throws where what has ended was no answer. Gives what the client is owed and the upstream did not send. */
  end(): AnswerItem | undefined
  /** Reads a whole answer. Throws where it is none; true where its bytes may go on as they are. */
  whole(json: unknown): boolean
  /** A whole answer as chunks, for a client that asked for a stream. In place of `whole`. */
  chunks(json: unknown): Iterable<ChatCompletionChunk>
}
