import type { ChatDelta } from './chat-types.ts'
import { isRecord } from './is-record.ts'

export interface ReasoningPiece {
  readonly text: string
  /** The field of the delta that it is moved out of. Details stay: they must go back to their origin as they came. */
  readonly field: 'reasoning_content' | 'reasoning' | 'thinking'
}

const none: ReasoningPiece = { text: '', field: 'reasoning_content' }

/** Finds the reasoning that an upstream has separated itself, under whichever name, in the deltas of one choice. */
export class NativeReasoning {
  #lastDetail: Record<string, unknown> | undefined

  read({ reasoning_content, reasoning, thinking, reasoning_details }: ChatDelta): ReasoningPiece {
    if (isText(reasoning_content)) return { text: reasoning_content, field: 'reasoning_content' }
    if (isText(reasoning)) return { text: reasoning, field: 'reasoning' }
    if (isText(thinking)) return { text: thinking, field: 'thinking' }
    return Array.isArray(reasoning_details) ? { ...none, text: this.#details(reasoning_details) } : none
  }

  #details(details: readonly unknown[]): string {
    let text = ''
    for (const [i, detail] of details.entries()) {
      if (!isRecord(detail) || detail.type !== 'reasoning.text' || !isText(detail.text)) continue
      const last = this.#lastDetail
      // Pieces of one block share its index. Without one, a further piece of the stream goes on where the last ended.
      if (last && (detail.index !== last.index || (typeof last.index !== 'number' && i > 0))) text += '\n'
      text += detail.text
      this.#lastDetail = detail
    }
    return text
  }
}

/** Content as parts, as Mistral's reasoning models send it: thinking and text. */
export function readParts(parts: readonly unknown[]): { content: string; reasoning: string } {
  let content = ''
  let reasoning = ''
  for (const part of parts) {
    if (typeof part === 'string') content += part
    if (!isRecord(part)) continue
    if (isText(part.text)) content += part.text
    if (isText(part.thinking)) reasoning += part.thinking
    else if (Array.isArray(part.thinking)) reasoning += readParts(part.thinking).content
  }
  return { content, reasoning }
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
