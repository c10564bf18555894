// Quote, backslash and control characters: all but what may stand in a JSON string as it is.
const ESCAPED = /[^ !#-[\]-\uffff]/
const EACH_ESCAPED = /[^ !#-[\]-\uffff]/g

/**
 * The text as it stands between the quotes of a JSON string. Piece by piece gives the same as all at once: lone
 * surrogates stay as they are, since the other half may be in the next piece.
 */
export function escapeJson(text: string): string {
  if (!ESCAPED.test(text)) return text
  // JSON.stringify is native, but writes lone surrogates as escapes.
  return text.isWellFormed() ? JSON.stringify(text).slice(1, -1) : text.replace(EACH_ESCAPED, escapeJson)
}

const SPECIAL = { '"': /["\\]/g, "'": /['\\]/g }
const SIMPLE = new Map([...'bfnrt'].map((letter, at) => [letter, '\b\f\n\r\t'.charAt(at)]))

/**
 * Decodes one JSON string piece by piece: what a doubly encoded value is wrapped in, or a name. Used like JsonValue.
 *
 * An escape that is cut is held until its end came. Escapes that JSON does not know stay as they are, and so do control
 * characters. The string may be in single quotes.
 */
export class EncodedText {
  #quote: '"' | "'" | undefined
  /** A backslash and what came of its escape. */
  #escape = ''
  #out = ''
  #isDone = false

  /** The closing quote came. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** The opening quote came, the closing one did not. */
  get isInString(): boolean {
    return this.#quote !== undefined && !this.#isDone
  }

  /**
   * Takes text from index `from`, the first time with the opening quote, and returns the index behind what it took:
   * `text.length`, or the place behind the closing quote. Nothing is taken where no quote stands, nor once it is done.
   */
  push(text: string, from: number): number {
    if (this.#isDone || from >= text.length) return from
    let at = from
    if (!this.#quote) {
      const quote = text[at]
      if (quote !== '"' && quote !== "'") return from
      this.#quote = quote
      at++
    }
    const special = SPECIAL[this.#quote]
    while (at < text.length) {
      if (this.#escape) {
        at = this.#readEscape(text, at)
        continue
      }
      special.lastIndex = at
      const found = special.test(text) ? special.lastIndex - 1 : text.length
      this.#out += text.slice(at, found)
      if (text[found] === this.#quote) {
        this.#isDone = true
        return found + 1
      }
      this.#escape = text.charAt(found)
      at = found + 1
    }
    return text.length
  }

  /** The decoded text that came since the last call. */
  take(): string {
    const out = this.#out
    this.#out = ''
    return out
  }

  #readEscape(text: string, at: number): number {
    const next = text.charAt(at)
    if (this.#escape === '\\' && next !== 'u') {
      const decoded = SIMPLE.get(next) ?? (next === '\\' || next === '/' || next === '"' ? next : undefined)
      this.#escape = ''
      if (decoded !== undefined || next === this.#quote) {
        this.#out += decoded ?? next
        return at + 1
      }
      this.#out += '\\'
      return at
    }
    if (this.#escape !== '\\' && !/[\da-f]/i.test(next)) {
      this.#out += this.#escape
      this.#escape = ''
      return at
    }
    this.#escape += next
    if (this.#escape.length === 6) {
      this.#out += String.fromCharCode(Number.parseInt(this.#escape.slice(2), 16))
      this.#escape = ''
    }
    return at + 1
  }
}
