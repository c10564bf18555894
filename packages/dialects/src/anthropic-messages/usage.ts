import type { PromptTokensDetails, Usage } from '@dragoman/openai-schema'

/** Usage as Messages tells it: `input_tokens` is what was neither read from the cache nor written to it. */
export interface MessagesUsage {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly cache_creation: {
    readonly ephemeral_5m_input_tokens: number
    readonly ephemeral_1h_input_tokens: number
  }
  readonly output_tokens: number
  readonly output_tokens_details: { readonly thinking_tokens: number } | null
  readonly server_tool_use: null
  readonly service_tier: 'standard'
}

/** Zeros where nothing is known yet. */
export function writeUsage(usage?: Usage | null): MessagesUsage {
  const { cached_tokens: read = 0, cache_write_tokens: written = 0 } = usage?.prompt_tokens_details ?? {}
  const anHour = usage?.prompt_tokens_details?.cache_write_1h_tokens ?? 0
  const thinking = usage?.completion_tokens_details?.reasoning_tokens
  return {
    input_tokens: Math.max(0, (usage?.prompt_tokens ?? 0) - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: {
      ephemeral_5m_input_tokens: Math.max(0, written - anHour),
      ephemeral_1h_input_tokens: anHour,
    },
    output_tokens: usage?.completion_tokens ?? 0,
    output_tokens_details: thinking === undefined ? null : { thinking_tokens: thinking },
    server_tool_use: null,
    service_tier: 'standard',
  }
}

/** What an upstream has reported so far: its numbers are cumulative, and come in several events. */
export interface ReportedUsage {
  input_tokens?: unknown
  cache_creation_input_tokens?: unknown
  cache_read_input_tokens?: unknown
  cache_creation?: unknown
  output_tokens?: unknown
  output_tokens_details?: unknown
}

/** Undefined where nothing was reported. */
export function readUsage(reported: ReportedUsage): Usage | undefined {
  const input = count(reported.input_tokens)
  const written = count(reported.cache_creation_input_tokens)
  const read = count(reported.cache_read_input_tokens)
  const output = count(reported.output_tokens)
  if (input === undefined && output === undefined) return undefined

  const prompt = (input ?? 0) + (written ?? 0) + (read ?? 0)
  const usage: Usage = {
    prompt_tokens: prompt,
    completion_tokens: output ?? 0,
    total_tokens: prompt + (output ?? 0),
  }
  const anHour = countIn(reported.cache_creation, 'ephemeral_1h_input_tokens')
  const details: PromptTokensDetails = {
    ...(read !== undefined && { cached_tokens: read }),
    ...(written && { cache_write_tokens: written }),
    ...(anHour && { cache_write_1h_tokens: anHour }),
  }
  if (Object.keys(details).length > 0) usage.prompt_tokens_details = details
  const thinking = countIn(reported.output_tokens_details, 'thinking_tokens')
  if (thinking !== undefined) usage.completion_tokens_details = { reasoning_tokens: thinking }
  return usage
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function countIn(value: unknown, field: string): number | undefined {
  return typeof value === 'object' && value !== null ? count(Reflect.get(value, field)) : undefined
}
