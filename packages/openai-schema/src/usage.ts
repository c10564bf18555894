import { boolean, number, object } from './fields.ts'
import { schemaFor } from './schema-for.ts'

/** What an answer cost, in tokens. */
export interface Usage {
  /** All input: uncached, read from the cache, and written to it. */
  prompt_tokens: number
  /** All output, reasoning included. */
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: PromptTokensDetails | undefined
  completion_tokens_details?: CompletionTokensDetails | undefined
  /** True where the service reported nothing and the numbers are a guess from the length of the text. */
  estimated?: boolean | undefined
  /** What the service says it charged, in US dollars (OpenRouter). */
  cost?: number | undefined
}

/** Parts of `prompt_tokens`. */
export interface PromptTokensDetails {
  /** Read from the prompt cache. */
  cached_tokens?: number | undefined
  /** Written to the prompt cache, whatever the lifetime. */
  cache_write_tokens?: number | undefined
  /** Those of `cache_write_tokens` that are kept for an hour, which Anthropic charges higher. */
  cache_write_1h_tokens?: number | undefined
  audio_tokens?: number | undefined
  image_tokens?: number | undefined
  text_tokens?: number | undefined
}

/** Parts of `completion_tokens`. */
export interface CompletionTokensDetails {
  reasoning_tokens?: number | undefined
  audio_tokens?: number | undefined
  text_tokens?: number | undefined
  accepted_prediction_tokens?: number | undefined
  rejected_prediction_tokens?: number | undefined
}

const count = number.optional()

export const usage = schemaFor<Usage>()(
  object({
    prompt_tokens: number,
    completion_tokens: number,
    total_tokens: number,
    prompt_tokens_details: object({
      cached_tokens: count,
      cache_write_tokens: count,
      cache_write_1h_tokens: count,
      audio_tokens: count,
      image_tokens: count,
      text_tokens: count,
    }).optional(),
    completion_tokens_details: object({
      reasoning_tokens: count,
      audio_tokens: count,
      text_tokens: count,
      accepted_prediction_tokens: count,
      rejected_prediction_tokens: count,
    }).optional(),
    estimated: boolean.optional(),
    cost: number.optional(),
  }),
)
