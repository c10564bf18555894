import { isRecord } from '@dragoman/core'
import type { Annotation, Delta, Logprobs, ReasoningDetail, TokenLogprob } from '@dragoman/openai-schema'
import type { Renames } from '../renames.ts'

type Fields = Record<string, unknown>

/** A delta of the canonical form, with the log probabilities of its text. */
export interface ReadDelta {
  readonly delta: Delta
  readonly logprobs?: Logprobs
}

/** What has been told of an item, so that its end tells only what is left. */
interface ItemState {
  /** By the index of the part. */
  readonly texts: Map<number, string>
  annotationCount: number
  /** Which of its two forms an item's reasoning is read from: the first that comes. */
  reasoning: 'summary' | 'content' | undefined
  /** Of the call, among the calls of the answer. */
  callIndex: number | undefined
  isDone: boolean
}

/** Reads the items of one answer: their events, and whole. */
export class ItemReader {
  #names: Renames
  #items = new Map<number, ItemState>()
  #callCount = 0
  #detailCount = 0

  constructor(names: Renames) {
    this.#names = names
  }

  get hasCalls(): boolean {
    return this.#callCount > 0
  }

  /** An event of an item; those that tell nothing new give nothing. */
  event(event: Fields): ReadDelta[] {
    const state = this.#state(event.output_index)
    switch (event.type) {
      case 'response.output_item.added':
        return this.#added(event.item, state)
      case 'response.output_item.done':
        return this.#done(event.item, state)
      case 'response.output_text.delta':
        return this.#text(state, event, 'content')
      case 'response.refusal.delta':
        return this.#text(state, event, 'refusal')
      case 'response.output_text.annotation.added':
        state.annotationCount++
        return annotations([event.annotation])
      case 'response.reasoning_summary_text.delta':
        return this.#reasoning(state, 'summary', event.summary_index, textOf(event.delta))
      case 'response.reasoning_text.delta':
        return this.#reasoning(state, 'content', event.content_index, textOf(event.delta))
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#callPiece(state, event)
      default:
        return []
    }
  }

  /** All items of an answer: what its events have not told. */
  output(output: unknown): ReadDelta[] {
    if (!Array.isArray(output)) return []
    return output.flatMap((item: unknown, index) => this.#done(item, this.#state(index)))
  }

  #state(index: unknown): ItemState {
    const key = typeof index === 'number' ? index : 0
    let state = this.#items.get(key)
    if (!state) {
      state = { texts: new Map(), annotationCount: 0, reasoning: undefined, callIndex: undefined, isDone: false }
      this.#items.set(key, state)
    }
    return state
  }

  #added(item: unknown, state: ItemState): ReadDelta[] {
    const call = isRecord(item) ? callOf(item) : undefined
    return call && call.name !== '' ? this.#openCall(call, state) : []
  }

  #done(item: unknown, state: ItemState): ReadDelta[] {
    if (state.isDone || !isRecord(item)) return []
    state.isDone = true
    switch (item.type) {
      case 'message':
        return this.#messageDone(item, state)
      case 'reasoning':
        return this.#reasoningDone(item, state)
      default: {
        const call = callOf(item)
        return call ? this.#callDone(call, state) : []
      }
    }
  }

  #text(state: ItemState, { content_index, delta, logprobs }: Fields, field: 'content' | 'refusal'): ReadDelta[] {
    const text = textOf(delta)
    if (text === '') return []
    add(state, content_index, text)
    const read = { delta: { [field]: text } }
    const tokens = Array.isArray(logprobs) && logprobs.length > 0 ? (logprobs as TokenLogprob[]) : undefined
    return [tokens ? { ...read, logprobs: { content: tokens, refusal: null } } : read]
  }

  #messageDone({ content }: Fields, state: ItemState): ReadDelta[] {
    if (!Array.isArray(content)) return []
    return content.flatMap((part: unknown, index) => {
      if (!isRecord(part)) return []
      const field = part.type === 'refusal' ? 'refusal' : 'content'
      const text = rest(state, index, textOf(field === 'refusal' ? part.refusal : part.text))
      const read = this.#text(state, { content_index: index, delta: text, logprobs: part.logprobs }, field)
      const cited: unknown[] = Array.isArray(part.annotations) ? part.annotations : []
      const left = cited.slice(state.annotationCount)
      state.annotationCount = Math.max(0, state.annotationCount - cited.length)
      return [...read, ...annotations(left)]
    })
  }

  #reasoning(state: ItemState, form: 'summary' | 'content', index: unknown, text: string): ReadDelta[] {
    state.reasoning ??= form
    if (state.reasoning !== form || text === '') return []
    const isNextPart = !state.texts.has(keyOf(index)) && state.texts.size > 0
    add(state, index, text)
    return [{ delta: { reasoning_content: isNextPart && form === 'summary' ? `\n\n${text}` : text } }]
  }

  #reasoningDone(item: Fields, state: ItemState): ReadDelta[] {
    const raw = Array.isArray(item.content) ? item.content : []
    const summary = Array.isArray(item.summary) ? item.summary : []
    state.reasoning ??= raw.length > 0 ? 'content' : 'summary'
    const form = state.reasoning
    const told = (form === 'content' ? raw : summary).flatMap((part: unknown, index) => {
      const text = isRecord(part) ? textOf(part.text) : ''
      return this.#reasoning(state, form, index, rest(state, index, text))
    })
    const details = this.#details(item, summary)
    return details.length > 0 ? [...told, { delta: { reasoning_details: details } }] : told
  }

  /** Only a sealed item can be brought back. */
  #details({ id, encrypted_content }: Fields, summary: unknown[]): ReasoningDetail[] {
    if (typeof id !== 'string' || typeof encrypted_content !== 'string' || encrypted_content === '') return []
    const origin = () => ({ id, format: 'openai-responses-v1', index: this.#detailCount++ })
    return [
      ...summary.map((part): ReasoningDetail => {
        return { type: 'reasoning.summary', summary: isRecord(part) ? textOf(part.text) : '', ...origin() }
      }),
      { type: 'reasoning.encrypted', data: encrypted_content, ...origin() },
    ]
  }

  #openCall(call: ReadCall, state: ItemState): ReadDelta[] {
    const index = this.#callCount++
    state.callIndex = index
    add(state, 0, call.text)
    const name = this.#names.read(call.name)
    const base = { index, id: call.id }
    const opened = call.isCustom
      ? { ...base, type: 'custom' as const, custom: { name, input: call.text } }
      : { ...base, type: 'function' as const, function: { name, arguments: call.text } }
    return [{ delta: { tool_calls: [opened] } }]
  }

  #callPiece(state: ItemState, { type, delta }: Fields): ReadDelta[] {
    const text = textOf(delta)
    // Without a name yet it waits for the end of the item, which has the whole text.
    if (state.callIndex === undefined || text === '') return []
    add(state, 0, text)
    return [
      { delta: { tool_calls: [pieceOf(state.callIndex, text, type === 'response.custom_tool_call_input.delta')] } },
    ]
  }

  #callDone(call: ReadCall, state: ItemState): ReadDelta[] {
    if (state.callIndex === undefined) return this.#openCall(call, state)
    const left = rest(state, 0, call.text)
    if (left === '') return []
    add(state, 0, left)
    return [{ delta: { tool_calls: [pieceOf(state.callIndex, left, call.isCustom)] } }]
  }
}

interface ReadCall {
  readonly id: string
  readonly name: string
  readonly text: string
  readonly isCustom: boolean
}

function callOf(item: Fields): ReadCall | undefined {
  const isCustom = item.type === 'custom_tool_call'
  if (!isCustom && item.type !== 'function_call') return undefined
  const text = textOf(isCustom ? item.input : item.arguments)
  return { id: textOf(item.call_id) || textOf(item.id), name: textOf(item.name), text, isCustom }
}

function pieceOf(index: number, text: string, isCustom: boolean) {
  return isCustom ? { index, custom: { input: text } } : { index, function: { arguments: text } }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const keyOf = (index: unknown): number => (typeof index === 'number' ? index : 0)

function add(state: ItemState, index: unknown, text: string): void {
  const key = keyOf(index)
  state.texts.set(key, (state.texts.get(key) ?? '') + text)
}

/** What of the whole text has not been told yet. */
function rest(state: ItemState, index: number, whole: string): string {
  const told = state.texts.get(index) ?? ''
  return whole.startsWith(told) ? whole.slice(told.length) : ''
}

function annotations(given: readonly unknown[]): ReadDelta[] {
  const read = given.flatMap((annotation) => (isRecord(annotation) ? [annotationOf(annotation)] : []))
  return read.length > 0 ? [{ delta: { annotations: read } }] : []
}

function annotationOf(annotation: Fields): Annotation {
  const { type, url, title, start_index, end_index } = annotation
  // Kinds that Chat Completions does not name go on as they are.
  if (type !== 'url_citation') return annotation as unknown as Annotation
  return {
    type,
    url_citation: {
      url: textOf(url),
      title: textOf(title),
      start_index: keyOf(start_index),
      end_index: keyOf(end_index),
    },
  }
}
