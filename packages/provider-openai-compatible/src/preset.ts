import type { Endpoint, Prefill } from '@dragoman/core'
import type { CacheMark } from './cache-marks.ts'

/** A demand that changes the answer, so that a service which cannot meet it must not be asked. */
export type Demand = (typeof demands)[number]

export const demands = ['n', 'logprobs', 'json_schema', 'tools', 'images', 'audio'] as const

/** How a service differs from OpenAI. What is left out has the default that `options.ts` names. */
export interface Quirks {
  /** What it has besides chat; without it nothing. */
  readonly endpoints?: readonly Endpoint[]
  readonly upstreamStream?: 'auto' | 'never' | 'neverWithTools'
  readonly conformant?: boolean
  /** It speaks Responses too, to the letter. */
  readonly responses?: boolean
  readonly streamUsage?: boolean
  readonly sendReasoningHistory?: boolean | 'reasoning_content' | 'reasoning'
  readonly tokenLimitField?: 'max_tokens' | 'max_completion_tokens' | 'asSent'
  readonly toolsWithoutReasoning?: readonly string[]
  readonly developerRole?: 'keep' | 'system'
  readonly authHeader?: string
  readonly dropFields?: readonly string[]
  /** Those that it takes. A hosted service without it gets none, any other all. */
  readonly cacheMarks?: readonly CacheMark[]
  readonly unsupported?: readonly Demand[]
  /** How its models are made to go on with a last message of the assistant. */
  readonly prefill?: Prefill
}

/** What is publicly known of a service or of a local engine. */
export interface Preset extends Quirks {
  readonly name: string
  /** Taken as it is. Absent where every account has its own. */
  readonly baseUrl?: string
  /** The environment variables that usually hold its key, the usual one first. */
  readonly keyVariables: readonly string[]
  /** Where to get a key. */
  readonly keysAt?: string
  readonly defaultModel?: string
  /** Of a service that has no list to ask for. */
  readonly models?: readonly string[]
  /** `GET /models` is answered without a key too, so it says nothing about one. */
  readonly listIsPublic?: true
  /** Stands before every id of the list and may be left out in requests. */
  readonly modelPrefix?: string
  /** Where the engine listens unless told otherwise, and what to ask to see that it is there. */
  readonly local?: { readonly port: number; readonly probePath: string }
  readonly note?: string
}
