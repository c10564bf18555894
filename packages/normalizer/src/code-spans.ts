import { isSpace } from './markup-lexer.ts'

const BACKTICK = /`/g
const BACKTICK_OR_NEWLINE = /[`\n]/g

/**
 * Whether text stands in a code fence or in inline code of Markdown. A fence ends at a line of as many backticks, inline
 * code at the next run of as many or at the end of the line: what is never closed must not swallow the rest.
 */
export class CodeSpans {
  /** Length of the run that opened the fence, 0 outside. */
  #fence = 0
  #inline = 0
  /** Length of a run of backticks at the end of what was read, which may go on. */
  #run = 0
  #isRunAtLineStart = false

  /** Whether the text read so far leaves code open, if `next` comes now. */
  isOpen(next: string): boolean {
    if (this.#run > 0 && next !== '`') this.#endRun(next)
    return this.#fence > 0 || this.#inline > 0
  }

  /** Reads on; `isLineStart` tells whether only white space stands before the text on its line. */
  read(text: string, isLineStart: boolean): void {
    if (this.#run === 0 && this.#inline === 0 && !text.includes('`')) return
    let isBlank = isLineStart
    for (let at = 0; at < text.length; ) {
      const character = text.charAt(at)
      if (character === '`') {
        if (this.#run === 0) this.#isRunAtLineStart = isBlank
        this.#run++
        isBlank = false
        at++
        continue
      }
      if (this.#run > 0) this.#endRun(character)
      if (character === '\n') this.#inline = 0
      const next = nextOf(text, character === '\n' ? at + 1 : at, this.#inline > 0)
      const passed = text.slice(at, next)
      const line = passed.lastIndexOf('\n')
      isBlank = (line !== -1 || isBlank) && isBlankText(passed.slice(line + 1))
      at = next
    }
  }

  #endRun(next: string): void {
    const run = this.#run
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

function isBlankText(text: string): boolean {
  let at = 0
  while (isSpace(text.charCodeAt(at))) at++
  return at === text.length
}

function nextOf(text: string, from: number, alsoNewline: boolean): number {
  const wanted = alsoNewline ? BACKTICK_OR_NEWLINE : BACKTICK
  wanted.lastIndex = from
  return wanted.test(text) ? wanted.lastIndex - 1 : text.length
}
