import type { AssistantMessage, ChatMessage } from '@dragoman/openai-schema'
import { encodeArguments, encodeContent, encodeConversation } from '@dragoman/provider-openai-compatible'

/**
 * The conversation as Z.AI documents it.
 *
 * @param isThinking whether the model thinks in this turn
 */
export function encodeMessages(messages: readonly ChatMessage[], isThinking: boolean): ChatMessage[] {
  return encodeConversation(messages, (message) => encodeAnswer(message, isThinking))
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

function withJsonArguments(call: Call): Call {
  return call.type === 'function' ? { ...call, function: encodeArguments(call.function) } : call
}
