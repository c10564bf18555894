/** Where lines go in the end. */
interface Lines {
  write(text: string): unknown
}

/**
 * Gathers lines and hands them on together: a system call for each would be a tenth of a short request. What a line may
 * wait for is bounded by `afterMs` and by `size` characters.
 *
 * pino's own destination gathers too (`minLength`), but measures all it has gathered with every line, which copies it.
 */
export class LineBuffer implements Lines {
  readonly #to: Lines
  readonly #size: number
  readonly #afterMs: number
  #text = ''
  #timer: NodeJS.Timeout | undefined

  constructor(to: Lines, { size, afterMs }: { size: number; afterMs: number }) {
    this.#to = to
    this.#size = size
    this.#afterMs = afterMs
  }

  write(line: string): void {
    this.#text += line
    if (this.#text.length >= this.#size) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#afterMs).unref()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#text
    this.#text = ''
    if (text !== '') this.#to.write(text)
  }
}
