import type { AssistantMessage, ChatMessage, ContentPart, MessageContent } from '@dragoman/openai-schema'
import type { GeminiTraits } from './model-name.ts'
import { signed } from './signatures.ts'

/** The conversation as the endpoint takes it, for Gemini or, without traits, for an open model. */
export function encodeMessages(messages: readonly ChatMessage[], gemini: GeminiTraits | undefined): ChatMessage[] {
  return messages.map((message): ChatMessage => {
    switch (message.role) {
      case 'developer':
        return { ...message, role: 'system', content: encodeContent(message.content) }
      case 'system':
      case 'user':
      case 'tool':
        return { ...message, content: encodeContent(message.content) }
      case 'assistant':
        return encodeAnswer(message, gemini)
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

/** Gemini takes signatures back and no thoughts; open models take their reasoning and know no signatures. */
function encodeAnswer(message: AssistantMessage, gemini: GeminiTraits | undefined): AssistantMessage {
  const known = gemini ? signed(message, gemini.needsSignatures) : message
  const { reasoning_content, reasoning, reasoning_details, thinking, tool_calls, content, extra_content, ...rest } =
    known
  const text = reasoning_content ?? reasoning ?? (typeof thinking === 'string' ? thinking : undefined)
  return {
    ...rest,
    content: content ? encodeContent(content) : (content ?? null),
    ...(!gemini && text && { reasoning_content: text }),
    ...(gemini && extra_content !== undefined && { extra_content }),
    ...(tool_calls?.length && { tool_calls: tool_calls.map((call) => encodeCall(call, gemini !== undefined)) }),
  }
}

type Call = NonNullable<AssistantMessage['tool_calls']>[number]

/** Services parse the arguments of earlier calls, and nothing at all is not JSON. */
function encodeCall(call: Call, keepsExtra: boolean): Call {
  if (call.type !== 'function') return call
  const { extra_content, ...rest } = call
  const { arguments: given } = call.function
  const text = typeof given === 'string' ? given.trim() || '{}' : JSON.stringify(given ?? {})
  return {
    ...rest,
    function: { ...call.function, arguments: text },
    ...(keepsExtra && extra_content !== undefined && { extra_content }),
  }
}
