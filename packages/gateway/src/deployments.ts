import type { CredentialPool, Provider, Transform } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Limits } from './limits.ts'
import type { Normalize } from './markup.ts'

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

/** One way to serve a model group. */
export interface Deployment {
  readonly entry: ProviderEntry
  /** The upstream's model id. Default: the name asked for; behind a wildcard, what the `*` stood for. */
  readonly model?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  /** How the text of answers is read. Default: its provider's. */
  readonly normalize?: Normalize | undefined
  /** Made anew for each attempt; run after markup was read and before the canonical form is made. */
  readonly transforms?: ((request: ChatCompletionRequest) => readonly Transform[]) | undefined
}

/** A name that clients ask for. One `*` at its end stands for the rest of the name. */
export interface ModelGroup {
  readonly name: string
  /** Only requests for this variant reach it; for them it stands before groups of the same name that have none. */
  readonly variant?: string | undefined
  readonly deployments: readonly Deployment[]
}

/** A deployment with the upstream's model id settled: something to be called. */
export interface Target extends Deployment {
  readonly model: string
}

/** What health and messages know a target by. */
export function targetName(target: Target): string {
  return `${target.entry.id}/${target.model}`
}
