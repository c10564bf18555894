import type { TokenLogprob } from '@dragoman/openai-schema'
import { newId } from '../ids.ts'
import { WholePairs } from '../whole-pairs.ts'
import { AnswerItem } from './answer-item.ts'
import { eventHead } from './event-writer.ts'
import type { OutputAnnotation, OutputMessage, OutputPart } from './response-object.ts'

type Kind = OutputPart['type']

interface OpenPart {
  readonly kind: Kind
  /** The frame of a delta, up to its number. */
  readonly head: string
  readonly place: { readonly item_id: string; readonly output_index: number; readonly content_index: number }
  readonly pairs: WholePairs
  text: string
  readonly annotations: OutputAnnotation[]
  readonly logprobs: TokenLogprob[]
}

/** What the model says: texts and refusals, as parts in order. */
export class MessageItem extends AnswerItem {
  readonly id = newId('msg')
  #content: OutputPart[] = []
  #part: OpenPart | undefined

  isComplete(): boolean {
    return true
  }

  text(piece: string, logprobs: readonly TokenLogprob[] | undefined): void {
    if (!this.isOpen) {
      this.later(() => this.text(piece, logprobs))
      return
    }
    const part = this.#inPart('output_text')
    const whole = part.pairs.take(piece)
    part.text += whole
    if (logprobs === undefined) {
      if (whole !== '') this.out.delta(part.head, whole)
      return
    }
    const told = logprobs.map(withBytes)
    part.logprobs.push(...told)
    this.out.event('response.output_text.delta', { ...part.place, delta: whole, logprobs: told })
  }

  refusal(piece: string): void {
    if (!this.isOpen) {
      this.later(() => this.refusal(piece))
      return
    }
    const part = this.#inPart('refusal')
    const whole = part.pairs.take(piece)
    part.text += whole
    if (whole !== '') this.out.delta(part.head, whole)
  }

  annotation(annotation: OutputAnnotation): void {
    if (!this.isOpen) {
      this.later(() => this.annotation(annotation))
      return
    }
    const part = this.#inPart('output_text')
    const annotation_index = part.annotations.length
    part.annotations.push(annotation)
    this.out.event('response.output_text.annotation.added', { ...part.place, annotation_index, annotation })
  }

  protected begun(): object {
    return { id: this.id, type: 'message', status: 'in_progress', role: 'assistant', content: [] }
  }

  protected finished(isCut: boolean): OutputMessage {
    this.#closePart()
    const status = isCut ? 'incomplete' : 'completed'
    return { id: this.id, type: 'message', status, role: 'assistant', content: this.#content }
  }

  #inPart(kind: Kind): OpenPart {
    if (this.#part?.kind === kind) return this.#part
    this.#closePart()
    const place = { item_id: this.id, output_index: this.index, content_index: this.#content.length }
    const head =
      kind === 'refusal'
        ? eventHead('response.refusal.delta', place)
        : eventHead('response.output_text.delta', { ...place, logprobs: [] })
    this.#part = { kind, head, place, pairs: new WholePairs(), text: '', annotations: [], logprobs: [] }
    this.out.event('response.content_part.added', { ...place, part: partOf(this.#part) })
    return this.#part
  }

  #closePart(): void {
    const part = this.#part
    if (!part) return
    this.#part = undefined
    const rest = part.pairs.rest()
    if (rest !== '') this.out.delta(part.head, rest)
    part.text += rest
    const { place, text, logprobs } = part
    if (part.kind === 'refusal') this.out.event('response.refusal.done', { ...place, refusal: text })
    else this.out.event('response.output_text.done', { ...place, text, logprobs })
    const whole = partOf(part)
    this.#content.push(whole)
    this.out.event('response.content_part.done', { ...place, part: whole })
  }
}

function partOf({ kind, text, annotations, logprobs }: OpenPart): OutputPart {
  return kind === 'refusal' ? { type: 'refusal', refusal: text } : { type: 'output_text', text, annotations, logprobs }
}

/** Responses' tokens always have their bytes, and each its alternatives. */
function withBytes(token: TokenLogprob): TokenLogprob {
  const alternatives = (token.top_logprobs ?? []).map((top) => ({ ...top, bytes: top.bytes ?? [] }))
  return { ...token, bytes: token.bytes ?? [], top_logprobs: alternatives }
}
