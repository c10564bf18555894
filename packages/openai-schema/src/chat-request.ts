import type { MessageContent } from './content.ts'
import { messageContent } from './content.ts'
import { contradictions } from './contradictions.ts'
import { anything, boolean, dictionary, either, integer, list, literal, number, object, string } from './fields.ts'
import type { ChatMessage } from './messages.ts'
import { chatMessage } from './messages.ts'
import type { Open } from './open.ts'
import type { ResponseFormat } from './response-format.ts'
import { responseFormat } from './response-format.ts'
import { schemaFor } from './schema-for.ts'
import type { LegacyFunction, LegacyFunctionChoice, Tool, ToolChoice } from './tools.ts'
import { legacyFunction, legacyFunctionChoice, tool, toolChoice } from './tools.ts'

/**
 * The body of `POST /chat/completions`, with the fields that services beside OpenAI added.
 *
 * `null` for an optional field means that it is absent. Fields that are not named here may be present and travel along.
 * Source: OpenAI API reference, "Create chat completion"; the vendors' own references for the rest.
 */
export interface ChatCompletionRequest extends VendorFields {
  /** The name of a model or of a model group. */
  model: string
  /** The conversation, oldest first; at least one message. */
  messages: ChatMessage[]

  /** Answer as server-sent events. */
  stream?: boolean | null | undefined
  stream_options?: StreamOptions | null | undefined

  /** Most tokens of the answer, reasoning included. */
  max_completion_tokens?: number | null | undefined
  /** The older name of `max_completion_tokens`. Where both are given they must be equal. */
  max_tokens?: number | null | undefined
  /** 0 to 2. */
  temperature?: number | null | undefined
  /** 0 to 1. */
  top_p?: number | null | undefined
  /** Number of choices. */
  n?: number | null | undefined
  /** Texts that end the answer, at most 4. */
  stop?: string | string[] | null | undefined
  /** -2 to 2. */
  presence_penalty?: number | null | undefined
  /** -2 to 2. */
  frequency_penalty?: number | null | undefined
  /** -100 to 100, by token id. */
  logit_bias?: Record<string, number> | null | undefined
  logprobs?: boolean | null | undefined
  /** 0 to 20; needs `logprobs`. */
  top_logprobs?: number | null | undefined
  seed?: number | null | undefined

  tools?: Tool[] | null | undefined
  tool_choice?: ToolChoice | null | undefined
  /** Whether one turn may hold several calls. */
  parallel_tool_calls?: boolean | null | undefined
  /** Legacy form of `tools`. */
  functions?: LegacyFunction[] | null | undefined
  /** Legacy form of `tool_choice`. */
  function_call?: LegacyFunctionChoice | null | undefined

  response_format?: ResponseFormat | null | undefined
  reasoning_effort?: Open<'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'> | null | undefined
  verbosity?: Open<'low' | 'medium' | 'high'> | null | undefined
  modalities?: Open<'text' | 'audio'>[] | null | undefined
  /** How a spoken answer sounds. */
  audio?: AudioOptions | null | undefined
  prediction?: Prediction | null | undefined
  web_search_options?: WebSearchOptions | null | undefined

  service_tier?: ServiceTier | null | undefined
  store?: boolean | null | undefined
  metadata?: Record<string, string> | null | undefined
  /** Deprecated by OpenAI in favour of `safety_identifier` and `prompt_cache_key`. */
  user?: string | null | undefined
  safety_identifier?: string | null | undefined
  prompt_cache_key?: string | null | undefined
  prompt_cache_options?: PromptCacheOptions | null | undefined
  /** Deprecated by OpenAI in favour of `prompt_cache_options`. */
  prompt_cache_retention?: Open<'in_memory' | '24h'> | null | undefined
  moderation?: ModerationOptions | null | undefined
}

/** Request fields of other services. They are passed on and not looked into. */
export interface VendorFields {
  top_k?: unknown
  min_p?: unknown
  repetition_penalty?: unknown
  stop_token_ids?: unknown
  guided_json?: unknown
  chat_template_kwargs?: unknown
  thinking?: unknown
  enable_thinking?: unknown
  thinking_budget?: unknown
  reasoning?: unknown
  include_reasoning?: unknown
  provider?: unknown
  models?: unknown
  transforms?: unknown
  plugins?: unknown
  route?: unknown
  web_search?: unknown
  search_parameters?: unknown
  safety_settings?: unknown
  cache_control?: unknown
  extra_body?: unknown
}

export interface StreamOptions {
  /** One last chunk carries the usage. */
  include_usage?: boolean | null | undefined
  /** Chunks are padded to hide their length. */
  include_obfuscation?: boolean | null | undefined
}

export interface AudioOptions {
  voice: string | { id: string }
  format: Open<'wav' | 'aac' | 'mp3' | 'flac' | 'opus' | 'pcm16'>
}

/** Text the answer will mostly repeat, for speed. */
export interface Prediction {
  type: 'content'
  content: MessageContent
}

export interface WebSearchOptions {
  search_context_size?: Open<'low' | 'medium' | 'high'> | null | undefined
  user_location?:
    | {
        type: 'approximate'
        approximate: {
          city?: string | null | undefined
          /** Two-letter code. */
          country?: string | null | undefined
          region?: string | null | undefined
          /** IANA name. */
          timezone?: string | null | undefined
        }
      }
    | null
    | undefined
}

export type ServiceTier = Open<'auto' | 'default' | 'flex' | 'scale' | 'priority' | 'fast'>

export interface PromptCacheOptions {
  mode?: Open<'implicit' | 'explicit'> | null | undefined
  ttl?: string | null | undefined
}

export interface ModerationOptions {
  model?: string | null | undefined
  policy?: unknown
}

const vendorFields = {
  top_k: anything,
  min_p: anything,
  repetition_penalty: anything,
  stop_token_ids: anything,
  guided_json: anything,
  chat_template_kwargs: anything,
  thinking: anything,
  enable_thinking: anything,
  thinking_budget: anything,
  reasoning: anything,
  include_reasoning: anything,
  provider: anything,
  models: anything,
  transforms: anything,
  plugins: anything,
  route: anything,
  web_search: anything,
  search_parameters: anything,
  safety_settings: anything,
  cache_control: anything,
  extra_body: anything,
}

const location = object({
  type: literal('approximate'),
  approximate: object({
    city: string.nullish(),
    country: string.nullish(),
    region: string.nullish(),
    timezone: string.nullish(),
  }),
})

const fields = object({
  model: string,
  messages: list(chatMessage, 'messages').min(1, {
    error: 'expected at least one message; found an empty array',
  }),

  stream: boolean.nullish(),
  stream_options: object({ include_usage: boolean.nullish(), include_obfuscation: boolean.nullish() }).nullish(),

  max_completion_tokens: integer.nullish(),
  max_tokens: integer.nullish(),
  temperature: number.nullish(),
  top_p: number.nullish(),
  n: integer.nullish(),
  stop: either('a string or an array of strings', string, list(string, 'strings')).nullish(),
  presence_penalty: number.nullish(),
  frequency_penalty: number.nullish(),
  logit_bias: dictionary(number).nullish(),
  logprobs: boolean.nullish(),
  top_logprobs: integer.nullish(),
  // Not `integer`: some clients draw 64-bit seeds, which no longer are exact once JSON has been parsed.
  seed: number.nullish(),

  tools: list(tool, 'tools').nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: boolean.nullish(),
  functions: list(legacyFunction, 'functions').nullish(),
  function_call: legacyFunctionChoice.nullish(),

  response_format: responseFormat.nullish(),
  reasoning_effort: string.nullish(),
  verbosity: string.nullish(),
  modalities: list(string, 'strings').nullish(),
  audio: object({
    voice: either('the name of a voice, or an object with its id', string, object({ id: string })),
    format: string,
  }).nullish(),
  prediction: object({ type: literal('content'), content: messageContent }).nullish(),
  web_search_options: object({ search_context_size: string.nullish(), user_location: location.nullish() }).nullish(),

  service_tier: string.nullish(),
  store: boolean.nullish(),
  metadata: dictionary(string).nullish(),
  user: string.nullish(),
  safety_identifier: string.nullish(),
  prompt_cache_key: string.nullish(),
  prompt_cache_options: object({ mode: string.nullish(), ttl: string.nullish() }).nullish(),
  prompt_cache_retention: string.nullish(),
  moderation: object({ model: string.nullish(), policy: anything }).nullish(),

  ...vendorFields,
})

/**
 * Checks the types of all fields named in {@link ChatCompletionRequest} and lets everything else through. Ranges and
 * patterns are left to the service; only contradictions are refused: two different token limits, and a `tool_choice`
 * for a tool that is not offered.
 */
export const chatCompletionRequest = schemaFor<ChatCompletionRequest>()(
  fields.check(({ value, issues }) => {
    for (const { field, message } of contradictions(value)) {
      issues.push({ code: 'custom', path: [field], message, input: value[field] })
    }
  }),
)
