import type { Annotation, TokenLogprob, Usage } from '@dragoman/openai-schema'
import type { ResponsesRequest } from './request-schema.ts'

/** The body of an answer, whole or at the end of a stream. `output_text` is made by the SDKs. */
export interface ResponseObject extends ResponseEcho {
  /** `resp_…` */
  id: string
  object: 'response'
  /** Unix time in seconds, as is `completed_at`. */
  created_at: number
  completed_at: number | null
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  error: { code: string; message: string } | null
  incomplete_details: { reason: 'max_output_tokens' | 'content_filter' } | null
  model: string
  output: OutputItem[]
  service_tier: string | null
  usage: ResponseUsage | null
}

/** What a response says about its request. */
export interface ResponseEcho {
  background: false
  instructions: string | null
  max_output_tokens: number | null
  max_tool_calls: number | null
  metadata: Record<string, string>
  parallel_tool_calls: boolean
  previous_response_id: string | null
  prompt_cache_key: string | null
  reasoning: { effort: string | null; summary: string | null }
  safety_identifier: string | null
  store: boolean
  temperature: number | null
  text: object
  tool_choice: unknown
  tools: readonly unknown[]
  top_logprobs: number
  top_p: number | null
  truncation: string
  user: string | null
}

export type OutputItem = OutputMessage | OutputReasoning | OutputFunctionCall | OutputCustomCall

// Types, not interfaces: what was answered is read again as input, whose items may have any field.

type ItemStatus = 'completed' | 'incomplete'

export type OutputMessage = {
  id: string
  type: 'message'
  status: ItemStatus
  role: 'assistant'
  content: OutputPart[]
}

export type OutputPart =
  | { type: 'output_text'; text: string; annotations: OutputAnnotation[]; logprobs: TokenLogprob[] }
  | { type: 'refusal'; refusal: string }

export type OutputReasoning = {
  id: string
  type: 'reasoning'
  summary: { type: 'summary_text'; text: string }[]
  /** Only where the request's `include` asks for it. */
  encrypted_content?: string
}

export type OutputFunctionCall = {
  id: string
  type: 'function_call'
  status: ItemStatus
  /** The id of the call in Chat Completions. */
  call_id: string
  name: string
  namespace?: string
  arguments: string
}

export type OutputCustomCall = {
  id: string
  type: 'custom_tool_call'
  status: ItemStatus
  call_id: string
  name: string
  namespace?: string
  input: string
}

export type OutputAnnotation = {
  type: 'url_citation'
  url: string
  title: string
  start_index: number
  end_index: number
}

export interface ResponseUsage {
  input_tokens: number
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number }
  output_tokens: number
  output_tokens_details: { reasoning_tokens: number }
  total_tokens: number
  /** The service reported nothing; the numbers are a guess. */
  estimated?: boolean
}

/** What a stored answer is made of. */
export interface FinalResponse {
  /** As the client has it. */
  readonly response: ResponseObject
  /** Its output as the next turn needs it: reasoning is sealed here whether the client asked for that or not. */
  readonly items: readonly OutputItem[]
}

export function echoOf(request: ResponsesRequest): ResponseEcho {
  const { reasoning, text } = request
  return {
    background: false,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: request.safety_identifier ?? null,
    store: request.store ?? true,
    temperature: request.temperature ?? null,
    text: { ...text, format: text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? null,
    truncation: request.truncation ?? 'disabled',
    user: request.user ?? null,
  }
}

export function usageOf(usage: Usage): ResponseUsage {
  const { prompt_tokens_details: prompt, completion_tokens_details: completion } = usage
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: {
      cached_tokens: prompt?.cached_tokens ?? 0,
      cache_write_tokens: prompt?.cache_write_tokens ?? 0,
    },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: completion?.reasoning_tokens ?? 0 },
    total_tokens: usage.total_tokens,
    ...(usage.estimated && { estimated: true }),
  }
}

/** Undefined for kinds that Responses has no word for: the AI SDK refuses answers with unknown ones. */
export function annotationOf(annotation: Annotation): OutputAnnotation | undefined {
  if (annotation.type !== 'url_citation') return undefined
  const { url, title, start_index, end_index } = annotation.url_citation
  return { type: 'url_citation', url, title: title ?? '', start_index: start_index ?? 0, end_index: end_index ?? 0 }
}
