import type { ChatCompletionRequest, ChatMessage, MessageContent } from '@dragoman/openai-schema'
import { nameOfPart } from './media.ts'

/** What a conversation asks at its end. */
export interface Question {
  /** Of the last user message. */
  readonly text: string
  /** Its parts that are no text, by name. */
  readonly media: readonly string[]
  /** What tools have answered since the last word of the assistant. */
  readonly results: readonly ToolResult[]
  /** Whether it is the user who spoke last, and not a tool or the assistant. */
  readonly isFromUser: boolean
  readonly messages: number
  readonly hasInstructions: boolean
  /** Tool calls made earlier in the conversation. */
  readonly earlierCalls: number
}

export interface ToolResult {
  readonly tool: string
  readonly text: string
}

export function readQuestion({ messages }: ChatCompletionRequest): Question {
  const turn = messages.slice(messages.findLastIndex(({ role }) => role === 'assistant') + 1)
  const user = messages.findLast(({ role }) => role === 'user')
  const parts = Array.isArray(user?.content) ? user.content : []
  const results = turn.flatMap((message) => resultOf(message, messages))
  return {
    text: textOf(user?.content),
    media: parts.flatMap((part) => nameOfPart(part) ?? []),
    results,
    // Clients put text beside the results, reminders for instance: that starts no new turn.
    isFromUser: results.length === 0 && turn.some(({ role }) => role === 'user'),
    messages: messages.length,
    hasInstructions: messages.some(({ role }) => role === 'system' || role === 'developer'),
    earlierCalls: messages.reduce((sum, message) => sum + callsOf(message).length, 0),
  }
}

export function textOf(content: MessageContent | null | undefined): string {
  if (!Array.isArray(content)) return content ?? ''
  return content.flatMap((part) => ('text' in part && typeof part.text === 'string' ? part.text : [])).join('\n')
}

function resultOf(message: ChatMessage, messages: readonly ChatMessage[]): ToolResult[] {
  if (message.role === 'function') return [{ tool: message.name, text: message.content ?? '' }]
  if (message.role !== 'tool') return []
  const call = messages.flatMap(callsOf).findLast(({ id }) => id === message.tool_call_id)
  const name = call?.type === 'custom' ? call.custom.name : call?.function.name
  return [{ tool: name ?? message.name ?? message.tool_call_id, text: textOf(message.content) }]
}

function callsOf(message: ChatMessage) {
  return (message.role === 'assistant' && message.tool_calls) || []
}
