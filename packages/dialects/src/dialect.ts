import type { AnswerEncoder, AnswerReader, Dialect, DragomanError, ReasoningSeal } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionRequest } from '@dragoman/openai-schema'

/** A dialect as clients speak it: their requests are read, their answers written. */
export interface ClientDialect {
  readonly id: Dialect
  /** Throws a `DragomanError` (`invalid_request`, `unsupported_parameter` ...) whose `param` is the path of the field. */
  readRequest(body: unknown, options?: ReadOptions): ReadRequest
  /** The body of an error that comes instead of an answer. */
  errorBody(error: DragomanError, requestId?: string): object
}

export interface ReadOptions {
  /** Without one, reasoning goes out as text alone, and opaque values that come in are left out. */
  readonly seal?: ReasoningSeal | undefined
}

/** One request of a client, and how its answer is written. */
export interface ReadRequest {
  /** The same in the canonical form. */
  readonly chat: ChatCompletionRequest
  /** Hints that were left out, by path: `tools[8]:web_search`. A client is told by the header `x-gateway-dropped`. */
  readonly dropped: readonly string[]
  /** A demand that `chat` cannot express, the first of them: the README lists which there are in each dialect. */
  readonly relayOnly?: RelayOnly | undefined
  /** For one streamed answer, from canonical chunks. */
  encoder(): AnswerEncoder
  /** For one whole answer. */
  whole(completion: ChatCompletion): object
}

/**
 * What only an upstream of the client's own dialect can do, such as a tool that it hosts: a 400 where the request is not
 * relayed as it came.
 */
export interface RelayOnly {
  readonly param: string
  /** Begins with `param`. */
  readonly message: string
}

/** A dialect as upstreams speak it: requests are written, their answers read. */
export interface UpstreamDialect<Options = undefined> {
  readonly id: Dialect
  /** Throws a `DragomanError` where the request demands what the dialect cannot say. */
  writeRequest(request: ChatCompletionRequest, options?: Options): WrittenRequest
}

/** One request to an upstream, and how its answer is read. */
export interface WrittenRequest {
  /** JSON. */
  readonly body: Readonly<Record<string, unknown>>
  /** Fields of the canonical request that were left out, by path. */
  readonly dropped: readonly string[]
  /** For one answer. Puts back what this request had to rename. */
  reader(): AnswerReader
}
