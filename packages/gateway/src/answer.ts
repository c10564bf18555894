import type { Dialect, Heartbeat } from '@dragoman/core'
import type { ChatCompletion, ChatCompletionChunk } from '@dragoman/openai-schema'

export interface ChatContext {
  readonly signal: AbortSignal
  readonly dialect?: Dialect | undefined
  /** Id of the client key; `open` where none is asked for. */
  readonly client?: string | undefined
  /** Default: made here. */
  readonly requestId?: string | undefined
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
  | {
      readonly kind: 'chunks'
      /** Canonical chunks. Throws a `DragomanError` when the answer breaks; leave it early to stop the upstream. */
      readonly chunks: AsyncIterable<ChatCompletionChunk | Heartbeat>
      /** Undefined when a heartbeat was due before any target gave output. */
      readonly route: RouteInfo | undefined
    }
