import type { ReasoningDetail } from '@dragoman/openai-schema'

/** What a model thought before a turn, as it is handed to a client to bring back. */
export interface SealedReasoning {
  /** `reasoning_content`; empty where there were only details. */
  readonly text: string
  /** `reasoning_details`, in order: signatures and encrypted reasoning of the upstream. */
  readonly details?: readonly ReasoningDetail[] | undefined
}

/**
 * Makes reasoning an opaque value for a client that keeps it unread and sends it back (`signature` of a thinking block,
 * `encrypted_content` of a reasoning item), and reads it again. Who seals decides what the value is bound to.
 */
export interface ReasoningSeal {
  seal(reasoning: SealedReasoning): string
  /** Undefined for a value that was not sealed here, or cannot be read any more: that is no error. */
  open(value: string): SealedReasoning | undefined
}
