import { isSpace } from './markup-lexer.ts'

const BACKTICK = /`/g
const BACKTICK_OR_NEWLINE = /[`\n]/g

/**
 * Whether text stands in a code fence or in inline code of Markdown. A fence ends at a line of as many backticks, inline
 * code at the next run of as many or at the end of the line: what is never closed must not swallow the rest.
 */
export class CodeSpans {
  /** Only white space since the last line break, or since markup. */
  isLineStart = true
  /** Length of the run that opened the fence, 0 outside. */
  #fence = 0
  #inline = 0
  /** Length of a run of backticks at the end of what was read, which may go on. */
  #run = 0
  #isRunAtLineStart = false

  /** Whether the text read so far leaves code open, if `next` comes now. */
  isOpen(next: string): boolean {
    this.#endRun(next)
    return this.#fence > 0 || this.#inline > 0
  }

  /** `isPlain`: it is known that no backtick is in the text. */
  read(text: string, isPlain: boolean): void {
    const mayChange = this.#run > 0 || this.#inline > 0 || (!isPlain && text.includes('`'))
    for (let at = 0; mayChange && at < text.length; at++) {
      this.#endRun(text.charAt(at))
      const wanted = this.#inline > 0 ? BACKTICK_OR_NEWLINE : BACKTICK
      wanted.lastIndex = at
      if (!wanted.test(text)) break
      at = wanted.lastIndex - 1
      this.#endRun(text.charAt(at))
      if (text.charAt(at) === '\n') this.#inline = 0
      else if (this.#run++ === 0) this.#isRunAtLineStart = this.#isLineStartAt(text, at)
    }
    this.isLineStart = this.#isLineStartAt(text, text.length)
  }

  #isLineStartAt(text: string, at: number): boolean {
    let before = at - 1
    while (isSpace(text.charCodeAt(before))) if (text.charAt(before--) === '\n') return true
    return before < 0 && this.isLineStart
  }

  #endRun(next: string): void {
    const run = this.#run
    if (run === 0 || next === '`') return
    this.#run = 0
    if (this.#fence > 0) {
      // A run with a word behind it opens a fence inside the fence.
      if (this.#isRunAtLineStart && run >= this.#fence && !/\w/.test(next)) this.#fence = 0
    } else if (this.#inline > 0) {
      if (run === this.#inline) this.#inline = 0
    } else if (run >= 3 && this.#isRunAtLineStart) this.#fence = run
    else this.#inline = run
  }
}
