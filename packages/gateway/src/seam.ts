/** A model that starts again some way back, and not from the beginning, goes back no further, in characters. */
const longestRepetition = 2_000

/** So short a repetition may as well be how the text goes on: "ha" after "ha". */
const shortestRepetition = 10

/** A whole beginning that comes once more is a repetition sooner. */
const shortestBeginning = 4

/** Rules, blanks and zeros repeat themselves; a repetition of words has more letters than these. */
const fewestCharacters = 5

/**
 * Joins two pieces of one text, where the second may begin with the end of the first: models that are asked to go on
 * with a text like to say its last words once more. Holds back only as long as it could still be a repetition.
 */
export class Seam {
  readonly #said: string
  readonly #tail: string
  readonly #blanks: string
  #held = ''
  /** As far as has come, it is the text from its beginning. Some services give it once more before they go on. */
  #isEcho = true
  #isJoined = false

  /**
   * @param said the text so far
   * @param isTrimmed whoever goes on was given it without the white space at its end, and may well begin with that
   */
  constructor(said: string, { isTrimmed = false } = {}) {
    this.#said = isTrimmed ? said.trimEnd() : said
    this.#tail = this.#said.slice(-longestRepetition)
    this.#blanks = said.slice(this.#said.length)
  }

  /** What of the text that comes is to be handed on now. */
  push(text: string): string {
    if (this.#isJoined) return text
    const awaited = this.#said.slice(this.#held.length, this.#held.length + text.length)
    this.#isEcho &&= text.startsWith(awaited)
    this.#held += text
    if (this.#mayRepeat()) return ''
    return this.end()
  }

  /** What was held back, when nothing more comes. */
  end(): string {
    if (this.#isJoined) return ''
    this.#isJoined = true
    const rest = this.#held.slice(this.#repeated())
    this.#held = ''
    return this.#blanks && rest.startsWith(this.#blanks) ? rest.slice(this.#blanks.length) : rest
  }

  /** Whether what is held is a part of what was said that more could carry to its end. */
  #mayRepeat(): boolean {
    if (this.#isEcho && this.#held.length < this.#said.length) return true
    if (this.#held.length < this.#blanks.length && this.#blanks.startsWith(this.#held)) return true
    const at = this.#tail.indexOf(this.#held)
    return at >= 0 && at + this.#held.length < this.#tail.length
  }

  #repeated(): number {
    const { length } = this.#said
    if (this.#isEcho && this.#held.length >= length && length >= shortestBeginning) return length
    for (let length = Math.min(this.#held.length, this.#tail.length); length > 0; length--) {
      const repetition = this.#held.slice(0, length)
      if (this.#tail.endsWith(repetition) && isRepetition(repetition)) return length
    }
    return 0
  }
}

function isRepetition(text: string): boolean {
  return text.length >= shortestRepetition && new Set(text).size >= fewestCharacters
}
