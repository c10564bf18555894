import {
  addUsage,
  type CanonicalTransform,
  type Clock,
  chain,
  DragomanError,
  endedBy,
  type Transform,
  Watchdog,
} from '@dragoman/core'
import type {
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChunkChoice,
  FinishReason,
  Usage,
} from '@dragoman/openai-schema'
import type { CallRounds } from '../job.ts'
import { takeLeave } from '../lane.ts'
import type { TurnReader } from '../turn-reader.ts'
import type { Insistence } from './ensure-tool-call.ts'
import { endToolOf, insisting, reminderOf } from './ensure-tool-call-request.ts'
import { HeldTurn } from './ensure-tool-call-turn.ts'

/** One call to the model and the way of its chunks to the canonical form. */
export interface Round {
  open(): AsyncIterable<ChatCompletionChunk>
  readonly transforms: readonly Transform[]
  readonly canonical: CanonicalTransform
}

/** What the rounds of one request have in common, whichever targets they go to. */
export class Reminders {
  readonly texts: string[] = []
}

export interface RoundsOptions {
  /** As it would go to the target if nothing were insisted on. */
  readonly request: ChatCompletionRequest
  readonly insistence: Insistence
  readonly reminders: Reminders
  round(request: ChatCompletionRequest): Round
  /** Otherwise nothing is sent before the turn that counts is whole. */
  readonly streamsReasoning: boolean
  readonly turn: TurnReader | undefined
  readonly clock: Clock
  /** Of each round, from its start to its first output, and from one chunk to the next. */
  readonly firstOutputMs: number
  readonly furtherOutputMs: number
  /** For messages. */
  readonly provider: string
}

/**
 * Asks a model again until it calls a tool, and hands on the turn in which it did, or the last one.
 *
 * Each turn is held until it is whole, for what has been sent cannot be taken back; only reasoning goes on as it comes.
 * The chunks that come out are in the canonical form: those of several calls, as the answer to one.
 */
export class InsistedRounds implements CallRounds, CanonicalTransform, AsyncIterable<ChatCompletionChunk> {
  readonly #options: RoundsOptions
  readonly #watchdog: Watchdog
  #source: AsyncIterator<ChatCompletionChunk> | undefined
  #canonical: CanonicalTransform | undefined
  #refuse: ((reason: unknown) => void) | undefined
  /** Of the rounds that are over. */
  #spent: Usage | undefined
  #head: Pick<ChatCompletionChunk, 'id' | 'created' | 'model'> | undefined
  #hasRole = false
  #hasReasoned = false
  #made = 0
  #isExhausted = false
  hasOutput = false
  finishReason: FinishReason | undefined

  constructor(options: RoundsOptions) {
    this.#options = options
    this.#watchdog = new Watchdog(options.clock, this.#onStall)
  }

  get made(): number {
    return this.#made
  }

  get isExhausted(): boolean {
    return this.#isExhausted
  }

  get usage(): Usage | undefined {
    return this.#spent
  }

  get hasUsed(): boolean {
    return this.#spent !== undefined || this.#canonical?.hasOutput === true
  }

  usageOrEstimate(): Usage {
    const now = this.#canonical?.usageOrEstimate()
    return now ? this.#with(now) : (this.#spent ?? nothing)
  }

  /** Chunks that it has made itself. */
  push(chunk: ChatCompletionChunk): Iterable<ChatCompletionChunk> {
    return [chunk]
  }

  end(): Iterable<ChatCompletionChunk> {
    return []
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatCompletionChunk> {
    const chunks = this.#chunks()
    return {
      next: () => chunks.next(),
      // A generator that waits leaves only when it is given something, which may be never.
      return: () => {
        takeLeave(this.#source)
        this.#refuse?.(new DragomanError('aborted', 'This answer has been left'))
        return chunks.return(undefined)
      },
    }
  }

  async *#chunks(): AsyncGenerator<ChatCompletionChunk, undefined> {
    const { request, reminders, insistence, turn } = this.#options
    for (;;) {
      const held = new HeldTurn(request)
      const reasoning: string[] = []
      yield* this.#round(held, reasoning)
      const { fault } = held
      // Those that went to other targets count too: the client waits for, and pays for, all of them.
      const isLast = reminders.texts.length + 1 >= insistence.attempts
      if (fault && !isLast) {
        reminders.texts.push(reminderOf(fault, reminders.texts.length + 1, endToolOf(request)))
        continue
      }
      this.#isExhausted = fault !== undefined
      turn?.said({ reasoning_content: reasoning.join('') })
      for (const chunk of held.forClient()) {
        turn?.chunk(chunk)
        yield this.#given(chunk)
      }
      yield this.#given({
        id: '',
        object: 'chat.completion.chunk',
        created: 0,
        model: '',
        choices: [],
        usage: this.#spent,
      })
      return
    }
  }

  /** One call, into `held`. Gives the reasoning that goes on at once. */
  async *#round(held: HeldTurn, reasoning: string[]): AsyncGenerator<ChatCompletionChunk, undefined> {
    const { request, reminders, streamsReasoning, round, firstOutputMs } = this.#options
    const { open, transforms, canonical } = round(insisting(request, reminders.texts))
    const transform = transforms.length === 0 ? canonical : chain([...transforms, canonical])
    this.#canonical = canonical
    this.#made++
    let finishReason: string | null | undefined
    this.#watchdog.watch(firstOutputMs)
    try {
      // Awaited, because a plugin may have made `chat` async.
      const source = await this.#inTime(async () => (await open())[Symbol.asyncIterator]())
      this.#source = source
      for (;;) {
        const { done, value } = await this.#inTime(() => source.next())
        if (!done) finishReason = value.choices?.[0]?.finish_reason ?? finishReason
        for (const chunk of done ? transform.end(endedBy(finishReason)) : transform.push(value)) {
          const [now, later] = streamsReasoning ? apart(chunk) : [undefined, chunk]
          // What was used is told once, for all rounds.
          if (later && later.choices.length > 0) held.add(later)
          if (!now) continue
          reasoning.push(now)
          // As long as the reader takes its time, nobody waits for the upstream.
          this.#watchdog.stop()
          yield this.#reasoning(chunk, now, reasoning.length === 1)
        }
        if (done) break
        if (canonical.hasOutput) this.#watchdog.watch(this.#options.furtherOutputMs)
      }
      this.#source = undefined
      this.#spent = this.#with(canonical.usageOrEstimate())
      this.#canonical = undefined
    } finally {
      this.#watchdog.stop()
      takeLeave(this.#source)
      this.#source = undefined
    }
  }

  #with(used: Usage): Usage {
    return this.#spent ? addUsage(this.#spent, used) : used
  }

  /** Settles with what was begun, or before it where time is up or the answer is left: a provider may never settle. */
  #inTime<T>(begin: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#refuse = reject
      begin().then(resolve, reject)
    })
  }

  readonly #onStall = (): void => {
    const { provider, firstOutputMs, furtherOutputMs } = this.#options
    const what = this.#canonical?.hasOutput
      ? `for ${furtherOutputMs} ms (5 times limits.idleMs)`
      : `within ${firstOutputMs} ms (limits.firstTokenMs)`
    this.#refuse?.(new DragomanError('upstream_timeout', `${provider} gave no output ${what}`, { origin: 'upstream' }))
  }

  #reasoning({ choices, usage, ...head }: ChatCompletionChunk, text: string, isFirst: boolean): ChatCompletionChunk {
    // What was thought in another round is another paragraph.
    const reasoning_content = isFirst && this.#hasReasoned ? `\n\n${text.trimStart()}` : text
    this.#hasReasoned = true
    return this.#given({ ...head, choices: [{ index: 0, delta: { reasoning_content }, finish_reason: null }] })
  }

  /** As a part of the one answer: one identity, one role. */
  #given(chunk: ChatCompletionChunk): ChatCompletionChunk {
    this.#head ??= { id: chunk.id, created: chunk.created, model: chunk.model }
    const choices = chunk.choices.map((choice) => this.#choice(choice))
    return { ...chunk, ...this.#head, choices }
  }

  #choice(choice: ChunkChoice): ChunkChoice {
    if (choice.index !== 0) return choice
    const { role, ...delta } = choice.delta
    if (Object.values(delta).some(Boolean)) this.hasOutput = true
    if (choice.finish_reason) this.finishReason = choice.finish_reason
    const said = this.#hasRole ? delta : { role: 'assistant' as const, ...delta }
    this.#hasRole = true
    return { ...choice, delta: said }
  }
}

const nothing: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }

/** The reasoning of a chunk, and the chunk without it; undefined where there is nothing else. */
function apart(chunk: ChatCompletionChunk): [string | undefined, ChatCompletionChunk | undefined] {
  const [choice] = chunk.choices
  const text = choice?.index === 0 ? choice.delta.reasoning_content : undefined
  if (!choice || !text) return [undefined, chunk]
  const { reasoning_content, ...delta } = choice.delta
  const saysMore = choice.finish_reason || chunk.choices.length > 1 || Object.keys(delta).some((key) => key !== 'role')
  return [text, saysMore ? { ...chunk, choices: [{ ...choice, delta }, ...chunk.choices.slice(1)] } : undefined]
}
