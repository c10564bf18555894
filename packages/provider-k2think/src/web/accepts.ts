import type { Acceptance } from '@dragoman/core'
import { promptTools } from '@dragoman/normalizer'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { hostedTools, refusal } from '../refusal.ts'
import type { K2ThinkWebOptions } from '../web.ts'

/** Fields that the site takes, or that are done here. */
const honoured: ReadonlySet<string> = new Set([
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

/** What the site cannot honour of a request, before anything is sent. */
export function accepts(
  request: ChatCompletionRequest,
  { promptTools: isPrompted = true, maxToolCharacters }: Pick<K2ThinkWebOptions, 'promptTools' | 'maxToolCharacters'>,
): Acceptance {
  const dropped = Object.entries(request).flatMap(([field, value]) =>
    value === undefined || value === null || honoured.has(field) || isIdle[field]?.(value) ? [] : [field],
  )
  return {
    dropped: [...dropped, ...hostedTools(request), ...earlierReasoning(request)],
    refused: refusal(request, isPrompted) ?? tooManyTools(request, maxToolCharacters),
  }
}

/** It has no place in a conversation of text; the model's own template leaves it out as well. */
function earlierReasoning({ messages }: ChatCompletionRequest): string[] {
  const hasIt = messages.some((message) => message.role === 'assistant' && message.reasoning_content)
  return hasIt ? ['messages[].reasoning_content'] : []
}

/** The site is reported to refuse long descriptions of tools; where it does is for the operator to find out. */
function tooManyTools(request: ChatCompletionRequest, most: number | undefined): Acceptance['refused'] {
  const { tools, functions } = request
  if (most === undefined || !(tools?.length || functions?.length)) return undefined
  const [first] = promptTools({ ...request, messages: [] as { role: string; content?: unknown }[] }).messages
  const length = typeof first?.content === 'string' ? first.content.length : 0
  if (length <= most) return undefined
  const message = `The tools take ${length} characters of prompt, and maxToolCharacters of k2think-web is ${most}`
  return { param: tools?.length ? 'tools' : 'functions', message }
}
