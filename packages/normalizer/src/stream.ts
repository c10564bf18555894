import type { ChatChunk, ChatChunkChoice, ChatDelta } from './chat-types.ts'
import { ChoiceNormalizer, type NormalDelta, type NormalizeOptions } from './choice-normalizer.ts'
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
      const read = isRecord(choice) ? this.#choice(choice).read(choice.delta ?? {}, choice.finish_reason) : undefined
      // A copy from the first change on.
      if (read) choices ??= chunk.choices.slice(0, i)
      if (choices) for (const piece of read ? rewritten(choice, read) : [choice]) choices.push(piece)
    }
    return choices ? spread(chunk, choices) : [chunk]
  }

  /**
   * What was still held, of choices that got no finish reason. Called once, last. Whatever `how` says, a call that is
   * open there stays open: an upstream that gives no reason has not said that it was done.
   */
  end(how: EndedHow): readonly C[] {
    const last = this.#last
    const chunks: C[] = []
    for (const [index, choice] of this.#choices) {
      for (const delta of choice.end(how === 'length' ? 'length' : 'cut')) {
        if (last) chunks.push(withChoice(headOf(last), { index, delta, finish_reason: null }))
      }
    }
    return chunks
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

/** One choice for each piece. */
function rewritten(choice: ChatChunkChoice, { pieces, rest, reason }: NormalDelta): readonly ChatChunkChoice[] {
  const { index } = choice
  const finish_reason = reason || null
  const delta = { ...rest, ...pieces[0] }
  if (pieces.length + (finish_reason ? 1 : 0) < 2) {
    const isNothing = pieces.length === 0 && !finish_reason && Object.keys(rest).length === 0
    return isNothing && !saysMore(choice, choiceFields) ? [] : [{ ...choice, delta, finish_reason }]
  }
  const deltas: ChatDelta[] = [delta, ...pieces.slice(1)]
  if (finish_reason) deltas.push({})
  // Log probabilities belong to the text, the other fields of a choice to its end.
  const { logprobs, ...end } = choice as ChatChunkChoice & { logprobs?: unknown }
  const start = logprobs === undefined ? { index } : { index, logprobs }
  return deltas.map((delta, i) => {
    if (i === deltas.length - 1) return { ...end, delta, finish_reason }
    return { ...(i === 0 ? start : { index }), delta, finish_reason: null }
  })
}

const choiceFields = ['index', 'delta', 'finish_reason']

/** One chunk for each choice; the last one has the other fields of `chunk`, such as its usage. */
function spread<C extends ChatChunk>(chunk: C, choices: readonly ChatChunkChoice[]): C[] {
  const last = choices.at(-1)
  if (!last) {
    const { index = 0 } = chunk.choices[0] ?? {}
    return saysMore(chunk, saidInEveryChunk) ? [withChoice(chunk, { index, delta: {}, finish_reason: null })] : []
  }
  const head = choices.length > 1 ? headOf(chunk) : chunk
  return choices.map((choice) => withChoice(choice === last ? chunk : head, choice))
}

// The fields that a caller's own type of chunk has beyond those read here stay as they are.
function withChoice<C extends ChatChunk>(chunk: C, choice: ChatChunkChoice): C {
  return { ...chunk, choices: [choice] }
}

const headFields = ['id', 'object', 'created', 'model']
const saidInEveryChunk = [...headFields, 'choices', 'system_fingerprint', 'service_tier', 'provider', 'obfuscation']

/** What all chunks of an answer have in common. */
function headOf<C extends ChatChunk>(chunk: C): C {
  const head = Object.entries(chunk).filter(([field]) => headFields.includes(field))
  return Object.fromEntries(head) as unknown as C // what is left out is optional in every client's type, and `choices` is about to be set
}

/** Whether anything is said beside some fields. */
function saysMore(said: object, fields: readonly string[]): boolean {
  return Object.entries(said).some(([field, value]) => (value ?? undefined) !== undefined && !fields.includes(field))
}
