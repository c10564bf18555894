/** Joins pieces of text so that none that is handed on ends inside a surrogate pair: parsers in other languages fail on half of one. */
export class WholePairs {
  #held = ''

  take(piece: string): string {
    const text = this.#held === '' ? piece : this.#held + piece
    const last = text.charCodeAt(text.length - 1)
    const isHalf = last >= 0xd800 && last <= 0xdbff
    this.#held = isHalf ? text.slice(-1) : ''
    return isHalf ? text.slice(0, -1) : text
  }

  /** What is left at the end: a half that never got its other one, as the character that stands for such. */
  rest(): string {
    return this.#held === '' ? '' : '\ufffd'
  }
}
