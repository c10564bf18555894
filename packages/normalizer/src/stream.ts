import type { ChatChunk, ChatChunkChoice } from './chat-types.ts'
import { ChoiceNormalizer, type NormalizeOptions } from './choice-normalizer.ts'
import { isRecord } from './is-record.ts'
import type { EndedHow } from './markup-event.ts'

/**
 * Turns the markup in the text of a streamed answer into `reasoning_content` and `tool_calls`.
 *
 * A chunk in which nothing has to change comes out as the same object. Calls that the upstream gives as such pass and
 * win over those in the text. Where `chunks` throws, the text that was held comes out first; no call is completed.
 */
export async function* normalizeStream<C extends ChatChunk>(
  chunks: AsyncIterable<C> | Iterable<C>,
  options: NormalizeOptions,
): AsyncGenerator<C, void, undefined> {
  const normalizer = new ChunkNormalizer<C>(options)
  try {
    for await (const chunk of chunks) for (const normal of normalizer.push(chunk)) yield normal
  } catch (error) {
    for (const normal of normalizer.end('cut')) yield normal
    throw error
  }
  for (const normal of normalizer.end('stop')) yield normal
}

/** The same as a synchronous transducer. It belongs to one answer, and parses each of its choices for itself. */
export class ChunkNormalizer<C extends ChatChunk = ChatChunk> {
  readonly #options: NormalizeOptions
  readonly #choices = new Map<number, ChoiceNormalizer>()
  #last: C | undefined

  constructor(options: NormalizeOptions) {
    this.#options = options
  }

  /** What `chunk` makes ready now: itself where nothing changes, nothing while its text is held back. */
  push(chunk: C): readonly C[] {
    const given: readonly unknown[] | undefined = chunk?.choices
    if (!Array.isArray(given)) return [chunk]
    this.#last = chunk
    let choices: ChatChunkChoice[] | undefined
    for (const [i, choice] of chunk.choices.entries()) {
      const read = isRecord(choice) ? this.#choice(choice).read(choice) : undefined
      // A copy from the first change on.
      if (read) choices ??= chunk.choices.slice(0, i)
      if (choices) for (const piece of read ?? [choice]) choices.push(piece)
    }
    return choices ? spread(chunk, choices) : [chunk]
  }

  /**
   * What was still held, of choices that got no finish reason. Called once, last. Whatever `how` says, a call that is
   * open there stays open: an upstream that gives no reason has not said that it was done.
   */
  end(how: EndedHow): readonly C[] {
    const choices: ChatChunkChoice[] = []
    for (const choice of this.#choices.values()) {
      for (const piece of choice.end(how === 'length' ? 'length' : 'cut')) choices.push(piece)
    }
    const last = this.#last
    return last ? choices.map((choice) => withChoice(headOf(last), choice)) : []
  }

  #choice({ index }: ChatChunkChoice): ChoiceNormalizer {
    const key = Number.isInteger(index) ? index : 0
    let choice = this.#choices.get(key)
    if (!choice) {
      choice = new ChoiceNormalizer(key, this.#options)
      this.#choices.set(key, choice)
    }
    return choice
  }
}

/** One chunk for each piece; the last one has the other fields of `chunk`, such as its usage. */
function spread<C extends ChatChunk>(chunk: C, choices: readonly ChatChunkChoice[]): C[] {
  const last = choices.at(-1)
  if (last) {
    if (choices.length === 1) return [withChoice(chunk, last)]
    const head = headOf(chunk)
    return choices.map((choice) => withChoice(choice === last ? chunk : head, choice))
  }
  const { index = 0 } = chunk.choices[0] ?? {}
  return saysMore(chunk) ? [withChoice(chunk, { index, delta: {}, finish_reason: null })] : []
}

// The fields that a caller's own type of chunk has beyond those read here stay as they are.
function withChoice<C extends ChatChunk>(chunk: C, choice: ChatChunkChoice): C {
  return { ...chunk, choices: [choice] }
}

/** What all chunks of an answer have in common. */
function headOf<C extends ChatChunk>(chunk: C): C {
  const head: Record<string, unknown> = {}
  for (const key of ['id', 'object', 'created', 'model']) if (key in chunk) head[key] = chunk[key as keyof C]
  return head as unknown as C // what is left out is optional in every client's type, and `choices` is about to be set
}

const saidInEveryChunk = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'system_fingerprint',
  'service_tier',
  'provider',
  'obfuscation',
])

/** Whether a chunk without its text still has something to say. */
function saysMore(chunk: ChatChunk): boolean {
  return Object.entries(chunk).some(
    ([key, value]) => value !== null && value !== undefined && !saidInEveryChunk.has(key),
  )
}
