import type { ChatCompletionRequest } from '@dragoman/openai-schema'

/** Cuts a text before the first of some texts, for a site that knows no `stop`. Pieces may be cut anywhere. */
export class StopTexts {
  readonly #stops: readonly string[]
  readonly #longest: number
  /** What may still be the beginning of one of them. */
  #held = ''

  constructor({ stop }: Pick<ChatCompletionRequest, 'stop'>) {
    this.#stops = [stop ?? []].flat().filter((text) => text !== '')
    this.#longest = Math.max(0, ...this.#stops.map((text) => text.length))
  }

  get isNeeded(): boolean {
    return this.#longest > 0
  }

  push(piece: string): { readonly text: string; readonly isStopped: boolean } {
    const text = this.#held + piece
    const ends = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
    if (ends.length > 0) {
      this.#held = ''
      return { text: text.slice(0, Math.min(...ends)), isStopped: true }
    }
    let from = Math.max(0, text.length - this.#longest + 1)
    while (from < text.length && !this.#stops.some((stop) => stop.startsWith(text.slice(from)))) from++
    this.#held = text.slice(from)
    return { text: text.slice(0, from), isStopped: false }
  }

  /** What was held, since the answer ends here. */
  end(): string {
    const held = this.#held
    this.#held = ''
    return held
  }
}
