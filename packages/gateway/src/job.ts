import type { Call, Credential, Dialect, DragomanError, Endpoint, Lease, NormalizedMarkup } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import type { Target } from './deployments.ts'
import type { Lane } from './lane.ts'
import type { Limits } from './limits.ts'
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
  /** The body that the client sent, in its own dialect; undefined where it is a form. */
  readonly parsed?: unknown
  /** What requests of one conversation have in common; undefined where none belongs to any. */
  affinityKey(): string | undefined
  /** What has to be looked up before the first call; undefined for nothing, as nearly always. */
  prepare(): Promise<void> | undefined
  /** How a target does what is asked; undefined where it cannot. */
  candidate(target: Target, rest?: RestAsked): Candidate | undefined
  /** What to tell the client where no target can; undefined where nobody was asked. */
  readonly refusal: DragomanError | undefined
  /** Calls that one answer of a target may take; default one. */
  callsAt?(target: Target): number
  /** From now on answers are parsed, whatever could be handed on as it came: they may have to be gone on with. */
  parseAnswers?(): void
  /** There was a complete answer from this target. */
  answered?(turn: TurnReader, target: Target, credential: Credential): void
}

/** An answer was cut, and the rest of it is asked for. */
export interface RestAsked {
  /** What the client has of it. */
  readonly said: string
}

/** A target that can do what is asked. */
export interface Candidate {
  readonly target: Target
  /** What the target leaves out of the request. */
  readonly dropped: readonly string[]
  /** In place of one of the pool's: no call is made. */
  readonly lease?: Lease | undefined
  /** How one call is made. @param isLate the client has had a heartbeat, in a form of its dialect's own */
  open(call: BoundCall, isLate: boolean): OpenLane
  /** What to ask the same target instead, where it refused the request for something that can be left out. */
  instead?(error: unknown): Candidate | undefined
}

/** A call, and all of its bounds. */
export type BoundCall = Call & { readonly limits: Limits }

/** The calls of one attempt. */
export interface CallRounds {
  /** How many were made by now. */
  readonly made: number
  /** The last one's answer was handed on as it was, for want of a better one. */
  readonly isExhausted: boolean
  /** Whether there is anything to pay, also where nothing was handed on. */
  readonly hasUsed: boolean
}

export interface OpenLane {
  readonly lane: Lane
  /** Why the upstream's bytes are not handed on; undefined where they are. */
  readonly parsedBecause: string | undefined
  /** Tells what was read out of the text. */
  readonly markup?: { readonly found: NormalizedMarkup | undefined } | undefined
  /** Where a tool call is insisted on: how that goes. */
  readonly rounds?: CallRounds | undefined
  readonly turn?: TurnReader | undefined
}
