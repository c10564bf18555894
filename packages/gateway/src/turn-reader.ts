import { isRecord, ReasoningDetails } from '@dragoman/core'
import type { ChatCompletionChunk, ReasoningDetail } from '@dragoman/openai-schema'

/** What a model thought before it called tools, and the first of these calls, which the turn is known by later. */
export interface ToolTurn {
  readonly call: { readonly id: string; readonly name: string; readonly arguments: string }
  readonly text: string
  readonly details: readonly ReasoningDetail[]
}

/** Reads along with an answer for what its reasoning was. Longer reasoning than `maxLength` characters is not kept. */
export class TurnReader {
  readonly #maxLength: number
  #text: string[] = []
  #length = 0
  #details = new ReasoningDetails()
  #id = ''
  #name = ''
  #arguments: string[] = []

  constructor(maxLength = 256 * 1024) {
    this.#maxLength = maxLength
  }

  /** Of a relayed one what is said of the type need not hold: its first choice may have no index, and no delta. */
  chunk({ choices }: ChatCompletionChunk): void {
    for (const { index, delta } of choices) if (!index && isRecord(delta)) this.said(delta)
  }

  /** A message, or a delta of one. */
  said(said: object): void {
    const { reasoning_content, reasoning, reasoning_details, tool_calls } = said as Record<string, unknown>
    const text = reasoning_content ?? reasoning
    if (typeof text === 'string' && text !== '') this.#add(text)
    if (Array.isArray(reasoning_details)) {
      for (const detail of reasoning_details) {
        if (!isRecord(detail)) continue
        this.#length += JSON.stringify(detail).length
        this.#details.add(detail as unknown as ReasoningDetail) // as the upstream sent it, to go back to it
      }
    }
    if (Array.isArray(tool_calls)) for (const call of tool_calls) if (isRecord(call)) this.#call(call)
  }

  /** Undefined where no tool was called, or nothing was thought before. */
  get turn(): ToolTurn | undefined {
    if (this.#id === '' || this.#length === 0 || this.#length > this.#maxLength) return undefined
    const call = { id: this.#id, name: this.#name, arguments: this.#arguments.join('') }
    return { call, text: this.#text.join(''), details: this.#details.list() }
  }

  #call(call: Readonly<Record<string, unknown>>): void {
    const { index, id, function: called } = call
    // The first one of the answer, and what follows of it.
    if (index !== undefined ? index !== 0 : this.#id !== '') return
    if (typeof id === 'string' && this.#id === '') this.#id = id
    if (!isRecord(called)) return
    if (typeof called.name === 'string' && this.#name === '') this.#name = called.name
    if (typeof called.arguments === 'string') this.#arguments.push(called.arguments)
  }

  #add(text: string): void {
    this.#length += text.length
    if (this.#length <= this.#maxLength) this.#text.push(text)
  }
}
