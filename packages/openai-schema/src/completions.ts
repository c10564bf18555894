import type { StreamOptions } from './chat-request.ts'
import { boolean, dictionary, either, integer, list, number, object, string } from './fields.ts'
import { schemaFor } from './schema-for.ts'
import type { Usage } from './usage.ts'

/** The body of `POST /completions`, the older form of asking: a text is continued. */
export interface CompletionRequest {
  model: string
  /** Texts, or texts as numbers of tokens. */
  prompt: string | string[] | number[] | number[][]
  /** What stands after the answer. */
  suffix?: string | null | undefined
  /** Default: 16. */
  max_tokens?: number | null | undefined
  temperature?: number | null | undefined
  top_p?: number | null | undefined
  /** Answers to each prompt. */
  n?: number | null | undefined
  /** How many are made, of which the best `n` are given. */
  best_of?: number | null | undefined
  /** The prompt before the answer. */
  echo?: boolean | null | undefined
  logprobs?: number | null | undefined
  stop?: string | string[] | null | undefined
  presence_penalty?: number | null | undefined
  frequency_penalty?: number | null | undefined
  logit_bias?: Record<string, number> | null | undefined
  seed?: number | null | undefined
  user?: string | null | undefined
  stream?: boolean | null | undefined
  stream_options?: StreamOptions | null | undefined
}

export interface CompletionChoice {
  text: string
  index: number
  logprobs: unknown
  finish_reason: string | null
}

/** The answer of `POST /completions`; chunks of a stream have the same form. */
export interface Completion {
  id: string
  object: 'text_completion'
  /** Unix time in seconds. */
  created: number
  model: string
  choices: CompletionChoice[]
  usage?: Usage | null | undefined
}

export const completionRequest = schemaFor<CompletionRequest>()(
  object({
    model: string,
    prompt: either(
      'a string, an array of strings, or tokens',
      string,
      list(string, 'strings').min(1),
      list(integer, 'integers').min(1),
      list(list(integer, 'integers'), 'arrays of integers').min(1),
    ),
    suffix: string.nullish(),
    max_tokens: integer.nullish(),
    temperature: number.nullish(),
    top_p: number.nullish(),
    n: integer.nullish(),
    best_of: integer.nullish(),
    echo: boolean.nullish(),
    logprobs: integer.nullish(),
    stop: either('a string or an array of strings', string, list(string, 'strings')).nullish(),
    presence_penalty: number.nullish(),
    frequency_penalty: number.nullish(),
    logit_bias: dictionary(number).nullish(),
    seed: number.nullish(),
    user: string.nullish(),
    stream: boolean.nullish(),
    stream_options: object({ include_usage: boolean.nullish(), include_obfuscation: boolean.nullish() }).nullish(),
  }),
)
