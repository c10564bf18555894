import type { AnswerItem, DragomanError } from '@dragoman/core'
import type { ChatCompletionChunk, FinishReason, Usage } from '@dragoman/openai-schema'
import type { RelayTap } from './relay-tap.ts'

/** What an event in which the upstream reports an error means. */
export type ErrorFrom = (json: unknown) => DragomanError

/** A piece of events, and where in it the one stands that is looked at. */
export interface EventAt {
  /** One character for each byte: all structure is ASCII, and lengths are numbers of bytes. */
  readonly text: string
  readonly bytes: Buffer
  readonly at: number
  /** After its blank line. */
  readonly end: number
}

/** Looks at relayed events one by one. */
export abstract class EventTap implements RelayTap {
  #failure: { readonly cause: unknown } | undefined

  abstract readonly hasOutput: boolean
  abstract readonly usage: Usage
  abstract readonly finishReason: FinishReason | undefined
  abstract end(): AnswerItem | undefined
  abstract whole(json: unknown): boolean
  abstract chunks(json: unknown): Iterable<ChatCompletionChunk>

  /** Whether the client gets this event. Throws what it tells of. */
  protected abstract passes(event: EventAt, errorFrom: ErrorFrom): boolean

  pass(piece: Uint8Array, errorFrom: ErrorFrom): Uint8Array | undefined {
    this.throwFailure()
    const bytes = Buffer.isBuffer(piece) ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const text = bytes.toString('latin1')
    const kept: Uint8Array[] = []
    let from = 0
    let at = 0
    while (at < text.length && !this.#failure) {
      const blank = text.indexOf('\n\n', at)
      const end = blank < 0 ? text.length : blank + 2
      if (!this.#keeps({ text, bytes, at, end }, errorFrom)) {
        if (at > from) kept.push(piece.subarray(from, at))
        from = end
      }
      at = end
    }
    if (from === 0) return piece
    if (at > from) kept.push(piece.subarray(from, at))
    if (kept.length === 0) this.throwFailure()
    return kept.length > 1 ? Buffer.concat(kept) : kept[0]
  }

  throwFailure(): void {
    if (this.#failure) throw this.#failure.cause
  }

  #keeps(event: EventAt, errorFrom: ErrorFrom): boolean {
    try {
      return this.passes(event, errorFrom)
    } catch (cause) {
      this.#failure = { cause }
      return false
    }
  }
}

/** An event's data on several lines, as one text. */
export function unfolded(data: string): string {
  return data.includes('\n') ? data.replaceAll('\ndata: ', '\n') : data
}
