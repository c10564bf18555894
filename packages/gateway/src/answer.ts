import type {
  AnswerItem,
  AnswerReader,
  AttemptEntry,
  CallerSignal,
  ClientRights,
  Dialect,
  LogEntry,
} from '@dragoman/core'
import type { ChatCompletion } from '@dragoman/openai-schema'

export interface ChatContext {
  readonly signal: CallerSignal
  readonly dialect?: Dialect | undefined
  /** Id of the client key; `open` where none is asked for. */
  readonly client?: string | undefined
  /** What the client calls the session that this request belongs to, if it says so (`session-id`). */
  readonly session?: string | undefined
  /** Which of same-named groups are meant. One that no group has is `model_not_found`. */
  readonly variant?: string | undefined
  /** Default: made here. */
  readonly requestId?: string | undefined
  /**
   * The request's JSON as it came. With it, an upstream that speaks `dialect` to the letter is sent this text, and its
   * own bytes come back: then an answer may be of the kind `bytes`, and items of a stream may be bytes.
   */
  readonly body?: string | undefined
  /** The same where it cannot be sent on: by it two requests are told apart. Default: `body`. */
  readonly asked?: string | undefined
  /** The same, parsed. Default: the request, which is right for `openai-chat` alone. */
  readonly parsed?: unknown
  /** What goes with `body`: headers of the client that belong to its dialect, such as `anthropic-beta`. */
  readonly relayHeaders?: Readonly<Record<string, string>> | undefined
  /** How answers in `dialect` are read: without it, only those of Chat Completions are handed on as they come. */
  readonly reader?: (() => AnswerReader) | undefined
  /** What the client's key may do. Default: everything. */
  readonly rights?: ClientRights | undefined
  /** Told of each call to an upstream that is over. Must not throw. */
  readonly attempted?: ((attempt: AttemptEntry) => void) | undefined
  /** Requests of one client that share it share one call, and its answer. */
  readonly idempotencyKey?: string | undefined
  /** What the client wants of the answers that are kept; default: what the model group says. */
  readonly cache?: 'on' | 'off' | undefined
  /** Whether the model has to answer with a tool call; default: what the deployment says. */
  readonly ensureToolCall?: boolean | undefined
  /** What only the bytes that came can say: a 400 where they are not sent on. */
  readonly relayOnly?: { readonly param: string; readonly message: string } | undefined
}

/** What is known of an answer before its end. */
export interface RouteInfo {
  /** The name that was resolved: a group's, or `<provider>/<model>`. */
  readonly name: string
  readonly provider: string
  readonly model: string
  /** Who can read this answer's signatures and encrypted reasoning again. */
  readonly origin: string
  /** Fields that this upstream cannot honour. */
  readonly dropped: readonly string[]
  /** What answered in place of an upstream. */
  readonly answeredBy?: LogEntry['answeredBy']
  /** Whether it was among the answers that are kept; undefined where none are. */
  readonly cache?: 'hit' | 'miss' | undefined
  /** How long ago an answer of the cache was made. */
  readonly ageMs?: number | undefined
  /** No tool call could be had from the model, and what it said last is the answer. */
  readonly toolEnforcement?: 'exhausted' | undefined
}

export type Answer =
  | { readonly kind: 'completion'; readonly completion: ChatCompletion; readonly route: RouteInfo }
  /** A whole answer as the upstream sent it, in the client's dialect: JSON. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly route: RouteInfo }
  | {
      readonly kind: 'chunks'
      /**
       * Canonical chunks, bytes of whole frames, heartbeats; without what marks the end of a stream. Throws a
       * `DragomanError` when the answer breaks; leave it early to stop the upstream.
       */
      readonly chunks: AsyncIterable<AnswerItem>
      /** Undefined until a target has given output, when a heartbeat was due before: look again with each chunk. */
      readonly route: RouteInfo | undefined
      /** Whether the call under way would hand on the upstream's own bytes. */
      readonly isRelaying: boolean
    }

/** What an endpoint besides chat answers. */
export type EndpointResult =
  | { readonly kind: 'json'; readonly json: unknown; readonly route: RouteInfo }
  /** Audio, plain text, events. `pieces` throws when the answer breaks; leave it early to stop the upstream. */
  | {
      readonly kind: 'stream'
      readonly contentType: string
      readonly pieces: AsyncIterable<AnswerItem>
      readonly route: RouteInfo
    }
