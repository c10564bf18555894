import type {
  Annotation,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionMessage,
  ChatCompletionRequest,
  Choice,
  ChunkChoice,
  Delta,
  FinishReason,
  ToolCall,
  ToolCallDelta,
} from '@dragoman/openai-schema'
import { canonicalChunks } from './canonical.ts'
import { DragomanError } from './errors.ts'
import { isRecord } from './is-record.ts'
import { ReasoningDetails } from './reasoning-details.ts'
import { transformed } from './transform.ts'

/**
 * The whole answer of a stream of chunks, such as `provider.chat(request, call)` gives.
 *
 * Rejects with what the stream throws; with `upstream_empty` when there was no answer and `upstream_protocol` when it
 * has no finish reason. Never a part of an answer.
 */
export async function collect(
  chunks: AsyncIterable<ChatCompletionChunk>,
  request: ChatCompletionRequest,
): Promise<ChatCompletion> {
  const collector = new Collector()
  for await (const chunk of transformed(chunks, canonicalChunks(request))) collector.push(chunk)
  return collector.completion()
}

/** Joins canonical chunks. Unknown fields stay: strings of a delta are joined, other values are overwritten. */
export class Collector {
  #head: Partial<ChatCompletion> = {}
  #choices = new Map<number, PartialChoice>()

  push(chunk: ChatCompletionChunk): void {
    const { object, choices, usage, ...head } = chunk
    Object.assign(this.#head, head)
    if (usage) this.#head.usage = usage
    for (const choice of choices) this.#choice(choice)
  }

  completion(): ChatCompletion {
    const { id = '', created = 0, model = '', usage, ...rest } = this.#head
    const choices = [...this.#choices.entries()].sort(([a], [b]) => a - b).map(([, choice]) => finished(choice))
    const completion: ChatCompletion = { ...rest, id, object: 'chat.completion', created, model, choices }
    if (usage) completion.usage = usage
    return completion
  }

  #choice(choice: ChunkChoice): void {
    const { index, delta, finish_reason, logprobs, ...rest } = choice
    let partial = this.#choices.get(index)
    if (!partial) {
      partial = newChoice(index)
      this.#choices.set(index, partial)
    }
    Object.assign(partial.rest, rest)
    if (finish_reason) partial.finish_reason = finish_reason
    if (logprobs) {
      partial.logprobs ??= { content: null, refusal: null }
      for (const kind of ['content', 'refusal'] as const) {
        if (Array.isArray(logprobs[kind]))
          partial.logprobs[kind] = [...(partial.logprobs[kind] ?? []), ...logprobs[kind]]
      }
    }
    addDelta(partial, delta)
  }
}

// Names of fields come from the upstream: maps, so that `__proto__` is a name like any other.
interface PartialChoice {
  index: number
  /** Fields of the message whose last value counts. */
  fields: Map<string, unknown>
  /** Fields of the message that are joined, as pieces. */
  text: Map<string, string[]>
  calls: { first: ToolCallDelta; pieces: string[] }[]
  details: ReasoningDetails
  annotations: Annotation[]
  logprobs?: NonNullable<Choice['logprobs']>
  finish_reason: FinishReason | null
  rest: Record<string, unknown>
}

function newChoice(index: number): PartialChoice {
  return {
    index,
    fields: new Map(),
    text: new Map(),
    calls: [],
    details: new ReasoningDetails(),
    annotations: [],
    finish_reason: null,
    rest: {},
  }
}

function addDelta(partial: PartialChoice, delta: Delta): void {
  for (const [field, value] of Object.entries(delta)) {
    switch (field) {
      case 'role':
        break
      case 'tool_calls':
        for (const call of delta.tool_calls ?? []) addCall(partial, call)
        break
      case 'reasoning_details':
        for (const detail of delta.reasoning_details ?? []) partial.details.add(detail)
        break
      case 'annotations':
        partial.annotations.push(...(delta.annotations ?? []))
        break
      case 'function_call':
      case 'audio':
        partial.fields.set(field, joinStrings(partial.fields.get(field), value))
        break
      default:
        if (typeof value !== 'string') {
          if (value !== null && value !== undefined) partial.fields.set(field, value)
        } else {
          const pieces = partial.text.get(field)
          if (pieces) pieces.push(value)
          else partial.text.set(field, [value])
        }
    }
  }
}

function addCall(partial: PartialChoice, call: ToolCallDelta): void {
  const text = call.custom ? call.custom.input : call.function?.arguments
  const known = partial.calls[call.index]
  if (known) known.pieces.push(text ?? '')
  else partial.calls[call.index] = { first: call, pieces: [text ?? ''] }
}

/** `function_call` and `audio` come as objects whose strings arrive in pieces, but for ids and names. */
function joinStrings(known: unknown, next: unknown): unknown {
  if (!isRecord(known) || !isRecord(next)) return next ?? known
  const joined: Record<string, unknown> = { ...known }
  for (const [field, value] of Object.entries(next)) {
    const before = joined[field]
    const isPiece = typeof before === 'string' && typeof value === 'string' && field !== 'id' && field !== 'name'
    joined[field] = isPiece ? before + value : (value ?? before)
  }
  return joined
}

function finished(partial: PartialChoice): Choice {
  if (partial.finish_reason === null) {
    throw new DragomanError('upstream_protocol', 'The answer has no finish reason', { origin: 'upstream' })
  }
  const text = Object.fromEntries([...partial.text].map(([field, pieces]) => [field, pieces.join('')]))
  const calls = partial.calls.filter((call) => call !== undefined).map(wholeCall)
  const { content = '', refusal, ...said } = text
  const hasOnlyCalls = content === '' && (calls.length > 0 || partial.fields.has('function_call'))
  const message: ChatCompletionMessage = {
    role: 'assistant',
    content: hasOnlyCalls || (content === '' && refusal) ? null : content,
    refusal: refusal || null,
    ...Object.fromEntries(partial.fields),
    ...said,
  }
  if (partial.annotations.length > 0) message.annotations = partial.annotations
  if (partial.details.size > 0) message.reasoning_details = partial.details.list()
  if (calls.length > 0) message.tool_calls = calls
  return {
    ...partial.rest,
    index: partial.index,
    message,
    logprobs: partial.logprobs ?? null,
    finish_reason: partial.finish_reason,
  }
}

function wholeCall({ first, pieces }: { first: ToolCallDelta; pieces: string[] }): ToolCall {
  const { index, ...call } = first
  const id = call.id ?? ''
  const text = pieces.join('')
  return call.custom
    ? { ...call, id, type: 'custom', custom: { ...call.custom, name: call.custom.name ?? '', input: text } }
    : {
        ...call,
        id,
        type: 'function',
        function: { ...call.function, name: call.function?.name ?? '', arguments: text },
      }
}
