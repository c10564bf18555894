import type { ChatCompletionChunk, ChatCompletionRequest, Model } from '@dragoman/openai-schema'
import type { ZodType } from 'zod'
import type { Clock } from './clock.ts'
import type { Credential } from './credentials.ts'
import type { DragomanError } from './errors.ts'
import type { StateStore } from './store.ts'

/** A wire form of a client or an upstream. */
export type Dialect = 'openai-chat' | 'openai-responses' | 'anthropic-messages'

/** What a last message of the assistant needs to be gone on with: the field of this name, or nothing. */
export type Prefill = 'partial' | 'prefix' | 'plain'

/** An upstream service, reached. Holds no keys: the credential comes with each call. */
export interface Provider {
  readonly id: string
  /** The upstream does not stream: its first output comes with its last, and may take as long. */
  readonly answersWhole?: boolean | undefined
  /**
   * The service takes reasoning out of its models' text itself: a text never begins inside it, whatever the model's chat
   * template opens. `mostly` where some of those behind it do not: a text may begin inside it as long as no reasoning
   * came by itself.
   */
  readonly separatesReasoning?: boolean | 'mostly' | undefined
  /** It reads its models' markup itself: what it yields as content is content, whatever it looks like. */
  readonly readsMarkup?: boolean | undefined
  /**
   * Its models go on better, or only, when they are given the reasoning of their earlier tool calls: what a client has
   * dropped is put back (`reasoning_content`; `reasoning_details` where they came from here).
   */
  readonly wantsReasoning?: boolean | undefined
  /**
   * One chat completion, always streamed: `collect` builds the whole answer. It does not know which of the two the
   * client wants. Nothing is sent before the first `next()`; leaving the iterator early closes the upstream's socket.
   * Errors are thrown, as `DragomanError`, never yielded as text. Nothing is tried twice in here.
   */
  chat(request: ChatCompletionRequest, call: Call): AsyncIterable<ChatCompletionChunk>
  /** Pure, before any call: what this upstream cannot honour. Without it everything is sent on. */
  accepts?(request: ChatCompletionRequest): Acceptance
  /**
   * What makes the model of this request go on with a last message of the assistant: that message alone (`plain`), or a
   * field of it; undefined where it would begin a new one. Pure.
   */
  prefill?(request: ChatCompletionRequest): Prefill | undefined
  /** The models it serves now. */
  models?(call: Call): Promise<readonly Model[]>
  /**
   * Why the bytes of this request cannot go on as they are, in a few words for the log; undefined where they can. Pure.
   * Asked before `relay`, which nobody calls where there is an obstacle.
   */
  relayObstacle?(request: ChatCompletionRequest, dialect: Dialect): string | undefined
  /**
   * The upstream's own bytes, for a client that speaks its dialect too. Rejects as `chat` throws: a status of an error,
   * a page, or JSON that reports an error is no answer. Nothing is tried twice in here.
   */
  relay?(request: RelayRequest, call: Call): Promise<RelayedAnswer>
  /** What it has besides chat. Without it nothing. */
  readonly endpoints?: readonly Endpoint[] | undefined
  /** A call to one of `endpoints`. Rejects as `chat` throws. Nothing is tried twice in here. */
  serve?(request: EndpointRequest, call: Call): Promise<EndpointAnswer>
  /** What the operator gave (email and password, refresh token, service account) -> what calls use. */
  acquire?(source: Credential, call: AcquireCall): Promise<Credential>
  /** Whether the upstream takes this credential, asked as cheaply as it allows. */
  probe?(credential: Credential, call: AcquireCall): Promise<'ok' | 'rejected' | 'challenged'>
  /** Ends its sockets. */
  close(): Promise<void>
}

export interface Acceptance {
  /** Fields that are left out, by path. A client is told by the header `x-gateway-dropped`. */
  readonly dropped: readonly string[]
  /** A demand that changes the result and cannot be met: a 400 before any call. */
  readonly refused?: { readonly param: string; readonly message: string } | undefined
}

export interface Call {
  credential: Credential
  signal: AbortSignal
  /** Nonces and conversations; never credentials. */
  state: StateStore
  /** Id of the client's key, for what must not be shared between clients. Absent in an app of its own. */
  client?: string | undefined
  /** What the client asked in. Absent in an app of its own, whose requests are chats. */
  dialect?: Dialect | undefined
  limits?: CallLimits | undefined
  observe?: ((event: CallEvent) => void) | undefined
}

export type AcquireCall = Omit<Call, 'credential'>

/** Bounds of one call to an upstream; each that is left out has the default of `@dragoman/upstream`. */
export interface CallLimits {
  /** To an open connection. */
  readonly connectMs?: number | undefined
  /** From the request sent to the head of a streamed response. */
  readonly headersMs?: number | undefined
  /** The same for a whole one, whose head comes when the model has finished. */
  readonly wholeHeadersMs?: number | undefined
  /** Between two reads of the response. */
  readonly idleMs?: number | undefined
  /** One server-sent event. */
  readonly maxEventBytes?: number | undefined
  /** The whole response, decompressed. */
  readonly maxAnswerBytes?: number | undefined
}

/** What a call did on the wire. Never a query string, a header or a body. */
export type CallEvent =
  | { readonly type: 'request'; readonly method: string; readonly origin: string; readonly path: string }
  | { readonly type: 'response'; readonly status: number; readonly afterMs: number }

/** What a relay sends. */
export interface RelayRequest {
  readonly dialect: Dialect
  /** The client's JSON, with the upstream's model id in it. */
  readonly body: string
  /** Whether it asks for a stream. */
  readonly isStreamed: boolean
  /**
   * Headers of the client that belong to the dialect, in lower case: `anthropic-version`, `anthropic-beta`. Never one
   * that carries a key.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** An upstream may also answer whole where a stream was asked for. */
export type RelayedAnswer =
  | {
      readonly kind: 'whole'
      readonly bytes: Uint8Array
      /** The same, parsed. It reports no error; whether it is an answer is not looked at. */
      readonly json: unknown
    }
  | {
      readonly kind: 'events'
      /**
       * One or more whole events in each piece, each in the plain form `data: …`, line feed, line feed, after its name
       * (`event: …`, line feed) in dialects whose clients go by it. Other framing has been put right; comments may stand
       * between. Ends after the event that ends the stream in this dialect, or with the response. Leaving it closes the
       * upstream's socket.
       */
      readonly pieces: AsyncIterable<Uint8Array>
      /** An event in which the upstream reports an error -> the error to throw, without secrets. */
      errorFrom(json: unknown): DragomanError
    }

/** What a service may have besides chat, by its path under `/v1`; requests and answers are in the form of that path. */
export type Endpoint =
  | 'completions'
  | 'embeddings'
  | 'images/generations'
  | 'images/edits'
  | 'audio/speech'
  | 'audio/transcriptions'
  | 'audio/translations'
  | 'moderations'
  /** Anthropic's: a request of Messages -> `{ input_tokens }`. */
  | 'messages/count_tokens'

export interface EndpointRequest {
  readonly endpoint: Endpoint
  /** The upstream's model id. */
  readonly model: string
  readonly body: EndpointBody
}

export type EndpointBody =
  /** As the client sent it, but for `model`. */
  | { readonly kind: 'json'; readonly json: Readonly<Record<string, unknown>> }
  /** `multipart/form-data` as the client sent it, but for the value of its part `model`. */
  | {
      readonly kind: 'form'
      readonly contentType: string
      /** Of all bytes together, where it is known. */
      readonly length?: number | undefined
      bytes(): AsyncIterable<Uint8Array>
    }

export type EndpointAnswer =
  | { readonly kind: 'json'; readonly json: unknown }
  /** Audio, plain text, events: `pieces` as they come. Leaving it closes the upstream's socket. */
  | { readonly kind: 'stream'; readonly contentType: string; readonly pieces: AsyncIterable<Uint8Array> }

/** What a provider package exports: from here configuration, its JSON Schema and its documentation are made. */
export interface ProviderFactory<Options = unknown, Input = unknown> {
  /** The `type` in a configuration. */
  readonly id: string
  readonly options: ZodType<Options, Input>
  /** It reaches a service by the session of an account: where a documented API lists the same model, that serves it. */
  readonly isSession?: boolean | undefined
  /** What one entry under `credentials` may hold. Every value is a secret. */
  readonly credential: ZodType<Record<string, string | undefined>>
  create(options: Options, environment?: ProviderEnvironment): Provider
}

export interface ProviderEnvironment {
  clock?: Clock | undefined
  /** The operator's own outgoing proxy: one for everything, or those of the environment. */
  proxy?: string | OutgoingProxy | undefined
  /** Private addresses and networks that media may be fetched from. */
  mediaFrom?: readonly string[] | undefined
}

/** Outgoing proxies as the environment usually names them (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`). */
export interface OutgoingProxy {
  readonly http?: string | undefined
  readonly https?: string | undefined
  /** Hosts that are reached directly: `localhost,.internal,10.0.0.1:8080`, or `*`. */
  readonly no?: string | undefined
}
