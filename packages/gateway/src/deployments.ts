import type { CredentialPool, Provider, Transform } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Limits } from './limits.ts'
import type { Normalize } from './markup.ts'
import type { Price } from './pricing/price.ts'
import type { Strategy } from './strategies.ts'

/** A provider that has been set up: how it is called, and with what. */
export interface ProviderEntry {
  /** The first part of `<provider>/<model>`. */
  readonly id: string
  readonly provider: Provider
  readonly credentials: CredentialPool
  readonly limits?: Partial<Limits> | undefined
  /** How the text of answers is read. Default `auto`. */
  readonly normalize?: Normalize | undefined
}

/** Models with larger and larger contexts may stand in for one another, so many times for one request. */
export const mostLongerModels = 4

/** How a tool call is insisted on. */
export interface EnsureToolCall {
  /** Calls to the model for one answer, the first among them. Default 3, at most 5. */
  readonly attempts?: number | undefined
  /** Tools whose call ends the turn, beside `done`. */
  readonly finishedBy?: readonly string[] | undefined
  /** A turn that is already over is answered with an empty message, without a call. Default: no. */
  readonly answerFinished?: boolean | undefined
}

/** How answers are kept. */
export interface AnswerCaching {
  /** Default ten minutes. */
  readonly ttlMs?: number | undefined
}

/** One way to serve a model group. */
export interface Deployment {
  readonly entry: ProviderEntry
  /** The upstream's model id. Default: the name asked for; behind a wildcard, what the `*` stood for. */
  readonly model?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  /** How the text of answers is read. Default: its provider's. */
  readonly normalize?: Normalize | undefined
  /** Its share of the requests where the strategy is one that shares out. Default 1. */
  readonly weight?: number | undefined
  /** What its tokens cost, in place of what `priceOf` says. */
  readonly price?: Price | undefined
  /** The model has to answer with a tool call where tools are offered. Default: no. */
  readonly ensureToolCall?: boolean | EnsureToolCall | undefined
  /** Tools are described in the prompt and calls are read from the text, for a model that has none of its own. */
  readonly promptTools?: boolean | undefined
  /** Made anew for each attempt; run after markup was read and before the canonical form is made. */
  readonly transforms?: ((request: ChatCompletionRequest) => readonly Transform[]) | undefined
}

/** A name that clients ask for. One `*` at its end stands for the rest of the name. */
export interface ModelGroup {
  readonly name: string
  /** Further names for it. */
  readonly aliases?: readonly string[] | undefined
  /** In what order its deployments are tried. Default: the gateway's. */
  readonly strategy?: Strategy | undefined
  /** Names that serve in its place, in this order, when all of its deployments have failed. */
  readonly fallbacks?: readonly string[] | undefined
  /** The name that serves in its place a request that is too long for its context. */
  readonly onContextTooLong?: string | undefined
  /** Answers are kept, and given again to the same key for the same request. Default: no. */
  readonly cache?: AnswerCaching | undefined
  /** A second deployment is asked when the first has said nothing for this long. Default: no. */
  readonly hedgeAfterMs?: number | undefined
  /** A stream of plain text that was cut goes on with another call. Default: no. */
  readonly continuesCutText?: boolean | undefined
  /** Only requests for this variant reach it; for them it stands before groups of the same name that have none. */
  readonly variant?: string | undefined
  readonly deployments: readonly Deployment[]
}

/** A deployment with the upstream's model id settled: something to be called. */
export interface Target extends Deployment {
  readonly model: string
  /** The group that it is from, where that only stands in for the one that was asked for. */
  readonly fallback?: string | undefined
}

/** What health and messages know a target by. */
export function targetName(target: Target): string {
  return `${target.entry.id}/${target.model}`
}
