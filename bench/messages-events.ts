import { usage } from './contents.ts'
import type { EventCheck, StreamExpectation } from './stream-check.ts'
import type { Texts } from './texts.ts'
import { typedEvents } from './typed-events.ts'

/** What is looked at in an event, as far as it is there. */
interface MessagesEvent {
  readonly type: string
  readonly index?: unknown
  readonly message?: {
    readonly id?: unknown
    readonly type?: unknown
    readonly role?: unknown
    readonly content?: unknown
    readonly stop_reason?: unknown
    readonly usage?: { readonly input_tokens?: unknown; readonly output_tokens?: unknown }
  }
  readonly content_block?: { readonly type?: unknown; readonly text?: unknown }
  readonly delta?: { readonly type?: unknown; readonly text?: unknown; readonly stop_reason?: unknown }
  readonly usage?: { readonly input_tokens?: unknown; readonly output_tokens?: unknown }
}

/** Anthropic Messages: one message with one block of text. */
export function messagesEvents(texts: Texts, { asked }: StreamExpectation): EventCheck {
  const expected = usage(asked.chunks)
  return typedEvents<MessagesEvent>({
    order: [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ],
    repeated: 'content_block_delta',
    idle: 'ping',
    fault(event) {
      const { type, delta } = event
      if (type.startsWith('content_block_') && event.index !== 0) return `${type} has the index ${event.index}`
      switch (type) {
        case 'message_start':
          return isEmptyMessage(event) ? undefined : 'message_start has another message than an empty one'
        case 'content_block_start':
          return isEmptyText(event) ? undefined : 'content_block_start has another block than an empty text'
        case 'content_block_delta':
          if (delta?.type !== 'text_delta' || typeof delta.text !== 'string')
            return `a delta of the type ${delta?.type}`
          return texts.add(delta.text)
        case 'message_delta':
          if (delta?.stop_reason !== 'end_turn') return `stop reason ${delta?.stop_reason}`
          if (event.usage?.output_tokens !== expected.completion_tokens) return 'the usage differs'
          return event.usage.input_tokens === expected.prompt_tokens ? undefined : 'the usage differs'
        default:
          return undefined
      }
    },
  })
}

function isEmptyMessage({ message }: MessagesEvent): boolean {
  return (
    message?.type === 'message' &&
    message.role === 'assistant' &&
    typeof message.id === 'string' &&
    Array.isArray(message.content) &&
    message.content.length === 0 &&
    message.stop_reason === null &&
    typeof message.usage?.input_tokens === 'number' &&
    typeof message.usage.output_tokens === 'number'
  )
}

function isEmptyText({ content_block: block }: MessagesEvent): boolean {
  return block?.type === 'text' && block.text === ''
}
