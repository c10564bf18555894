import type { AssistantMessage, ChatMessage } from '@dragoman/openai-schema'
import { encodeArguments, encodeContent, encodeConversation } from '@dragoman/provider-openai-compatible'
import type { GeminiTraits } from './model-name.ts'
import { signed } from './signatures.ts'

/** The conversation as the endpoint takes it, for Gemini or, without traits, for an open model. */
export function encodeMessages(messages: readonly ChatMessage[], gemini: GeminiTraits | undefined): ChatMessage[] {
  return encodeConversation(messages, (message) => encodeAnswer(message, gemini))
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

function encodeCall(call: Call, keepsExtra: boolean): Call {
  if (call.type !== 'function') return call
  const { extra_content, ...rest } = call
  return {
    ...rest,
    function: encodeArguments(call.function),
    ...(keepsExtra && extra_content !== undefined && { extra_content }),
  }
}
