import type { AssistantMessage, ChatMessage, ContentPart, MessageContent } from '@dragoman/openai-schema'

/**
 * The conversation as Z.AI documents it.
 *
 * @param isThinking whether the model thinks in this turn
 */
export function encodeMessages(messages: readonly ChatMessage[], isThinking: boolean): ChatMessage[] {
  return messages.map((message): ChatMessage => {
    switch (message.role) {
      case 'developer':
        return { ...message, role: 'system', content: encodeContent(message.content) }
      case 'system':
      case 'user':
      case 'tool':
        return { ...message, content: encodeContent(message.content) }
      case 'assistant':
        return encodeAnswer(message, isThinking)
      default:
        return message
    }
  })
}

function encodeContent(content: MessageContent): MessageContent {
  return Array.isArray(content) ? content.map(encodePart) : content
}

/** Many clients send the URL of an image as a bare string. */
function encodePart(part: ContentPart): ContentPart {
  if (part.type !== 'image_url' || typeof part.image_url !== 'string') return part
  return { ...part, image_url: { url: part.image_url } }
}

/** Reasoning has to come back under this one name while tools are being called. */
function encodeAnswer(message: AssistantMessage, isThinking: boolean): AssistantMessage {
  const { reasoning_content, reasoning, reasoning_details, thinking, tool_calls, content, ...rest } = message
  const spoken = reasoning_content || reasoning || detailsText(reasoning_details) || thinking
  // Where a client has lost it, something has to stand for it.
  const instead = isThinking && tool_calls?.length ? ' ' : ''
  const told = typeof spoken === 'string' && spoken !== '' ? spoken : instead
  return {
    ...rest,
    content: content ? encodeContent(content) : '',
    ...(told && { reasoning_content: told }),
    ...(tool_calls?.length && { tool_calls: tool_calls.map(withJsonArguments) }),
  }
}

function detailsText(details: AssistantMessage['reasoning_details']): string {
  return (details ?? []).map((detail) => (detail.type === 'reasoning.text' ? (detail.text ?? '') : '')).join('')
}

type Call = NonNullable<AssistantMessage['tool_calls']>[number]

/** Services parse the arguments of earlier calls, and nothing at all is not JSON. */
function withJsonArguments(call: Call): Call {
  if (call.type !== 'function') return call
  const { arguments: given } = call.function
  const text = typeof given === 'string' ? given.trim() || '{}' : JSON.stringify(given ?? {})
  return text === given ? call : { ...call, function: { ...call.function, arguments: text } }
}
