import type {
  ChatCompletionChunk,
  ChatCompletionRequest,
  ChunkChoice,
  Delta,
  FinishReason,
  ToolCallDelta,
  Usage,
} from '@dragoman/openai-schema'
import { assertAnswered, readFinishReason } from './answer-end.ts'
import { type Clock, systemClock } from './clock.ts'
import { DragomanError, isDragomanError } from './errors.ts'
import { isRecord } from './is-record.ts'
import { ToolCallIdentity } from './tool-call-identity.ts'
import type { Transform } from './transform.ts'
import { estimateUsage, readUsage, utf8Length } from './usage.ts'

export interface CanonicalTransform extends Transform {
  /** What the upstream reported so far. */
  readonly usage: Usage | undefined
  /** The same, or an estimate marked as one. */
  usageOrEstimate(): Usage
  /** Of the first choice. */
  readonly finishReason: FinishReason | undefined
  /** Whether the model has said anything yet. */
  readonly hasOutput: boolean
}

/**
 * Brings the chunks of any OpenAI-like upstream into the one form that clients rely on:
 *
 * - one `id`, `created` and `model` in all chunks; `role` in the first delta of a choice and in no other;
 * - reasoning as `reasoning_content`, content as a string;
 * - tool calls with an index of their own, identity once and first, arguments as strings;
 * - one finish reason per choice, in OpenAI's words, and nothing of that choice after it;
 * - usage in one last chunk with empty `choices`, estimated and marked where the upstream reported none.
 *
 * A chunk that needs no repair goes through as the same object. `end` throws `upstream_empty` when there was no answer
 * and `upstream_protocol` when a choice has no finish reason. Running it twice changes nothing.
 */
export function canonicalChunks(request: ChatCompletionRequest, clock: Clock = systemClock): CanonicalTransform {
  return new Canonical(request, clock)
}

/** Whether a chunk carries output of the model: content, reasoning, refusal, a call, audio. A role or usage is none. */
export function isMeaningful(chunk: ChatCompletionChunk): boolean {
  return chunk.choices.some(({ delta }) => delta && hasOutput(delta))
}

function hasOutput(delta: Delta): boolean {
  return Boolean(
    delta.content ||
      delta.reasoning_content ||
      delta.tool_calls?.length ||
      delta.refusal ||
      delta.reasoning_details?.length ||
      delta.function_call ||
      delta.audio ||
      delta.annotations?.length,
  )
}

class Canonical implements CanonicalTransform {
  #request: ChatCompletionRequest
  #head: { id: string; created: number; model: string } | undefined
  #clock: Clock
  #choices = new Map<number, ChoiceState>()
  #usage: Usage | undefined
  #completionBytes = 0
  #hasOutput = false
  /** The model said a text that the request stops at: its answer may be empty. */
  #hasMetStop = false
  /** Unknown top-level fields of chunks that had nothing else to say; they ride on the next one. */
  #carried: Record<string, unknown> | undefined

  constructor(request: ChatCompletionRequest, clock: Clock) {
    this.#request = request
    this.#clock = clock
  }

  get usage(): Usage | undefined {
    return this.#usage
  }

  usageOrEstimate(): Usage {
    return this.#usage ?? estimateUsage(this.#request, this.#completionBytes)
  }

  get finishReason(): FinishReason | undefined {
    return this.#choices.get(0)?.finishReason
  }

  get hasOutput(): boolean {
    return this.#hasOutput
  }

  push(chunk: ChatCompletionChunk): Iterable<ChatCompletionChunk> {
    try {
      return this.#push(chunk)
    } catch (cause) {
      // Chunks come unchecked: what cannot be worked with is the upstream's fault, and another one may do better.
      if (isDragomanError(cause)) throw cause
      throw new DragomanError('upstream_protocol', 'The upstream sent a chunk that cannot be read', {
        cause,
        origin: 'upstream',
      })
    }
  }

  #push(chunk: ChatCompletionChunk): ChatCompletionChunk[] {
    if (chunk.usage) this.#usage = readUsage(chunk.usage) ?? this.#usage
    const given = Array.isArray(chunk.choices) ? chunk.choices : []
    let choices = given
    for (const [i, choice] of given.entries()) {
      const repaired = isRecord(choice) ? this.#choice(choice) : undefined
      if (repaired === choice && choices === given) continue
      // A copy from the first change on.
      if (choices === given) choices = given.slice(0, i)
      if (repaired) choices.push(repaired)
    }
    if (choices.length > 0) return [this.#envelope(chunk, choices)]
    this.#carry(chunk)
    return []
  }

  *end(how: 'stop' | 'length' | 'cut'): Iterable<ChatCompletionChunk> {
    if (how === 'cut') return
    const finishReasons = [...this.#choices.values()].map(({ finishReason }) => finishReason)
    assertAnswered({ hasOutput: this.#hasOutput || this.#hasMetStop, usage: this.#usage, finishReasons })
    yield this.#envelope({ choices: [], usage: this.usageOrEstimate() }, [])
  }

  #carry(chunk: ChatCompletionChunk): void {
    const { id, object, created, model, choices, usage, ...rest } = chunk
    if (Object.keys(rest).length > 0) this.#carried = { ...this.#carried, ...rest }
  }

  #envelope(chunk: Partial<ChatCompletionChunk>, choices: ChunkChoice[]): ChatCompletionChunk {
    this.#head ??= {
      id: chunk.id || `chatcmpl-${crypto.randomUUID().replaceAll('-', '')}`,
      created: typeof chunk.created === 'number' ? chunk.created : Math.floor(this.#clock.now() / 1000),
      model: chunk.model || this.#request.model,
    }
    const { id, created, model } = this.#head
    const isUsageChunk = choices.length === 0
    const hasStrayUsage = !isUsageChunk && chunk.usage !== undefined && chunk.usage !== null
    if (
      chunk.id === id &&
      chunk.created === created &&
      chunk.model === model &&
      chunk.object === 'chat.completion.chunk' &&
      chunk.choices === choices &&
      !hasStrayUsage &&
      !this.#carried
    ) {
      return chunk as ChatCompletionChunk // every required field has just been compared
    }
    const { usage, ...rest } = chunk
    const whole: ChatCompletionChunk = {
      ...this.#carried,
      ...rest,
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      choices,
    }
    if (isUsageChunk && usage) whole.usage = usage
    this.#carried = undefined
    return whole
  }

  #choice(choice: ChunkChoice): ChunkChoice | undefined {
    const index = Number.isInteger(choice.index) ? choice.index : 0
    let state = this.#choices.get(index)
    if (!state) {
      state = { hasRole: false, calls: new ToolCallIdentity(), hasFunctionCall: false, finishReason: undefined }
      this.#choices.set(index, state)
    }
    // Some upstreams go on after the finish reason, with empty deltas or with the whole answer again.
    if (state.finishReason !== undefined) return undefined

    // Moonshot puts it here.
    const reported: unknown = 'usage' in choice ? choice.usage : undefined
    if (isRecord(reported)) this.#usage = readUsage(reported as unknown as Usage) ?? this.#usage

    const original = isRecord(choice.delta) ? choice.delta : {}
    let delta = repairDelta(original, state)
    this.#completionBytes += outputBytes(delta)
    if (hasOutput(delta)) this.#hasOutput = true

    let finishReason: FinishReason | null = null
    if (choice.finish_reason) {
      finishReason = readFinishReason(choice.finish_reason, {
        hasCalls: state.calls.count > 0,
        hasFunctionCall: state.hasFunctionCall,
      })
      state.finishReason = finishReason
      if (this.#isStop(choice)) this.#hasMetStop = true
      const unnamed = state.calls.flush()
      if (unnamed.length > 0) delta = { ...delta, tool_calls: [...(delta.tool_calls ?? []), ...unnamed] }
    }
    if (!state.hasRole) {
      state.hasRole = true
      if (delta.role !== 'assistant') delta = { ...delta, role: 'assistant' }
    }
    const isUntouched =
      delta === original &&
      choice.index === index &&
      (choice.finish_reason ?? null) === finishReason &&
      'delta' in choice
    return isUntouched ? choice : { ...choice, index, delta, finish_reason: finishReason }
  }

  /** Engines (vLLM), and `untilStop`, name the text that they have stopped at. */
  #isStop(choice: ChunkChoice): boolean {
    const named: unknown = 'stop_reason' in choice ? choice.stop_reason : undefined
    return typeof named === 'string' && [this.#request.stop].flat().includes(named)
  }
}

interface ChoiceState {
  hasRole: boolean
  calls: ToolCallIdentity
  hasFunctionCall: boolean
  finishReason: FinishReason | undefined
}

/** Nearly every delta: text and nothing else. */
function isPlainText(delta: Delta): boolean {
  for (const field in delta) if (field !== 'content' || typeof delta.content !== 'string') return false
  return true
}

/** The same object where nothing has to change. */
function repairDelta(delta: Delta, state: ChoiceState): Delta {
  if (isPlainText(delta)) return delta
  let repaired = delta
  const set = (change: Partial<Delta>, ...without: (keyof Delta)[]) => {
    repaired = { ...repaired, ...change }
    for (const key of without) delete repaired[key]
  }

  if (state.hasRole && delta.role !== undefined) set({}, 'role')

  const content: unknown = delta.content
  if (content !== undefined && content !== null && typeof content !== 'string' && !Array.isArray(content)) {
    set({ content: String(content) })
  }
  if (Array.isArray(content)) {
    // Mistral's reasoning models send parts: thinking and text.
    const { text, reasoning } = readParts(content)
    set({ content: text })
    if (reasoning) set({ reasoning_content: reasoning })
  }

  if (typeof repaired.reasoning_content !== 'string' || repaired.reasoning_content === '') {
    const alias: unknown = delta.reasoning
    if (typeof alias === 'string' && alias !== '') set({ reasoning_content: alias }, 'reasoning')
    else if (repaired.reasoning_content !== undefined) set({}, 'reasoning_content')
  } else if (repaired.reasoning !== undefined) set({}, 'reasoning')
  if (repaired.reasoning !== undefined && !repaired.reasoning) set({}, 'reasoning')

  if (delta.tool_calls !== undefined) {
    const calls = Array.isArray(delta.tool_calls) ? state.calls.read(delta.tool_calls) : []
    if (calls.length === 0) set({}, 'tool_calls')
    else if (calls.some((call, i) => call !== delta.tool_calls?.[i])) set({ tool_calls: calls })
  }
  for (const field of ['reasoning_details', 'annotations'] as const) {
    if (delta[field] !== undefined && !Array.isArray(delta[field])) set({}, field)
  }
  if (delta.function_call) state.hasFunctionCall = true
  return repaired
}

function readParts(parts: readonly unknown[]): { text: string; reasoning: string } {
  let text = ''
  let reasoning = ''
  for (const part of parts) {
    if (typeof part === 'string') text += part
    if (typeof part !== 'object' || part === null) continue
    if ('text' in part && typeof part.text === 'string') text += part.text
    if ('thinking' in part) {
      reasoning += Array.isArray(part.thinking) ? readParts(part.thinking).text : String(part.thinking ?? '')
    }
  }
  return { text, reasoning }
}

function outputBytes(delta: Delta): number {
  let bytes = 0
  if (delta.content) bytes += utf8Length(delta.content)
  if (delta.reasoning_content) bytes += utf8Length(delta.reasoning_content)
  if (delta.refusal) bytes += utf8Length(delta.refusal)
  for (const call of delta.tool_calls ?? []) bytes += callBytes(call)
  return bytes
}

function callBytes(call: ToolCallDelta): number {
  return utf8Length(
    `${call.function?.name ?? ''}${call.function?.arguments ?? ''}${call.custom?.name ?? ''}${call.custom?.input ?? ''}`,
  )
}
