import type { ChatDelta } from './chat-types.ts'
import { isRecord } from './is-record.ts'

export interface ReasoningPiece {
  readonly text: string
  /** The field of the delta that it was moved out of; undefined where it stays there. */
  readonly movedFrom: 'reasoning' | 'thinking' | undefined
  readonly isCanonical: boolean
}

const none: ReasoningPiece = { text: '', movedFrom: undefined, isCanonical: true }

/** Finds the reasoning that an upstream has separated itself, under whichever name, in the deltas of one choice. */
export class NativeReasoning {
  #detailIndex: unknown
  #hasDetails = false

  read(delta: ChatDelta): ReasoningPiece {
    const { reasoning_content, reasoning, thinking, reasoning_details } = delta
    if (isText(reasoning_content)) return { text: reasoning_content, movedFrom: undefined, isCanonical: true }
    if (isText(reasoning)) return { text: reasoning, movedFrom: 'reasoning', isCanonical: false }
    if (isText(thinking)) return { text: thinking, movedFrom: 'thinking', isCanonical: false }
    if (!Array.isArray(reasoning_details)) return none
    const text = this.#details(reasoning_details)
    // The details themselves stay: they must go back to their origin as they came.
    return text === '' ? none : { text, movedFrom: undefined, isCanonical: false }
  }

  #details(details: readonly unknown[]): string {
    let text = ''
    for (const [i, detail] of details.entries()) {
      if (!isRecord(detail) || detail.type !== 'reasoning.text' || !isText(detail.text)) continue
      // Pieces of one block share its index. Without one, a further piece of the stream goes on where the last ended.
      const isSameBlock = detail.index === this.#detailIndex && (typeof detail.index === 'number' || i === 0)
      if (this.#hasDetails && !isSameBlock) text += '\n'
      text += detail.text
      this.#detailIndex = detail.index
      this.#hasDetails = true
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
    if (typeof part.text === 'string') content += part.text
    if (Array.isArray(part.thinking)) reasoning += readParts(part.thinking).content
    else if (typeof part.thinking === 'string') reasoning += part.thinking
  }
  return { content, reasoning }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
