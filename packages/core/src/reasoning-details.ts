import type { ReasoningDetail } from '@dragoman/openai-schema'

/**
 * Joins pieces of reasoning details: those of one block share its index and its type (OpenRouter numbers a text and what
 * is encrypted beside it alike); others stand alone. In order.
 */
export class ReasoningDetails {
  #details = new Map<string, ReasoningDetail>()

  add(detail: ReasoningDetail): void {
    const { type, index } = detail
    const key = index === undefined || index === null ? `#${this.#details.size}` : `${type} ${index}`
    const known = this.#details.get(key)
    this.#details.set(key, known ? joined(known, detail) : detail)
  }

  get size(): number {
    return this.#details.size
  }

  list(): ReasoningDetail[] {
    return [...this.#details.values()]
  }
}

/** Text and signatures are joined, the rest is overwritten. */
function joined(known: ReasoningDetail, next: ReasoningDetail): ReasoningDetail {
  if (known.type === 'reasoning.text' && next.type === 'reasoning.text') {
    return {
      ...known,
      ...next,
      text: `${known.text ?? ''}${next.text ?? ''}`,
      signature: next.signature ?? known.signature,
    }
  }
  if (known.type === 'reasoning.summary' && next.type === 'reasoning.summary') {
    return { ...known, ...next, summary: known.summary + next.summary }
  }
  if (known.type === 'reasoning.encrypted' && next.type === 'reasoning.encrypted') {
    return { ...known, ...next, data: known.data + next.data }
  }
  return next
}
