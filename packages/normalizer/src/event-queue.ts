import type { MarkupEvent } from './markup-event.ts'

const NONE: readonly MarkupEvent[] = Object.freeze([])

/** Events until they are fetched; neighbouring texts of one kind become one event. */
export class EventQueue {
  /** Nothing is given out. */
  isHeld = false
  #events: MarkupEvent[] | undefined

  push(event: MarkupEvent): void {
    const last = this.#events?.at(-1)
    if (last && 'text' in last && 'text' in event && last.type === event.type) last.text += event.text
    else if (this.#events) this.#events.push(event)
    else this.#events = [event]
  }

  take(): readonly MarkupEvent[] {
    const events = this.#events
    if (!events || this.isHeld) return NONE
    this.#events = undefined
    return events
  }
}
