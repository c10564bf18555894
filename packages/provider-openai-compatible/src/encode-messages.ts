import type {
  AssistantMessage,
  ChatMessage,
  ContentPart,
  FunctionCallParam,
  MessageContent,
  ToolCallParam,
} from '@dragoman/openai-schema'
import { mapped } from './mapped.ts'
import type { Settings } from './options.ts'

type MessageSettings = Pick<Settings, 'developerRole' | 'sendReasoningHistory'>

/** The conversation as the service takes it. The same array, or the same messages in it, where nothing has to change. */
export function encodeMessages(messages: ChatMessage[], settings: MessageSettings): ChatMessage[] {
  return mapped(messages, (message) => encodeMessage(message, settings))
}

/**
 * For a service whose earlier answers are written in a way of its own; its instructions are `system` messages. All else
 * as everywhere.
 */
export function encodeConversation(
  messages: readonly ChatMessage[],
  encodeAnswer: (message: AssistantMessage) => AssistantMessage,
): ChatMessage[] {
  const settings: MessageSettings = { developerRole: 'system', sendReasoningHistory: true }
  return messages.map((message) =>
    message.role === 'assistant' ? encodeAnswer(message) : encodeMessage(message, settings),
  )
}

function encodeMessage(message: ChatMessage, settings: MessageSettings): ChatMessage {
  switch (message.role) {
    case 'developer': {
      const encoded = withContent(message, encodeContent(message.content))
      return settings.developerRole === 'system' ? { ...encoded, role: 'system' } : encoded
    }
    case 'system':
    case 'user':
    case 'tool':
      return withContent(message, encodeContent(message.content))
    case 'assistant':
      return encodeAssistant(message, settings)
    default:
      return message
  }
}

function encodeAssistant(message: AssistantMessage, { sendReasoningHistory }: MessageSettings): AssistantMessage {
  let encoded = encodeReasoning(message, sendReasoningHistory)
  if (message.tool_calls) {
    const calls = mapped(message.tool_calls, encodeCall)
    if (calls.length === 0) {
      // OpenAI answers 400 to an empty list.
      const { tool_calls, ...rest } = encoded
      encoded = rest
    } else if (calls !== message.tool_calls) encoded = { ...encoded, tool_calls: calls }
  }
  return message.content ? withContent(encoded, encodeContent(message.content)) : encoded
}

export const reasoningFields = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking'] as const

/** An assistant message with its reasoning as the service takes it; the same object where nothing has to change. */
export function encodeReasoning(message: AssistantMessage, send: Settings['sendReasoningHistory']): AssistantMessage {
  if (send === true) return message
  const { reasoning_content, reasoning, reasoning_details, thinking } = message
  // Nearly always: a long history is read for every request.
  const isPlain = reasoning_content === undefined && reasoning === undefined
  if (isPlain && reasoning_details === undefined && thinking === undefined) return message
  const present = reasoningFields.filter((field) => message[field] !== undefined)
  if (present.length === 1 && present[0] === send && typeof message[send] === 'string') return message
  const rest = withoutReasoning(message)
  if (send === false) return rest
  const text = reasoning_content || reasoning || detailsText(reasoning_details) || thinking
  return typeof text === 'string' ? { ...rest, [send]: text } : rest
}

function withoutReasoning(message: AssistantMessage): AssistantMessage {
  const { reasoning_content, reasoning, reasoning_details, thinking, ...rest } = message
  return rest
}

function detailsText(details: AssistantMessage['reasoning_details']): string | undefined {
  const texts = (details ?? []).flatMap((detail) =>
    detail.type === 'reasoning.text' && typeof detail.text === 'string' ? [detail.text] : [],
  )
  return texts.length > 0 ? texts.join('') : undefined
}

function encodeCall(call: ToolCallParam): ToolCallParam {
  if (call.type !== 'function') return call
  const encoded = encodeArguments(call.function)
  return encoded === call.function ? call : { ...call, function: encoded }
}

/** Services parse the arguments of earlier calls: an object has to be its JSON, and nothing at all is not JSON. */
export function encodeArguments(call: FunctionCallParam): FunctionCallParam {
  if (typeof call.arguments !== 'string') return { ...call, arguments: JSON.stringify(call.arguments ?? {}) }
  return call.arguments.trim() === '' ? { ...call, arguments: '{}' } : call
}

/** With what many clients write otherwise in the one form that services take. */
export function encodeContent(content: MessageContent): MessageContent {
  return Array.isArray(content) ? mapped(content, encodePart) : content
}

/** Many clients send the URL of an image as a bare string, which OpenAI refuses. */
function encodePart(part: ContentPart): ContentPart {
  if (part.type !== 'image_url' || typeof part.image_url !== 'string') return part
  return { ...part, image_url: { url: part.image_url } }
}

function withContent<M extends { content?: MessageContent | null | undefined }>(
  message: M,
  content: MessageContent,
): M {
  return content === message.content ? message : { ...message, content }
}
