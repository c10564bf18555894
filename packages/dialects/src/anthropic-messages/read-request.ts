import type { ReasoningSeal } from '@dragoman/core'
import type { ChatCompletionRequest, ChatMessage } from '@dragoman/openai-schema'
import type { Findings } from '../findings.ts'
import { effortOfBudget } from './effort.ts'
import { contentOf, textPart } from './read-content.ts'
import { readTools } from './read-tools.ts'
import { readTurns } from './read-turns.ts'
import type { CountRequest } from './request-schema.ts'

/** Fields that no other service has a word for, and that change no answer. */
const hints = [
  'context_management',
  'service_tier',
  'speed',
  'container',
  'diagnostics',
  'inference_geo',
  'cache_control',
] as const

/** Services refuse longer ones. */
const longestUser = 128

/** A checked request in the canonical form. */
export function readRequest(
  body: CountRequest,
  seal: ReasoningSeal | undefined,
  findings: Findings,
): ChatCompletionRequest {
  const chat: ChatCompletionRequest = {
    model: body.model,
    messages: [...readSystem(body.system), ...readTurns(body.messages, seal, findings)],
    ...readTools(body, findings),
  }
  if (typeof body.max_tokens === 'number') chat.max_completion_tokens = body.max_tokens
  if (body.stream) chat.stream = true
  for (const field of ['temperature', 'top_p', 'top_k'] as const) {
    const value = body[field]
    if (typeof value === 'number') chat[field] = value
  }
  if (body.stop_sequences?.length) chat.stop = body.stop_sequences
  const effort = readEffort(body)
  if (effort) chat.reasoning_effort = effort
  const format = body.output_config?.format ?? body.output_format
  if (format) {
    chat.response_format = { type: 'json_schema', json_schema: { name: 'output', schema: format.schema } }
  }
  const user = body.metadata?.user_id
  if (user && user.length <= longestUser) chat.user = user
  else if (user) findings.drop('metadata.user_id')

  for (const hint of hints) if (body[hint] !== undefined && body[hint] !== null) findings.drop(hint)
  if (body.mcp_servers?.length) findings.needsRelay('mcp_servers', 'MCP servers are not supported by this model')
  return chat
}

/** Whether the client wants to see reasoning, and whether with its text. */
export function readDisplay({ thinking }: CountRequest): 'none' | 'omitted' | 'full' {
  if (!thinking || thinking.type === 'disabled') return 'none'
  return thinking.display === 'omitted' ? 'omitted' : 'full'
}

function readEffort({ thinking, output_config }: CountRequest): ChatCompletionRequest['reasoning_effort'] {
  if (thinking?.type === 'disabled') return 'none'
  if (output_config?.effort) return output_config.effort
  return thinking?.type === 'enabled' ? effortOfBudget(thinking.budget_tokens ?? 0) : undefined
}

function readSystem(system: CountRequest['system']): ChatMessage[] {
  if (!system || system.length === 0) return []
  if (typeof system === 'string') return [{ role: 'system', content: system }]
  const parts = system.filter(({ text }) => text !== '').map(textPart)
  return parts.length === 0 ? [] : [{ role: 'system', content: contentOf(parts) }]
}
