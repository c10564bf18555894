import type { Annotation, FinishReason, Logprobs } from './chat-completion.ts'
import { annotation, finishReason, logprobs } from './chat-completion.ts'
import type { ServiceTier } from './chat-request.ts'
import { anything, choice, list, literal, number, object, string } from './fields.ts'
import type { ReasoningDetail } from './reasoning.ts'
import { reasoningDetail } from './reasoning.ts'
import { schemaFor } from './schema-for.ts'
import type { Usage } from './usage.ts'
import { usage } from './usage.ts'

/** One event of a streamed answer, in the form all clients understand. */
export interface ChatCompletionChunk {
  /** The same in all chunks of an answer, as are `created` and `model`. */
  id: string
  object: 'chat.completion.chunk'
  /** Unix time in seconds. */
  created: number
  model: string
  /** Empty only in the chunk that brings the usage. */
  choices: ChunkChoice[]
  usage?: Usage | null | undefined
  service_tier?: ServiceTier | null | undefined
  system_fingerprint?: string | undefined
  /** Sources of a search, as Perplexity and xAI send them. */
  citations?: unknown[] | undefined
  search_results?: unknown[] | undefined
  /** Padding that hides the length of the chunk. */
  obfuscation?: string | undefined
  extra_content?: unknown
}

export interface ChunkChoice {
  index: number
  delta: Delta
  logprobs?: Logprobs | null | undefined
  /** null in all chunks of a choice but its last. */
  finish_reason: FinishReason | null
}

/** What a chunk adds to the message. Texts are appended to what came before. */
export interface Delta {
  /** In the first chunk of a choice only. */
  role?: 'assistant' | undefined
  content?: string | null | undefined
  refusal?: string | null | undefined
  tool_calls?: ToolCallDelta[] | undefined
  /** Legacy form of `tool_calls`. */
  function_call?: { name?: string | undefined; arguments?: string | undefined } | undefined
  /** Comes before content. Absent when there is none, never "" or null. */
  reasoning_content?: string | undefined
  /** The same under the name OpenRouter's clients read. */
  reasoning?: string | undefined
  reasoning_details?: ReasoningDetail[] | undefined
  /** The same under a third name, for clients that ask for it. */
  thinking?: string | undefined
  annotations?: Annotation[] | undefined
  audio?: AudioDelta | undefined
  extra_content?: unknown
}

/**
 * A piece of a tool call. The first piece of a call has `id`, `type` and the name; later ones only `index` and more
 * arguments, since clients append whatever comes.
 */
export interface ToolCallDelta {
  /** Which call of the choice: 0, 1, 2 … */
  index: number
  id?: string | undefined
  type?: 'function' | 'custom' | undefined
  function?: { name?: string | undefined; arguments?: string | undefined } | undefined
  custom?: { name?: string | undefined; input?: string | undefined } | undefined
  /** Gemini's thought signature travels here: `extra_content.google.thought_signature`. */
  extra_content?: unknown
}

/** A piece of a spoken answer; `data` and `transcript` are appended. */
export interface AudioDelta {
  id?: string | undefined
  /** Base64. */
  data?: string | undefined
  /** Unix time in seconds. */
  expires_at?: number | undefined
  transcript?: string | undefined
}

const callPiece = object({ name: string.optional(), arguments: string.optional() })

export const toolCallDelta = schemaFor<ToolCallDelta>()(
  object({
    index: number,
    id: string.optional(),
    type: choice(['function', 'custom']).optional(),
    function: callPiece.optional(),
    custom: object({ name: string.optional(), input: string.optional() }).optional(),
    extra_content: anything,
  }),
)

const delta = object({
  role: literal('assistant').optional(),
  content: string.nullish(),
  refusal: string.nullish(),
  tool_calls: list(toolCallDelta, 'tool call deltas').optional(),
  function_call: callPiece.optional(),
  reasoning_content: string.optional(),
  reasoning: string.optional(),
  reasoning_details: list(reasoningDetail, 'reasoning details').optional(),
  thinking: string.optional(),
  annotations: list(annotation, 'annotations').optional(),
  audio: object({
    id: string.optional(),
    data: string.optional(),
    expires_at: number.optional(),
    transcript: string.optional(),
  }).optional(),
  extra_content: anything,
})

export const chatCompletionChunk = schemaFor<ChatCompletionChunk>()(
  object({
    id: string,
    object: literal('chat.completion.chunk'),
    created: number,
    model: string,
    choices: list(
      object({ index: number, delta, logprobs: logprobs.nullish(), finish_reason: finishReason.nullable() }),
      'choices',
    ),
    usage: usage.nullish(),
    service_tier: string.nullish(),
    system_fingerprint: string.optional(),
    citations: list(anything, 'citations').optional(),
    search_results: list(anything, 'search results').optional(),
    obfuscation: string.optional(),
    extra_content: anything,
  }),
)
