import type { MessagesUsage } from './usage.ts'

/** What the writing of an answer comes to: frames of a stream, or the message as a whole. */
export interface MessageSink {
  start(head: MessageHead): void
  /** The blocks follow one another: each is closed before the next is opened. */
  open(block: OpenedBlock): void
  /** A piece of the open block: text, thinking, or the JSON of the input. */
  piece(piece: string): void
  /** At most once, as the last thing in a thinking block. */
  signature(value: string): void
  /** `isCut`: the model ran out of tokens in the middle of a call. */
  close(isCut: boolean): void
  end(end: MessageEnd): void
}

export interface MessageHead {
  readonly id: string
  readonly model: string
}

export type OpenedBlock =
  | { readonly type: 'text' }
  | { readonly type: 'thinking' }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string }

export type StopReason = 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'refusal'

export interface MessageEnd {
  readonly stop_reason: StopReason
  readonly stop_sequence: string | null
  readonly usage: MessagesUsage
}
