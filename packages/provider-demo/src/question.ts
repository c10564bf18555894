import type { ChatCompletionRequest, ChatMessage, MessageContent, ToolCallParam } from '@dragoman/openai-schema'
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
  const calls = messages.flatMap(callsOf)
  // Of several calls with one id the last is meant.
  const names = new Map(calls.map((call) => [call.id, nameOf(call)]))
  const results = turn.flatMap((message) => resultOf(message, names))
  return {
    text: textOf(user?.content),
    media: parts.flatMap((part) => nameOfPart(part) ?? []),
    results,
    // Clients put text beside the results, reminders for instance: that starts no new turn.
    isFromUser: results.length === 0 && turn.some(({ role }) => role === 'user'),
    messages: messages.length,
    hasInstructions: messages.some(({ role }) => role === 'system' || role === 'developer'),
    earlierCalls: calls.length,
  }
}

export function textOf(content: MessageContent | null | undefined): string {
  if (!Array.isArray(content)) return content ?? ''
  return content.flatMap((part) => ('text' in part && typeof part.text === 'string' ? part.text : [])).join('\n')
}

function resultOf(message: ChatMessage, names: ReadonlyMap<string | undefined, string | undefined>): ToolResult[] {
  if (message.role === 'function') return [{ tool: message.name, text: message.content ?? '' }]
  if (message.role !== 'tool') return []
  return [
    { tool: names.get(message.tool_call_id) ?? message.name ?? message.tool_call_id, text: textOf(message.content) },
  ]
}

/** Undefined for a call of a tool that is built into some service. */
function nameOf(call: ToolCallParam): string | undefined {
  if (call.type === 'custom') return call.custom.name
  return call.type === 'function' ? call.function.name : undefined
}

function callsOf(message: ChatMessage) {
  return (message.role === 'assistant' && message.tool_calls) || []
}
