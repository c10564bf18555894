import type { Call, Credential, Dialect, Endpoint } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'
import type { Lane } from './lane.ts'
import type { MarkupReader } from './markup.ts'
import type { TurnReader } from './turn-reader.ts'

/** What is asked of targets: the half of a run that knows what the request is about. */
export interface Job {
  /** The name asked for. */
  readonly model: string
  readonly isStreamed: boolean
  readonly dialect: Dialect
  readonly endpoint?: Endpoint | undefined
  /** Undefined for endpoints besides chat. */
  readonly chat?: ChatCompletionRequest | undefined
  /** What requests of one conversation have in common. */
  affinityKey(): string
  /** What has to be looked up before the first call; undefined for nothing, as nearly always. */
  prepare(): Promise<void> | undefined
  /** The targets that can do what is asked. Throws where some refuse it and none can. */
  candidates(targets: readonly Target[]): Candidate[]
  /** There was a complete answer from this target. */
  answered?(turn: TurnReader, target: Target, credential: Credential): void
}

/** A target that can do what is asked. */
export interface Candidate {
  readonly target: Target
  /** What the target leaves out of the request. */
  readonly dropped: readonly string[]
  /** How one call is made. @param isLate the client has had a heartbeat, in a form of its dialect's own */
  open(call: Call, isLate: boolean): OpenLane
  /** What to ask the same target instead, where it refused the request for something that can be left out. */
  instead?(error: unknown): Candidate | undefined
}

export interface OpenLane {
  readonly lane: Lane
  /** Why the upstream's bytes are not handed on; undefined where they are. */
  readonly parsedBecause: string | undefined
  readonly markup?: MarkupReader | undefined
  readonly turn?: TurnReader | undefined
}
