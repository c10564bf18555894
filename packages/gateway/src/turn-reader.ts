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

  chunk({ choices }: ChatCompletionChunk): void {
    const choice = choices[0]
    if (choice && choice.index === 0) this.said(choice.delta)
  }

  /**
   * A message, or a delta of one.
   *
   * @param encoding `latin1` where each character stands for a byte of UTF-8
   */
  said(said: object, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    const { reasoning_content, reasoning, reasoning_details, tool_calls } = said as Record<string, unknown>
    const text = reasoning_content ?? reasoning
    if (typeof text === 'string' && text !== '') this.#add(this.#text, text, encoding)
    if (Array.isArray(reasoning_details)) {
      for (const detail of reasoning_details) {
        if (!isRecord(detail)) continue
        const read = encoding === 'latin1' ? JSON.parse(utf8(JSON.stringify(detail))) : detail
        this.#length += JSON.stringify(read).length
        this.#details.add(read as unknown as ReasoningDetail) // as the upstream sent it, to go back to it
      }
    }
    if (Array.isArray(tool_calls)) for (const call of tool_calls) if (isRecord(call)) this.#call(call, encoding)
  }

  /** Undefined where no tool was called, or nothing was thought before. */
  get turn(): ToolTurn | undefined {
    if (this.#id === '' || this.#length === 0 || this.#length > this.#maxLength) return undefined
    const call = { id: this.#id, name: this.#name, arguments: this.#arguments.join('') }
    return { call, text: this.#text.join(''), details: this.#details.list() }
  }

  #call(call: Readonly<Record<string, unknown>>, encoding: 'utf8' | 'latin1'): void {
    const { index, id, function: called } = call
    // The first one of the answer, and what follows of it.
    if (index !== undefined ? index !== 0 : this.#id !== '') return
    if (typeof id === 'string' && this.#id === '') this.#id = id
    if (!isRecord(called)) return
    if (typeof called.name === 'string' && this.#name === '') this.#name = called.name
    if (typeof called.arguments === 'string') this.#arguments.push(decoded(called.arguments, encoding))
  }

  #add(texts: string[], text: string, encoding: 'utf8' | 'latin1'): void {
    this.#length += text.length
    if (this.#length <= this.#maxLength) texts.push(decoded(text, encoding))
  }
}

function decoded(text: string, encoding: 'utf8' | 'latin1'): string {
  return encoding === 'latin1' ? utf8(text) : text
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString()
}
