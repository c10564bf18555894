import type { MessageEnd, MessageHead, MessageSink, OpenedBlock } from './message-sink.ts'
import { emptyMessage } from './whole-message.ts'

/** The message as events of a stream. */
export class MessageFrames implements MessageSink {
  #frames = ''
  #index = -1
  /** The frame of a piece up to the JSON of the piece: the same for a whole block. */
  #before = ''

  /** What has come since it was last asked. */
  take(): string {
    const frames = this.#frames
    this.#frames = ''
    return frames
  }

  start(head: MessageHead): void {
    this.#frames += frame({ type: 'message_start', message: emptyMessage(head) })
  }

  open(block: OpenedBlock): void {
    const index = ++this.#index
    this.#frames += frame({ type: 'content_block_start', index, content_block: emptyBlock(block) })
    this.#before = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${beginning[block.type]}`
  }

  piece(piece: string): void {
    this.#frames += `${this.#before}${JSON.stringify(piece)}}}\n\n`
  }

  signature(signature: string): void {
    this.#frames += frame({
      type: 'content_block_delta',
      index: this.#index,
      delta: { type: 'signature_delta', signature },
    })
  }

  close(): void {
    this.#frames += frame({ type: 'content_block_stop', index: this.#index })
  }

  end({ stop_reason, stop_sequence, usage }: MessageEnd): void {
    const delta = { stop_reason, stop_sequence, stop_details: null, container: null }
    // Those two are told with the whole message only.
    const { service_tier, cache_creation, ...counts } = usage
    this.#frames += frame({ type: 'message_delta', delta, usage: counts })
  }
}

/** One event. */
export function frame(event: { readonly type: string } & Readonly<Record<string, unknown>>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

const beginning = {
  text: '{"type":"text_delta","text":',
  thinking: '{"type":"thinking_delta","thinking":',
  tool_use: '{"type":"input_json_delta","partial_json":',
} as const

function emptyBlock(block: OpenedBlock): object {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '' }
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'tool_use':
      return { type: 'tool_use', id: block.id, name: block.name, input: {} }
  }
}
