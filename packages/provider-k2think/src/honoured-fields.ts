import type { ChatCompletionRequest } from '@dragoman/openai-schema'

/** Fields that both doors take, or that are done here. What else would come of any other is not known. */
const byBoth: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'temperature',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
])

/** What asks for nothing beyond what every answer is. */
const isIdle: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  response_format: (value) => typeof value === 'object' && value !== null && 'type' in value && value.type === 'text',
  modalities: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
}

/** A request without the fields that a door does not take. */
export function honoured(request: ChatCompletionRequest, more: readonly string[] = []): ChatCompletionRequest {
  const { model, messages } = request
  const taken = Object.entries(request).filter(([field]) => byBoth.has(field) || more.includes(field))
  return { ...Object.fromEntries(taken), model, messages }
}

/** What is lost by that. */
export function unhonoured(request: ChatCompletionRequest, more: readonly string[] = []): string[] {
  return Object.entries(request).flatMap(([field, value]) => {
    const isTaken = byBoth.has(field) || more.includes(field)
    return isTaken || value === undefined || value === null || isIdle[field]?.(value) ? [] : [field]
  })
}
