import { type Asked, chunkText, readStamp } from './contents.ts'

/** The pieces of text of one stream, each held to what the upstream has sent in its place. */
export class Texts {
  readonly #asked: Asked
  readonly #onDelay: ((micros: number) => void) | undefined
  readonly #now: (() => number) | undefined
  #chunks = 0
  #all = ''

  constructor({ asked, onDelay, now }: { asked: Asked; onDelay?: (micros: number) => void; now?: () => number }) {
    this.#asked = asked
    this.#onDelay = onDelay
    this.#now = now
  }

  /** Every piece so far. */
  get all(): string {
    return this.#all
  }

  /** Says what is wrong with the next piece. */
  add(content: string): string | undefined {
    const index = this.#chunks++
    this.#all += content
    const stamped = readStamp(content)
    if (!stamped) return `no stamp: ${content.slice(0, 80)}`
    if (stamped.micros > 0 && this.#now) this.#onDelay?.(this.#now() - stamped.micros)
    if (stamped.index !== index) return `chunk ${stamped.index} in the place of ${index}`
    return stamped.text === chunkText(index, this.#asked) ? undefined : `the text of chunk ${index} differs`
  }

  missing(): string | undefined {
    return this.#chunks === this.#asked.chunks ? undefined : `${this.#chunks} of ${this.#asked.chunks} chunks`
  }
}
