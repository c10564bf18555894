import { bareLiteral, isBare } from './bare-literal.ts'
import { escapeJson } from './json-string.ts'
import { LiteralValue } from './literal-value.ts'
import type { Waiting } from './markup-lexer.ts'

const ESCAPES = new Map([...'\\\'"abfnrtv'].map((letter, at) => [letter, '\\\'"\u0007\b\f\n\r\t\v'.charAt(at)]))
const DIGITS = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])
const SPECIAL = { '"': /["\\]/g, "'": /['\\]/g }

/**
 * One literal of Python, as the JSON that means the same: strings of all kinds, numbers, True, False, None and the JSON
 * words for them, lists, tuples, dicts. The methods are used as those of JsonValue.
 *
 * Outside of brackets a value is done with the `,`, `)`, `]` or `}` behind it; what else follows, as in `1 + 2`, makes it
 * invalid. Round brackets without a comma only group. Keys become strings.
 */
export class PythonValue extends LiteralValue {
  protected readonly brackets = { '{': '}', '[': ']', '(': ')' }
  protected readonly comment = '#'

  protected endsValue(char: string): boolean {
    return char !== '' && ',)]}'.includes(char)
  }

  protected *readScalar(isKey: boolean): Waiting<boolean> {
    const word = yield* this.#readWord()
    const next = this.text.charAt(this.at)
    if ((next === '"' || next === "'") && /^([fu]|b?r?|rb|fr|rf)$/i.test(word))
      return yield* this.#readStrings(next, word)
    const json = word === '' ? undefined : literal(word)
    if (json !== undefined && this.endedHow !== 'length' && this.endedHow !== 'cut') {
      this.put(isKey ? `"${json}"` : json)
      return true
    }
    if (!this.endedHow) this.put(word)
    return false
  }

  *#readWord(): Waiting<string> {
    let word = ''
    for (;;) {
      const start = this.at
      while (isBare(this.text.charCodeAt(this.at))) this.at++
      word += this.text.slice(start, this.at)
      if (this.at < this.text.length || this.endedHow || word.length > this.maxHeld) return word
      yield
    }
  }

  /** Strings that stand beside one another are one. */
  *#readStrings(first: '"' | "'", prefix: string): Waiting<boolean> {
    this.put('"')
    let isRaw = /r/i.test(prefix)
    let quote = first
    for (;;) {
      this.isInString = true
      if (!(yield* this.#readString(quote, isRaw))) return false
      this.isInString = false
      const next = yield* this.skipSpace()
      if (next !== '"' && next !== "'") {
        this.put('"')
        return true
      }
      quote = next
      isRaw = false
    }
  }

  /** False where the text ended in it. */
  *#readString(quote: '"' | "'", isRaw: boolean): Waiting<boolean> {
    let opened = 0
    while (opened < 3 && (yield* this.peek()) === quote) {
      this.at++
      opened++
    }
    if (opened === 2) return true
    const special = SPECIAL[quote]
    let closed = 0
    for (;;) {
      if (this.at === this.text.length) {
        if (this.endedHow) return false
        if (closed === 0) this.special = special
        yield
        this.special = undefined
        continue
      }
      special.lastIndex = this.at
      const end = special.test(this.text) ? special.lastIndex - 1 : this.text.length
      if (end === this.at && this.text[end] === quote) {
        this.at++
        if (++closed === opened) return true
        continue
      }
      if (closed > 0) this.#putText(quote.repeat(closed))
      closed = 0
      this.#putText(this.text.slice(this.at, end))
      this.at = end
      if (this.text[end] !== '\\') continue
      const decoded = isRaw ? undefined : ESCAPES.get(this.text.charAt(end + 1))
      this.at += decoded === undefined ? 1 : 2
      if (decoded !== undefined) this.#putText(decoded)
      else if (!(yield* this.#readEscape(isRaw))) return false
    }
  }

  *#readEscape(isRaw: boolean): Waiting<boolean> {
    const char = yield* this.peek()
    if (char === '') return false
    const decoded = isRaw ? `\\${char}` : ESCAPES.get(char)
    if (decoded !== undefined || char === '\n') {
      this.at++
      this.#putText(decoded ?? '')
      return true
    }
    const length = DIGITS.get(char)
    if (length !== undefined) {
      this.at++
      return yield* this.#readCode(char, length, /[\da-f]/i)
    }
    if (/[0-7]/.test(char)) return yield* this.#readCode('', 3, /[0-7]/)
    this.#putText('\\')
    return true
  }

  /** The character of a number in an escape; what is no such number stays as it is, with its backslash. */
  *#readCode(letter: string, length: number, digit: RegExp): Waiting<boolean> {
    let digits = ''
    for (;;) {
      const char = digits.length < length ? yield* this.peek() : ''
      if (char === '' && this.endedHow) return false
      if (!digit.test(char)) break
      digits += char
      this.at++
    }
    const code = Number.parseInt(digits, letter === '' ? 8 : 16)
    if ((letter !== '' && digits.length < length) || code > 0x10ffff) this.#putText(`\\${letter}${digits}`)
    // Half a pair must not come out by itself, for it would not survive UTF-8.
    else if (code >= 0xd800 && code <= 0xdfff) this.put(`\\u${code.toString(16)}`)
    else this.#putText(String.fromCodePoint(code))
    return true
  }

  #putText(text: string): void {
    this.put(escapeJson(text))
  }
}

function literal(word: string): string | undefined {
  const digits = /\d_\d/.test(word) ? word.replaceAll('_', '') : word
  if (/^[+-]?0[xob][\da-f]{1,100}$/i.test(digits)) {
    const isNegative = digits.startsWith('-')
    try {
      return (isNegative ? '-' : '') + BigInt(digits.replace(/^[+-]/, ''))
    } catch {
      // Digits that the base does not have.
      return undefined
    }
  }
  return bareLiteral(digits)
}
