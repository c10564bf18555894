import { jsonNumber } from './bare-literal.ts'
import { EncodedText, escapeJson } from './json-string.ts'
import type { JsonValueOptions } from './json-value.ts'
import { LiteralValue } from './literal-value.ts'
import type { Waiting } from './markup-lexer.ts'

export interface GemmaValueOptions extends JsonValueOptions {
  /** What stands around strings: `<|"|>` or `<escape>`. Its first character is a sign, and does not come again in it. */
  readonly delimiter: string
}

/**
 * One value as Gemma writes the arguments of its calls, as JSON: `{city:<|"|>Paris<|"|>,days:3}`. The methods are used as
 * those of JsonValue.
 *
 * What stands without delimiters is a number or word of JSON, else a string, without white space at its ends. Where
 * `stopsAt` has the delimiter's first character, `push` stops before strings too, and has to be told to go through.
 */
export class GemmaValue extends LiteralValue {
  protected readonly brackets = { '{': '}', '[': ']' }
  protected readonly comment = ''
  readonly #delimiter: string
  readonly #special: RegExp

  constructor(options: GemmaValueOptions) {
    super(options)
    this.#delimiter = options.delimiter
    this.#special = new RegExp(`\\${options.delimiter.charAt(0)}`, 'g')
  }

  protected endsValue(): boolean {
    return true
  }

  protected *readScalar(isKey: boolean): Waiting<boolean> {
    const first = this.text.charAt(this.at)
    if (first === '"') return yield* this.#readQuoted()
    if (first === this.#delimiter.charAt(0)) return yield* this.#readDelimited()
    return yield* this.#readBare(isKey)
  }

  *#readDelimited(): Waiting<boolean> {
    const opener = yield* this.#readDelimiter()
    if (opener < this.#delimiter.length) {
      if (!this.endedHow) this.put(this.#delimiter.slice(0, opener))
      return false
    }
    this.put('"')
    this.isInString = true
    for (;;) {
      if (this.at === this.text.length) {
        if (this.endedHow) return false
        this.special = this.#special
        yield
        this.special = undefined
        continue
      }
      const found = this.text.indexOf(this.#delimiter.charAt(0), this.at)
      const end = found < 0 ? this.text.length : found
      this.put(escapeJson(this.text.slice(this.at, end)))
      this.at = end
      if (found < 0) continue
      const matched = yield* this.#readDelimiter()
      if (matched === this.#delimiter.length) break
      this.put(escapeJson(this.#delimiter.slice(0, matched)))
    }
    this.isInString = false
    this.put('"')
    return true
  }

  /** Goes behind as much of the delimiter as stands here, and returns how many characters that is. */
  *#readDelimiter(): Waiting<number> {
    let matched = 0
    while (matched < this.#delimiter.length && (yield* this.peek()) === this.#delimiter[matched]) {
      matched++
      this.at++
    }
    return matched
  }

  /** A string of JSON, which the syntax does not have but models fall back to. */
  *#readQuoted(): Waiting<boolean> {
    const encoded = new EncodedText()
    this.repaired('quotes')
    this.put('"')
    this.isInString = true
    for (;;) {
      this.at = encoded.push(this.text, this.at)
      this.put(escapeJson(encoded.take()))
      if (encoded.isDone) break
      if (this.endedHow) return false
      yield
    }
    this.isInString = false
    this.put('"')
    return true
  }

  *#readBare(isKey: boolean): Waiting<boolean> {
    let bare = ''
    for (;;) {
      const start = this.at
      // One beyond the bound at the most, so that what follows begins at the same place however the text is cut.
      const bound = Math.min(this.text.length, start + this.maxHeld + 1 - bare.length)
      while (this.at < bound && !this.#endsBare(isKey)) this.at++
      bare += this.text.slice(start, this.at)
      if (this.endedHow || bare.length > this.maxHeld) break
      if (this.at < this.text.length && !this.stops()) break
      yield
    }
    const text = bare.trim()
    const json = /^(true|false|null)$/.test(text) ? text : jsonNumber(text)
    const isUnfinished = this.endedHow !== undefined && (this.endedHow !== 'stop' || isKey || json === undefined)
    if (isUnfinished) return false
    if (bare.length > this.maxHeld) {
      this.put(bare)
      return false
    }
    this.put(isKey || json === undefined ? `"${escapeJson(text)}"` : json)
    return true
  }

  #endsBare(isKey: boolean): boolean {
    const char = this.text.charAt(this.at)
    return char === ',' || char === '}' || char === ']' || (isKey && char === ':') || this.stops()
  }
}
