import type { ServiceTier } from './chat-request.ts'
import { anything, choice, list, literal, number, object, openVariants, string, unread } from './fields.ts'
import type { ReasoningDetail } from './reasoning.ts'
import { reasoningDetail } from './reasoning.ts'
import { schemaFor } from './schema-for.ts'
import type { FunctionCall, ToolCall } from './tools.ts'
import { functionCall, toolCall } from './tools.ts'
import type { Usage } from './usage.ts'
import { usage } from './usage.ts'

/**
 * A whole answer of `POST /chat/completions`, in the form all clients understand. Services' own spellings (a foreign
 * `finish_reason`, content as parts) have been mapped before they become this.
 */
export interface ChatCompletion {
  /** Usually `chatcmpl-…`. */
  id: string
  object: 'chat.completion'
  /** Unix time in seconds. */
  created: number
  model: string
  choices: Choice[]
  /** Absent only where a service reported nothing and nobody has estimated it yet. */
  usage?: Usage | undefined
  service_tier?: ServiceTier | null | undefined
  system_fingerprint?: string | undefined
  /** Sources of a search, as Perplexity and xAI send them. */
  citations?: unknown[] | undefined
  search_results?: unknown[] | undefined
  extra_content?: unknown
}

export interface Choice {
  index: number
  message: ChatCompletionMessage
  logprobs: Logprobs | null
  finish_reason: FinishReason
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** The model's answer. */
export interface ChatCompletionMessage {
  role: 'assistant'
  /** null when there are only tool calls; "" when the answer is empty. */
  content: string | null
  refusal: string | null
  /** Absent, never empty, when there are none: clients test for its presence. */
  tool_calls?: ToolCall[] | undefined
  /** Legacy form of `tool_calls`, for requests that used `functions`. */
  function_call?: FunctionCall | null | undefined
  /** Absent when there is none. */
  reasoning_content?: string | undefined
  /** The same under the name OpenRouter's clients read. */
  reasoning?: string | undefined
  reasoning_details?: ReasoningDetail[] | undefined
  /** The same under a third name, for clients that ask for it. */
  thinking?: string | undefined
  annotations?: Annotation[] | undefined
  audio?: AudioAnswer | null | undefined
  extra_content?: unknown
}

export type Annotation = UrlCitation | ForeignAnnotation

/** A web page the answer rests on. */
export interface UrlCitation {
  type: 'url_citation'
  url_citation: {
    url: string
    title: string
    /** The cited stretch of `content`, in characters; 0 and 0 where the service does not say. */
    start_index: number
    end_index: number
  }
}

/**
 * An annotation of another kind, such as a file OpenRouter has read. At run time `type` may be any other string, and
 * fields that are not named here may be present.
 */
export interface ForeignAnnotation {
  type: 'file' | 'file_citation'
  file?: unknown
}

/** A spoken answer. */
export interface AudioAnswer {
  id: string
  /** Base64. */
  data: string
  /** Unix time in seconds. */
  expires_at: number
  transcript: string
}

export interface Logprobs {
  content: TokenLogprob[] | null
  refusal: TokenLogprob[] | null
}

export interface TokenLogprob extends TopLogprob {
  /** The likeliest tokens at this place. */
  top_logprobs: TopLogprob[]
}

export interface TopLogprob {
  token: string
  logprob: number
  /** UTF-8 bytes of the token; null where it has none. */
  bytes: number[] | null
}

const top = { token: string, logprob: number, bytes: list(number, 'numbers').nullable() }
const tokens = list(object({ ...top, top_logprobs: list(object(top), 'log probabilities') }), 'log probabilities')

export const logprobs = schemaFor<Logprobs>()(object({ content: tokens.nullable(), refusal: tokens.nullable() }))

export const finishReason = schemaFor<FinishReason>()(
  choice(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']),
)

export const annotation = schemaFor<Annotation>()(
  openVariants(
    'an annotation (an object with a type)',
    [
      object({
        type: literal('url_citation'),
        url_citation: object({ url: string, title: string, start_index: number, end_index: number }),
      }),
    ],
    unread<ForeignAnnotation>(),
  ),
)

const message = object({
  role: literal('assistant'),
  content: string.nullable(),
  refusal: string.nullable(),
  tool_calls: list(toolCall, 'tool calls').optional(),
  function_call: functionCall.nullish(),
  reasoning_content: string.optional(),
  reasoning: string.optional(),
  reasoning_details: list(reasoningDetail, 'reasoning details').optional(),
  thinking: string.optional(),
  annotations: list(annotation, 'annotations').optional(),
  audio: object({ id: string, data: string, expires_at: number, transcript: string }).nullish(),
  extra_content: anything,
})

export const chatCompletion = schemaFor<ChatCompletion>()(
  object({
    id: string,
    object: literal('chat.completion'),
    created: number,
    model: string,
    choices: list(
      object({ index: number, message, logprobs: logprobs.nullable(), finish_reason: finishReason }),
      'choices',
    ),
    usage: usage.optional(),
    service_tier: string.nullish(),
    system_fingerprint: string.optional(),
    citations: list(anything, 'citations').optional(),
    search_results: list(anything, 'search results').optional(),
    extra_content: anything,
  }),
)
