import type { AnswerItem, CallerSignal, Dialect } from '@dragoman/core'
import type { ChatCompletion } from '@dragoman/openai-schema'

export interface ChatContext {
  readonly signal: CallerSignal
  readonly dialect?: Dialect | undefined
  /** Id of the client key; `open` where none is asked for. */
  readonly client?: string | undefined
  /** What the client calls the session that this request belongs to, if it says so (`session-id`). */
  readonly session?: string | undefined
  /** Default: made here. */
  readonly requestId?: string | undefined
  /**
   * The request's JSON as it came. With it, an upstream that speaks `dialect` to the letter is sent this text, and its
   * own bytes come back: then an answer may be of the kind `bytes`, and items of a stream may be bytes.
   */
  readonly body?: string | undefined
}

/** What is known of an answer before its end. */
export interface RouteInfo {
  /** The name that was resolved: a group's, or `<provider>/<model>`. */
  readonly name: string
  readonly provider: string
  readonly model: string
  /** Fields that this upstream cannot honour. */
  readonly dropped: readonly string[]
}

export type Answer =
  | { readonly kind: 'completion'; readonly completion: ChatCompletion; readonly route: RouteInfo }
  /** A whole completion as the upstream sent it: JSON. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly route: RouteInfo }
  | {
      readonly kind: 'chunks'
      /**
       * Canonical chunks, bytes of whole frames, heartbeats; without what marks the end of a stream. Throws a
       * `DragomanError` when the answer breaks; leave it early to stop the upstream.
       */
      readonly chunks: AsyncIterable<AnswerItem>
      /** Undefined when a heartbeat was due before any target gave output. */
      readonly route: RouteInfo | undefined
    }
