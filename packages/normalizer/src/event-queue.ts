import type { CallState, MarkupEvent } from './markup-event.ts'

const NONE: readonly MarkupEvent[] = Object.freeze([])

/** Events until they are fetched; neighbouring texts of one kind become one event. */
export class EventQueue {
  #events: MarkupEvent[] = []

  text(type: 'content' | 'reasoning', text: string): void {
    const last = this.#events.at(-1)
    if (last?.type === type) last.text += text
    else this.#events.push({ type, text })
  }

  call(index: number, id: string, name: string): void {
    this.#events.push({ type: 'tool-call', index, id, name })
  }

  arguments(index: number, text: string): void {
    const last = this.#events.at(-1)
    if (last?.type === 'tool-arguments' && last.index === index) last.text += text
    else this.#events.push({ type: 'tool-arguments', index, text })
  }

  callEnd(index: number, state: CallState): void {
    this.#events.push({ type: 'tool-call-end', index, state })
  }

  take(): readonly MarkupEvent[] {
    if (this.#events.length === 0) return NONE
    const events = this.#events
    this.#events = []
    return events
  }
}
