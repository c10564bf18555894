import {
  type Call,
  type Clock,
  type Credential,
  canonicalChunks,
  type Dialect,
  DragomanError,
  isDragomanError,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { affinityKey } from './affinity-key.ts'
import type { ChatContext } from './answer.ts'
import { ChatTap } from './chat-tap.ts'
import type { Target } from './deployments.ts'
import type { Candidate, Job, OpenLane } from './job.ts'
import { MarkupReader, type TargetMarkup } from './markup.ts'
import { ParsedLane } from './parsed-lane.ts'
import { ReaderTap } from './reader-tap.ts'
import { mayLackReasoning, type ReasoningMemory } from './reasoning-memory.ts'
import { forOrigin, hasOrigins, originOf, withoutDetails } from './reasoning-origin.ts'
import { sealMark } from './reasoning-seal.ts'
import { decideRelay } from './relay.ts'
import { RelayLane } from './relay-lane.ts'
import type { RelayTap } from './relay-tap.ts'
import { TurnReader } from './turn-reader.ts'

const nothing: readonly string[] = []

export interface ChatTools {
  readonly clock: Clock
  readonly targetMarkup: TargetMarkup
  /** Undefined where no provider asks for reasoning of earlier turns. */
  readonly reasoning: ReasoningMemory | undefined
}

/** A chat completion, whichever dialect it was asked in. */
export class ChatJob implements Job {
  readonly model: string
  readonly isStreamed: boolean
  readonly dialect: Dialect
  readonly #request: ChatCompletionRequest
  readonly #context: ChatContext
  readonly #tools: ChatTools
  /** The bytes hold what nobody else can read. */
  readonly #isSealed: boolean
  /** The request with the reasoning that its client has dropped. */
  #restored: ChatCompletionRequest | undefined

  constructor(request: ChatCompletionRequest, context: ChatContext, tools: ChatTools) {
    this.model = request.model
    this.isStreamed = request.stream === true
    this.dialect = context.dialect ?? 'openai-chat'
    this.#request = request
    this.#context = context
    this.#tools = tools
    this.#isSealed = this.dialect !== 'openai-chat' && context.body?.includes(sealMark) === true
  }

  get #client(): string {
    return this.#context.client ?? 'open'
  }

  get chat(): ChatCompletionRequest {
    return this.#request
  }

  affinityKey(): string {
    return affinityKey(this.#request, this.#context)
  }

  prepare(): Promise<void> | undefined {
    const { reasoning } = this.#tools
    return reasoning && mayLackReasoning(this.#request) ? this.#restore(reasoning) : undefined
  }

  async #restore(reasoning: ReasoningMemory): Promise<void> {
    this.#restored = await reasoning.restored(this.#request, this.#client)
  }

  candidates(targets: readonly Target[]): Candidate[] {
    const able: Candidate[] = []
    let refused: { param: string; message: string } | undefined
    for (const target of targets) {
      const { provider } = target.entry
      const given = provider.wantsReasoning ? (this.#restored ?? this.#request) : this.#request
      const request = { ...given, model: target.model }
      const goesAsItCame = this.#goesAsItCame(target, request)
      // What the translation could not say is said by the bytes.
      const acceptance = goesAsItCame ? undefined : provider.accepts?.(request)
      const refusal = acceptance?.refused ?? (goesAsItCame ? undefined : this.#context.relayOnly)
      if (refusal) refused ??= refusal
      else able.push(new ChatCandidate(this, target, { request, dropped: acceptance?.dropped ?? nothing }))
    }
    if (able.length === 0 && refused) throw unsupported(refused)
    return able
  }

  /** Whether the client and the target speak the same dialect, other than Chat Completions, and the bytes can go on. */
  #goesAsItCame(target: Target, request: ChatCompletionRequest): boolean {
    const { provider } = target.entry
    const { body, reader } = this.#context
    if (this.dialect === 'openai-chat' || !body || !reader || !provider.relay) return false
    if (this.#isSealed || target.transforms || this.#tools.targetMarkup.of(target, request)) return false
    return provider.relayObstacle?.(request, this.dialect) === undefined
  }

  /** Nothing but the client's own bytes says what is asked for. */
  get isRelayOnly(): boolean {
    return this.#context.relayOnly !== undefined
  }

  open({ target, request, mustParse }: ChatCandidate, call: Call, isLate: boolean): OpenLane {
    const { clock, targetMarkup, reasoning } = this.#tools
    const { body, relayHeaders: headers } = this.#context
    const { dialect } = this
    const { provider } = target.entry
    const given = hasOrigins(request) ? forOrigin(request, originOf(target, call.credential)) : request
    const markup = targetMarkup.of(target, request)
    const turn = reasoning && provider.wantsReasoning ? new TurnReader() : undefined
    const change = mustParse ?? this.#changeOf(request, given, isLate)
    const decision = decideRelay({ body, dialect, request: given, target, markup, change })
    if ('body' in decision) {
      const sent = { dialect, body: decision.body, isStreamed: this.isStreamed, headers }
      const tap = this.#tap(given, turn)
      return {
        lane: new RelayLane({ provider, sent, request: given, call, clock, tap }),
        parsedBecause: undefined,
        turn,
      }
    }
    const refusal = this.#context.relayOnly
    if (refusal) throw isLate ? tooLate() : unsupported(refusal)
    const reader = markup && new MarkupReader(markup, given)
    const transforms = target.transforms?.(given) ?? []
    const lane = new ParsedLane({
      open: () => provider.chat(given, { ...call, dialect }),
      transforms: reader ? [reader, ...transforms] : transforms,
      canonical: canonicalChunks(given, clock),
      answersWhole: provider.answersWhole ?? false,
      turn,
    })
    return { lane, parsedBecause: decision.obstacle, markup: reader, turn }
  }

  answered(turn: TurnReader, target: Target, credential: Credential): void {
    const said = turn.turn
    // Best effort: the answer is there, and a client may well bring its reasoning back itself.
    if (said) this.#tools.reasoning?.remember(this.#client, said, originOf(target, credential)).catch(() => {})
  }

  /** Why the bytes that came would say something else than what is to be asked. */
  #changeOf(request: ChatCompletionRequest, given: ChatCompletionRequest, isLate: boolean): string | undefined {
    if (this.dialect !== 'openai-chat') {
      if (!this.#context.reader) return 'nobody reads its answers along'
      if (this.#isSealed) return 'the history holds reasoning that was sealed here'
      // What began in one form cannot go on in another.
      return isLate ? 'the stream has begun' : undefined
    }
    return given !== request || request.messages !== this.#request.messages ? 'reasoning is put back' : undefined
  }

  #tap(request: ChatCompletionRequest, turn: TurnReader | undefined): RelayTap {
    const { reader } = this.#context
    return this.dialect === 'openai-chat' || !reader
      ? new ChatTap(request, turn)
      : new ReaderTap(reader(), request, this.#tools.clock, turn)
  }
}

class ChatCandidate implements Candidate {
  readonly #job: ChatJob
  readonly target: Target
  /** Under the target's model id. */
  readonly request: ChatCompletionRequest
  readonly dropped: readonly string[]
  /** Why the bytes that came are not to be sent, whatever they are. */
  readonly mustParse: string | undefined

  constructor(
    job: ChatJob,
    target: Target,
    { request, dropped, mustParse }: Pick<ChatCandidate, 'request' | 'dropped'> & { mustParse?: string },
  ) {
    this.#job = job
    this.target = target
    this.request = request
    this.dropped = dropped
    this.mustParse = mustParse
  }

  open(call: Call, isLate: boolean): OpenLane {
    return this.#job.open(this, call, isLate)
  }

  /** Once, without what its own words are about. */
  instead(error: unknown): Candidate | undefined {
    if (this.mustParse !== undefined || this.#job.isRelayOnly || !isAboutReasoning(error)) return undefined
    const request = withoutDetails(this.request)
    const dropped = [...this.dropped, 'messages[].reasoning_details']
    return new ChatCandidate(this.#job, this.target, { request, dropped, mustParse: 'its reasoning was refused' })
  }
}

function unsupported({ param, message }: { readonly param: string; readonly message: string }): DragomanError {
  return new DragomanError('unsupported_value', message, { param })
}

/** It is served by this model, so it is no fault of the request's. */
function tooLate(): DragomanError {
  const message = 'The first upstream failed late, and what was asked for can only go to another one from its beginning'
  return new DragomanError('upstream_unavailable', message, { origin: 'upstream' })
}

/** A service that does not take signatures or encrypted reasoning any more, as it words that. */
function isAboutReasoning(error: unknown): boolean {
  if (!isDragomanError(error) || error.scope !== 'request') return false
  return /signature|thinking.{0,40}block|encrypted[ _]content|reasoning[ _](item|details)/i.test(error.message)
}
