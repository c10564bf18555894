const quote = 0x22
const backslash = 0x5c

/** Tells where the JSON of an object ends, from pieces of it. Looks at brackets and strings only. */
export class JsonObjectEnd {
  #depth = 0
  #isInString = false
  #isEscaped = false
  #isReached = false

  get isReached(): boolean {
    return this.#isReached
  }

  push(piece: string): void {
    for (let i = 0; i < piece.length && !this.#isReached; i++) this.#unit(piece.charCodeAt(i))
  }

  #unit(unit: number): void {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (unit === backslash) this.#isEscaped = true
      else if (unit === quote) this.#isInString = false
      return
    }
    if (unit === quote) this.#isInString = true
    // Braces and square brackets differ in case only: 0x5b, 0x7b open, 0x5d, 0x7d close.
    else if ((unit | 0x20) === 0x7b) this.#depth++
    else if ((unit | 0x20) === 0x7d && --this.#depth === 0) this.#isReached = true
  }
}
