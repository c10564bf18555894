import type { ClientRights, LogEntry } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'
import type { RoutePlan } from './router.ts'

/** A request whose plan is known and of which nothing has been sent yet. */
export interface AdmissionQuery {
  readonly rights: ClientRights
  /** The name asked for, and what it means. */
  readonly asked: string
  readonly plan: RoutePlan
  /** Undefined for endpoints besides chat. */
  readonly chat: ChatCompletionRequest | undefined
  /** Of an endpoint besides chat, in bytes of UTF-8, as far as it is known. */
  readonly bodyBytes?: number | undefined
}

/** The right to make one request. */
export interface Admitted {
  /** The targets of the plan that the client may use, in its order. */
  readonly targets: readonly Target[]
  /** What it came to. Called once. */
  settle(entry: LogEntry): void
}

/** Says whether a client may make a request, before anything is sent, and learns what came of it. */
export interface Admission {
  /**
   * Throws or rejects with a `DragomanError`: `permission_denied` (403), `rate_limit_exceeded` or `insufficient_quota`
   * (429, with `retryAfterMs`). Synchronous where it can be.
   */
  admit(query: AdmissionQuery): Admitted | Promise<Admitted>
}
