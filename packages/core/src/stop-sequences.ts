import type { ChatCompletionChunk, ChatCompletionRequest, ChunkChoice } from '@dragoman/openai-schema'
import { type Transform, transformed } from './transform.ts'

/**
 * The answer up to the first of the request's `stop` texts, for a service that does not know the field. With none of
 * them, `chunks` itself.
 *
 * A choice ends before the text that is complete first (of those that end at the same place, before the longest), with
 * the finish reason `stop` and the text as `stop_reason`, as vLLM has it. Texts are looked for in the content alone, not
 * in reasoning or calls. What may be the beginning of one waits until the content goes on, or the choice ends, calls a
 * tool or breaks off. When `n` choices have ended and one of them was cut, `chunks` is left: what a service would report
 * behind that, such as usage, is not known then. Takes time linear in the content.
 */
export function untilStop(
  chunks: AsyncIterable<ChatCompletionChunk>,
  { stop, n }: Pick<ChatCompletionRequest, 'stop' | 'n'>,
): AsyncIterable<ChatCompletionChunk> {
  const stops = [stop ?? []].flat().filter((text) => text !== '')
  return stops.length === 0 ? chunks : cut(chunks, new StopSequences(stops, n ?? 1))
}

async function* cut(
  chunks: AsyncIterable<ChatCompletionChunk>,
  sequences: StopSequences,
): AsyncGenerator<ChatCompletionChunk, undefined> {
  for await (const chunk of transformed(chunks, sequences)) {
    yield chunk
    if (sequences.isOver) return undefined
  }
  return undefined
}

interface StoppedChoice extends ChunkChoice {
  stop_reason: string
}

interface ChoiceState {
  /** With how much of each text the content ends. */
  matched: number[]
  /** The same of the one that it ends with most of, which is not shown yet. */
  held: string
  isCut: boolean
}

/** One chunk out for each that comes in. */
class StopSequences implements Transform {
  readonly #patterns: readonly Pattern[]
  readonly #choiceCount: number
  readonly #choices = new Map<number, ChoiceState>()
  #last: ChatCompletionChunk | undefined
  #endedCount = 0
  #hasCut = false

  constructor(stops: readonly string[], choiceCount: number) {
    this.#patterns = stops.map((text) => ({ text, borders: bordersOf(text) }))
    this.#choiceCount = choiceCount
  }

  /** Nothing that comes from here on is wanted. */
  get isOver(): boolean {
    return this.#hasCut && this.#endedCount >= this.#choiceCount
  }

  push(chunk: ChatCompletionChunk): ChatCompletionChunk[] {
    if (!chunk.choices?.length) return [chunk]
    this.#last = chunk
    const choices = chunk.choices.flatMap((choice) => this.#choice(choice) ?? [])
    const isUntouched = choices.length === chunk.choices.length && choices.every((each, i) => each === chunk.choices[i])
    return [isUntouched ? chunk : { ...chunk, choices }]
  }

  end(): ChatCompletionChunk[] {
    const choices = [...this.#choices]
      .filter(([, { held }]) => held !== '')
      .map(([index, { held }]): ChunkChoice => ({ index, delta: { content: held }, finish_reason: null }))
    if (choices.length === 0 || !this.#last) return []
    const { id, object, created, model } = this.#last
    return [{ id, object, created, model, choices }]
  }

  /** Undefined for one that says nothing, or that comes after its end. */
  #choice(choice: ChunkChoice): ChunkChoice | undefined {
    const state = this.#stateOf(choice.index ?? 0)
    if (state.isCut) return undefined
    const { content, tool_calls, function_call, ...others } = choice.delta ?? {}
    // Chunks come unchecked, and parts of content are for core's `canonicalChunks`.
    const text = typeof content === 'string' ? content : ''
    const found = this.#find(text, state)
    if (found) {
      const shown = front(state.held, text, state.held.length + found.end - found.text.length)
      state.isCut = true
      state.held = ''
      this.#hasCut = true
      this.#endedCount++
      const delta = shown === '' ? others : { ...others, content: shown }
      const stopped: StoppedChoice = { ...choice, delta, finish_reason: 'stop', stop_reason: found.text }
      return stopped
    }
    if (choice.finish_reason) this.#endedCount++
    // A call stands behind the text, and a text behind a call begins anew.
    if (choice.finish_reason || tool_calls?.length || function_call) state.matched.fill(0)
    const held = this.#held(state)
    const shown = front(state.held, text, state.held.length + text.length - held.length)
    state.held = held
    if (shown === text) return choice
    const saysMore = choice.finish_reason || tool_calls || function_call || Object.keys(others).length > 0
    return shown === '' && !saysMore ? undefined : { ...choice, delta: { ...choice.delta, content: shown } }
  }

  #stateOf(index: number): ChoiceState {
    const known = this.#choices.get(index)
    if (known) return known
    const state = { matched: this.#patterns.map(() => 0), held: '', isCut: false }
    this.#choices.set(index, state)
    return state
  }

  /** The text that is complete first, and where it ends in `content`. */
  #find(content: string, { matched }: ChoiceState): { readonly text: string; readonly end: number } | undefined {
    for (let at = 0; at < content.length; at++) {
      let longest = ''
      for (const [i, pattern] of this.#patterns.entries()) {
        const length = extended(pattern, matched[i] ?? 0, content[at])
        matched[i] = length
        if (length === pattern.text.length && length > longest.length) longest = pattern.text
      }
      if (longest !== '') return { text: longest, end: at + 1 }
    }
    return undefined
  }

  #held({ matched }: ChoiceState): string {
    let held = ''
    for (const [i, { text }] of this.#patterns.entries()) {
      const length = matched[i] ?? 0
      if (length > held.length) held = text.slice(0, length)
    }
    return held
  }
}

/** The first characters of two texts together, without joining what is not shown. */
function front(first: string, second: string, length: number): string {
  return length <= first.length ? first.slice(0, length) : first + second.slice(0, length - first.length)
}

/** A text as Knuth, Morris and Pratt look for it. */
interface Pattern {
  readonly text: string
  /** Of each beginning of the text: the length of the longest shorter beginning that it ends with. */
  readonly borders: readonly number[]
}

function bordersOf(text: string): number[] {
  const borders = [0]
  for (let at = 1; at < text.length; at++) borders.push(extended({ text, borders }, borders[at - 1] ?? 0, text[at]))
  return borders
}

/** With how much of the text something ends that ended with `length` of it, when `unit` is added. */
function extended({ text, borders }: Pattern, length: number, unit: string | undefined): number {
  let matched = length
  while (matched > 0 && text[matched] !== unit) matched = borders[matched - 1] ?? 0
  return text[matched] === unit ? matched + 1 : 0
}
