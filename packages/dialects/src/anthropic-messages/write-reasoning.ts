import { ReasoningDetails } from '@dragoman/core'
import type { AssistantMessage, ReasoningDetail } from '@dragoman/openai-schema'
import type { Block } from './write-content.ts'

/** Whose signatures these are. */
export const claudeFormat = 'anthropic-claude-v1'

/**
 * The thinking blocks that a turn began with, unmodified and in order. What is not signed by Anthropic is left out: the
 * service refuses blocks that it has not made.
 */
export function writeReasoning(message: AssistantMessage): Block[] {
  const details = new ReasoningDetails()
  for (const detail of message.reasoning_details ?? []) details.add(detail)
  return details.list().flatMap((detail) => thinkingBlock(detail) ?? [])
}

/** Whether the turn has such a block. */
export function isSigned(message: AssistantMessage): boolean {
  return message.reasoning_details?.some((detail) => thinkingBlock(detail) !== undefined) ?? false
}

function thinkingBlock(detail: ReasoningDetail): Block | undefined {
  if (detail.format !== claudeFormat) return undefined
  if (detail.type === 'reasoning.encrypted') return { type: 'redacted_thinking', data: detail.data }
  if (detail.type !== 'reasoning.text' || !detail.signature) return undefined
  return { type: 'thinking', thinking: detail.text ?? '', signature: detail.signature }
}
