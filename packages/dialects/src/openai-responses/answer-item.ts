import type { EventWriter } from './event-writer.ts'
import type { OutputItem } from './response-object.ts'

/**
 * One item of an answer. Responses wants items strictly one after the other, models may write two at a time: what comes
 * for an item that is not open yet waits in it.
 */
export abstract class AnswerItem {
  abstract readonly id: string
  protected readonly out: EventWriter
  protected index = -1
  #waiting: (() => void)[] = []

  constructor(out: EventWriter) {
    this.out = out
  }

  get isOpen(): boolean {
    return this.index >= 0
  }

  open(index: number): void {
    this.index = index
    this.out.event('response.output_item.added', { output_index: index, item: this.begun() })
    for (const action of this.#waiting.splice(0)) action()
  }

  /** Whether the next item may be opened now that one waits. */
  abstract isComplete(): boolean

  /**
   * Ends the item.
   *
   * @param isCut the answer was cut off inside it
   */
  close(isCut: boolean): OutputItem {
    const item = this.finished(isCut)
    this.out.event('response.output_item.done', { output_index: this.index, item })
    return item
  }

  /** The item as it is told of first: empty. */
  protected abstract begun(): object

  /** Writes what ends the item, but for `output_item.done`, and gives the item. */
  protected abstract finished(isCut: boolean): OutputItem

  protected later(action: () => void): void {
    this.#waiting.push(action)
  }
}
