import {
  type Call,
  type Clock,
  type Credential,
  canonicalChunks,
  type Dialect,
  DragomanError,
  isDragomanError,
  type Lease,
} from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { affinityKey } from './affinity-key.ts'
import type { ChatContext } from './answer.ts'
import { idleChunksFactor, wholeAnswerFactor } from './attempt.ts'
import { ChatTap } from './chat-tap.ts'
import { requestForRest } from './continuation.ts'
import type { EnsureToolCall, Target } from './deployments.ts'
import type { BoundCall, Candidate, Job, OpenLane, RestAsked } from './job.ts'
import { type Markup, MarkupReader, type TargetMarkup } from './markup.ts'
import { ParsedLane } from './parsed-lane.ts'
import { type Insistence, insistenceOn } from './policies/ensure-tool-call.ts'
import { FinishedLane, noLease } from './policies/ensure-tool-call-finished.ts'
import { insistedLane, type ReadRound } from './policies/ensure-tool-call-lane.ts'
import { isFinished } from './policies/ensure-tool-call-request.ts'
import { Reminders } from './policies/ensure-tool-call-rounds.ts'
import { PromptedReader, withPromptedTools } from './policies/prompted-tools.ts'
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
  /** How a tool call is insisted on where a deployment does not say how. */
  readonly ensureToolCall: EnsureToolCall | undefined
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
  /** Why nothing is handed on as it came. */
  #mustParse: string | undefined
  /** What the first target that cannot do what is asked has against it. */
  #refused: { readonly param: string; readonly message: string } | undefined
  /** The request with the reasoning that its client has dropped. */
  #restored: ChatCompletionRequest | undefined
  /** Made when a tool call is insisted on; whichever targets it goes to then. */
  #reminders: Reminders | undefined
  /** Both the deployment and its credential are chosen by it. */
  #affinityKey: string | undefined

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

  get parsed(): unknown {
    return this.#context.parsed ?? this.#request
  }

  get chat(): ChatCompletionRequest {
    return this.#request
  }

  affinityKey(): string {
    this.#affinityKey ??= affinityKey(this.#request, this.#context)
    return this.#affinityKey
  }

  prepare(): Promise<void> | undefined {
    const { reasoning } = this.#tools
    return reasoning && mayLackReasoning(this.#request) ? this.#restore(reasoning) : undefined
  }

  async #restore(reasoning: ReasoningMemory): Promise<void> {
    this.#restored = await reasoning.restored(this.#request, this.#client)
  }

  parseAnswers(): void {
    this.#mustParse = 'the answer may have to be gone on with'
  }

  get refusal(): DragomanError | undefined {
    return this.#refused && unsupported(this.#refused)
  }

  candidate(target: Target, rest?: RestAsked): Candidate | undefined {
    const { provider } = target.entry
    const given = provider.wantsReasoning ? (this.#restored ?? this.#request) : this.#request
    const asked = { ...given, model: target.model }
    const request = rest ? requestForRest(asked, rest.said, provider.prefill?.(asked)) : asked
    const insistence = this.#insistenceOn(target)
    const sent = target.promptTools ? withPromptedTools(request) : request
    const change = insistence ? 'a tool call is insisted on' : sent === request ? this.#mustParse : 'tools are prompted'
    const goesAsItCame = change === undefined && this.#goesAsItCame(target, request)
    // What the translation could not say is said by the bytes.
    const acceptance = goesAsItCame ? undefined : provider.accepts?.(sent)
    const refused = acceptance?.refused ?? (goesAsItCame ? undefined : this.#context.relayOnly)
    if (refused) {
      this.#refused ??= refused
      return undefined
    }
    return new ChatCandidate(this, target, { request, dropped: acceptance?.dropped ?? nothing, insistence, change })
  }

  callsAt(target: Target): number {
    return this.#insistenceOn(target)?.attempts ?? 1
  }

  #insistenceOn({ ensureToolCall }: Target): Insistence | undefined {
    const asked = this.#context.ensureToolCall
    if (!ensureToolCall && !asked) return undefined
    // What only the client's own bytes can say matters more than what the operator would like beside it.
    if (this.isRelayOnly && !asked) return undefined
    return insistenceOn(this.#request, ensureToolCall, asked, this.#tools.ensureToolCall)
  }

  /** Whether nobody has to be called, for the turn is over. */
  isOver({ finishedBy, answerFinished }: Insistence): boolean {
    const { messages } = this.#request
    // A last message of the assistant is the beginning of the next one in this dialect.
    if (!answerFinished || (this.dialect === 'anthropic-messages' && messages.at(-1)?.role === 'assistant'))
      return false
    return isFinished(this.#request, finishedBy)
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

  open(candidate: ChatCandidate, call: BoundCall, isLate: boolean): OpenLane {
    const { target, request, mustParse, insistence, change: rewritten } = candidate
    const { clock, targetMarkup, reasoning } = this.#tools
    const { body, relayHeaders: headers } = this.#context
    const { dialect } = this
    const { provider } = target.entry
    const given = hasOrigins(request) ? forOrigin(request, originOf(target, call.credential)) : request
    const markup = targetMarkup.of(target, request)
    const turn = reasoning && provider.wantsReasoning ? new TurnReader() : undefined
    const change = mustParse ?? rewritten ?? this.#changeOf(request, given, isLate)
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
    const parsedBecause = decision.obstacle
    if (candidate.lease) {
      const id = this.#context.requestId ?? crypto.randomUUID()
      const rounds = { made: 0, isExhausted: false, hasUsed: false }
      return { lane: new FinishedLane(target.model, id, clock), parsedBecause, rounds }
    }
    if (insistence)
      return { ...this.#insisted(candidate, insistence, { given, markup, call, turn }), parsedBecause, turn }
    const { open, transforms, canonical, reader } = this.#round(target, given, markup, call)
    const lane = new ParsedLane({ open, transforms, canonical, answersWhole: provider.answersWhole ?? false, turn })
    return { lane, parsedBecause, markup: reader, turn }
  }

  /** One call, and how its answer is read. */
  #round(target: Target, request: ChatCompletionRequest, markup: Markup | undefined, call: Call): ReadRound {
    const { provider, normalize } = target.entry
    const sent = target.promptTools ? withPromptedTools(request) : request
    const transforms = target.transforms?.(request) ?? []
    const open = () => provider.chat(sent, { ...call, dialect: this.dialect })
    const canonical = canonicalChunks(sent, this.#tools.clock)
    if (sent !== request) {
      const readsReasoning = !provider.readsMarkup && (target.normalize ?? normalize ?? 'auto') === 'auto'
      const reader = new PromptedReader(request, markup, readsReasoning)
      return { open, transforms: [...reader.transforms, ...transforms], canonical, reader }
    }
    const reader = markup && new MarkupReader(markup, request)
    return { open, transforms: reader ? [reader, ...transforms] : transforms, canonical, reader }
  }

  #insisted(
    { target }: ChatCandidate,
    insistence: Insistence,
    { given: request, markup: known, call, turn }: Opening,
  ): Pick<OpenLane, 'lane' | 'rounds' | 'markup'> {
    const { id, provider } = target.entry
    this.#reminders ??= new Reminders()
    const { firstTokenMs, idleMs } = call.limits
    return insistedLane({
      request,
      insistence,
      reminders: this.#reminders,
      round: (asked) => this.#round(target, asked, known, call),
      streamsReasoning: this.isStreamed,
      turn,
      clock: this.#tools.clock,
      firstOutputMs: firstTokenMs * (provider.answersWhole ? wholeAnswerFactor : 1),
      furtherOutputMs: idleMs * idleChunksFactor,
      provider: id,
    })
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

interface Opening {
  /** As it would go to the target. */
  readonly given: ChatCompletionRequest
  readonly markup: Markup | undefined
  readonly call: BoundCall
  readonly turn: TurnReader | undefined
}

type Asked = Pick<ChatCandidate, 'request' | 'dropped' | 'insistence' | 'change'> & { readonly mustParse?: string }

class ChatCandidate implements Candidate {
  readonly #job: ChatJob
  readonly target: Target
  /** Under the target's model id. */
  readonly request: ChatCompletionRequest
  readonly dropped: readonly string[]
  /** Why the bytes that came are not to be sent, whatever they are. */
  readonly mustParse: string | undefined

  readonly insistence: Insistence | undefined
  /** Why it is another request that goes to the target. */
  readonly change: string | undefined
  readonly lease: Lease | undefined

  constructor(job: ChatJob, target: Target, asked: Asked) {
    this.#job = job
    this.target = target
    this.request = asked.request
    this.dropped = asked.dropped
    this.mustParse = asked.mustParse
    this.insistence = asked.insistence
    this.change = asked.change
    this.lease = asked.insistence && job.isOver(asked.insistence) ? noLease : undefined
  }

  open(call: BoundCall, isLate: boolean): OpenLane {
    return this.#job.open(this, call, isLate)
  }

  /** Once, without what its own words are about. */
  instead(error: unknown): Candidate | undefined {
    if (this.mustParse !== undefined || this.#job.isRelayOnly || !isAboutReasoning(error)) return undefined
    const request = withoutDetails(this.request)
    const dropped = [...this.dropped, 'messages[].reasoning_details']
    const { insistence, change } = this
    return new ChatCandidate(this.#job, this.target, {
      request,
      dropped,
      mustParse: 'its reasoning was refused',
      insistence,
      change,
    })
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
