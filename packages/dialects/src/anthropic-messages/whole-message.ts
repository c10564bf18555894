import type { MessageEnd, MessageHead, MessageSink, OpenedBlock, StopReason } from './message-sink.ts'
import type { MessagesUsage } from './usage.ts'
import { writeUsage } from './usage.ts'

/** A whole answer of `POST /v1/messages`. */
export interface Message {
  id: string
  type: 'message'
  role: 'assistant'
  model: string
  content: MessageBlock[]
  stop_reason: StopReason | null
  stop_sequence: string | null
  stop_details: null
  container: null
  usage: MessagesUsage
}

export type MessageBlock =
  | { type: 'text'; text: string; citations: null }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown }

/** A message of which nothing has come yet. */
export function emptyMessage({ id, model }: MessageHead): Message {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    usage: writeUsage(),
  }
}

/** The message as one object. */
export class WholeMessage implements MessageSink {
  #message: Message | undefined
  #block: OpenedBlock | undefined
  #pieces: string[] = []
  #signature = ''

  /** Once it has ended. */
  message(): Message | undefined {
    return this.#message
  }

  start(head: MessageHead): void {
    this.#message = emptyMessage(head)
  }

  open(block: OpenedBlock): void {
    this.#block = block
    this.#pieces = []
    this.#signature = ''
  }

  piece(piece: string): void {
    this.#pieces.push(piece)
  }

  signature(value: string): void {
    this.#signature = value
  }

  /** A call that was cut is left out: half of an input is none. */
  close(isCut: boolean): void {
    if (this.#block && !isCut) this.#message?.content.push(this.#closed(this.#block, this.#pieces.join('')))
  }

  end({ stop_reason, stop_sequence, usage }: MessageEnd): void {
    if (this.#message) Object.assign(this.#message, { stop_reason, stop_sequence, usage })
  }

  #closed(block: OpenedBlock, text: string): MessageBlock {
    switch (block.type) {
      case 'text':
        return { type: 'text', text, citations: null }
      case 'thinking':
        return { type: 'thinking', thinking: text, signature: this.#signature }
      case 'tool_use':
        return { type: 'tool_use', id: block.id, name: block.name, input: JSON.parse(text) }
    }
  }
}
