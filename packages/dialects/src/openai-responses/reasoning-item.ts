import { ReasoningDetails, type SealedReasoning } from '@dragoman/core'
import type { ReasoningDetail } from '@dragoman/openai-schema'
import { newId } from '../ids.ts'
import { WholePairs } from '../whole-pairs.ts'
import { AnswerItem } from './answer-item.ts'
import { eventHead } from './event-writer.ts'
import type { OutputReasoning } from './response-object.ts'

/**
 * What the model thinks, as a summary of one part: clients read reasoning from the events of summaries alone. Signatures
 * and the like go into the sealed value.
 */
export class ReasoningItem extends AnswerItem {
  readonly id = newId('rs')
  #seal: ((reasoning: SealedReasoning) => string) | undefined
  #showsSeal: boolean
  #details = new ReasoningDetails()
  #pairs = new WholePairs()
  #head: string | undefined
  #text = ''
  #sealed: string | undefined

  /** @param seal makes the opaque value; `isShown` tells whether the client asked to have it */
  constructor(
    out: ConstructorParameters<typeof AnswerItem>[0],
    seal: { make(reasoning: SealedReasoning): string; readonly isShown: boolean } | undefined,
  ) {
    super(out)
    this.#seal = seal?.make
    this.#showsSeal = seal?.isShown === true
  }

  /** The opaque value, once the item is closed. */
  get sealed(): string | undefined {
    return this.#sealed
  }

  isComplete(): boolean {
    return true
  }

  text(piece: string): void {
    if (!this.isOpen) {
      this.later(() => this.text(piece))
      return
    }
    this.#head ??= this.#openSummary()
    const whole = this.#pairs.take(piece)
    this.#text += whole
    if (whole !== '') this.out.delta(this.#head, whole)
  }

  details(details: readonly ReasoningDetail[]): void {
    for (const detail of details) this.#details.add(detail)
  }

  protected begun(): object {
    return { id: this.id, type: 'reasoning', summary: [] }
  }

  protected finished(): OutputReasoning {
    const summary = this.#head === undefined ? [] : [this.#closeSummary(this.#head)]
    const details = this.#details.size > 0 ? { details: this.#details.list() } : {}
    this.#sealed = this.#seal?.({ text: this.#text, ...details })
    const item: OutputReasoning = { id: this.id, type: 'reasoning', summary }
    return this.#showsSeal && this.#sealed !== undefined ? { ...item, encrypted_content: this.#sealed } : item
  }

  get #place() {
    return { item_id: this.id, output_index: this.index, summary_index: 0 }
  }

  #openSummary(): string {
    this.out.event('response.reasoning_summary_part.added', {
      ...this.#place,
      part: { type: 'summary_text', text: '' },
    })
    return eventHead('response.reasoning_summary_text.delta', this.#place)
  }

  #closeSummary(head: string): { type: 'summary_text'; text: string } {
    const rest = this.#pairs.rest()
    if (rest !== '') this.out.delta(head, rest)
    this.#text += rest
    const part = { type: 'summary_text' as const, text: this.#text }
    this.out.event('response.reasoning_summary_text.done', { ...this.#place, text: part.text })
    this.out.event('response.reasoning_summary_part.done', { ...this.#place, part })
    return part
  }
}
