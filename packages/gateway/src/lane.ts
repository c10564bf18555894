import type { AnswerItem, Taker } from '@dragoman/core'
import type { ChatCompletion, Usage } from '@dragoman/openai-schema'

/** A complete answer: made here, or the upstream's own bytes. */
export type WholeAnswer =
  | { readonly kind: 'completion'; readonly completion: ChatCompletion }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/** How the answer of one call reaches the client: parsed and repaired, or relayed as it came. */
export interface Lane {
  /** Its first output comes with its last, and may take as long. */
  readonly answersWhole: boolean
  /** It bounds the silences of its upstream itself, for nobody else can see them. */
  readonly watchesItself?: boolean | undefined
  /** Whether the model has said anything in what was handed out so far. */
  readonly hasOutput: boolean
  /** What the upstream reported so far, else an estimate that says so. */
  readonly usage: Usage
  /** Images that were made. */
  readonly images?: number | undefined
  readonly finishReason: string | undefined
  /** The next item. The call is made with the first one; ends only when there was a complete answer, else rejects. */
  next(): Promise<IteratorResult<AnswerItem, undefined>>
  /** The same by a call, once `next` has given something. */
  take(taker: Taker<AnswerItem>): void
  /** In place of `next`. Calls `progress` whenever something has come. */
  whole(progress: () => void): Promise<WholeAnswer>
  /** The answer is over for us: closes the upstream's socket unless it has ended. */
  leave(): void
}

/** How a provider takes leave changes nothing for us, and it may do so badly: by throwing, or by never settling. */
export function takeLeave(source: AsyncIterator<unknown> | undefined): void {
  try {
    source?.return?.()?.then(undefined, () => {})
  } catch {}
}
