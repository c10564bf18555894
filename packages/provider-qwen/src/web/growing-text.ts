/**
 * Tells what is new in a text that comes in pieces, or whole and longer each time: some builds of the site do one, some
 * the other, and nothing says which. The second piece decides: it is the whole so far only if it is longer than the
 * first and begins with it. A model that says "ha" twice is not cut short.
 */
export class GrowingText {
  #first: string | undefined
  #isWhole: boolean | undefined
  #sent = ''

  push(piece: string): string {
    if (piece === '') return ''
    if (this.#first === undefined) this.#first = piece
    else this.#isWhole ??= piece.length > this.#first.length && piece.startsWith(this.#first)
    const fresh = this.#isWhole ? afterOverlap(piece, this.#sent) : piece
    this.#sent += fresh
    return fresh
  }
}

/** For lists that grow or are sent again: only what goes beyond what was said before. */
export class GrowingList {
  #sent = ''

  push(lines: readonly string[]): string {
    const whole = lines.join('\n')
    if (whole === '' || this.#sent.endsWith(whole) || this.#sent.startsWith(whole)) return ''
    const fresh = whole.startsWith(this.#sent) ? whole.slice(this.#sent.length) : `\n${whole}`
    this.#sent += fresh
    return fresh
  }
}

function afterOverlap(whole: string, sent: string): string {
  if (whole.startsWith(sent)) return whole.slice(sent.length)
  return sent.startsWith(whole) || sent.endsWith(whole) ? '' : whole
}
