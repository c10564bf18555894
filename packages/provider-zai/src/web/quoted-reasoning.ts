/**
 * Takes thinking blocks out of their wrapper as they come: `<details …><summary>…</summary>` before one, `> ` before
 * each line, `</details>` behind it. Pieces may be cut anywhere.
 */
export class QuotedReasoning {
  #at: 'start of a line' | 'line' | 'wrapper' = 'start of a line'
  /** What may still become a tag or a quote mark. */
  #held = ''
  /** A line break is the block's own where its end follows. */
  #break = ''
  /** The break behind a tag belongs to the tag. */
  #skipsBreak = false

  /** The reasoning that is certain now. */
  push(text: string): string {
    this.#held += text
    let certain = ''
    while (this.#held !== '') {
      const piece = this.#take()
      if (piece === undefined) break
      certain += piece
    }
    return certain
  }

  /** Undefined where more has to come first. */
  #take(): string | undefined {
    switch (this.#at) {
      case 'wrapper':
        return this.#pass('</summary>')
      case 'line': {
        const end = this.#held.indexOf('\n')
        const line = end < 0 ? this.#held : this.#held.slice(0, end)
        this.#held = end < 0 ? '' : this.#held.slice(end + 1)
        if (end >= 0) {
          this.#break = '\n'
          this.#at = 'start of a line'
        }
        return line
      }
      default:
        return this.#startLine()
    }
  }

  #startLine(): string | undefined {
    if (this.#skipsBreak) {
      this.#skipsBreak = false
      if (this.#held.startsWith('\n')) {
        this.#held = this.#held.slice(1)
        return ''
      }
    }
    if (['<details', '</details>'].some((tag) => tag !== this.#held && tag.startsWith(this.#held))) return undefined
    // A mark without a space stands before an empty line.
    if (this.#held === '>') return undefined
    if (this.#held.startsWith('<details')) {
      this.#at = 'wrapper'
      return ''
    }
    if (this.#held.startsWith('</details>')) return this.#pass('</details>')
    this.#held = this.#held.replace(/^> ?/, '')
    this.#at = 'line'
    const before = this.#break
    this.#break = ''
    return before
  }

  #pass(tag: string): string | undefined {
    const end = this.#held.indexOf(tag)
    if (end < 0) return undefined
    this.#held = this.#held.slice(end + tag.length)
    this.#at = 'start of a line'
    this.#skipsBreak = true
    return ''
  }
}
