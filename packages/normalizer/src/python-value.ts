import { BARE, bareLiteral } from './bare-literal.ts'
import { noEnds } from './json-value.ts'
import type { CallState } from './markup-event.ts'
import { MarkerSet, type Waiting } from './markup-lexer.ts'
import { readValue, type Syntax } from './value-reader.ts'
import { type ValueSource, ValueStream } from './value-stream.ts'

const ESCAPES = new Map([...'\\\'"abfnrtv'].map((letter, at) => [letter, '\\\'"\u0007\b\f\n\r\t\v'.charAt(at)]))
const DIGITS = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
])

const SPACE = /[ \n\r\t]*/y

const python: Syntax = {
  brackets: '{[(',
  comments: new MarkerSet(new Map([['#', '\n']])),
  followers: ',)]}',
  *readScalar(value, _, isKey) {
    const word = yield* value.readRun(BARE)
    const next = value.cursor.next
    if ((next === '"' || next === "'") && /^([fu]|b?r?|rb|fr|rf)$/i.test(word)) {
      return yield* readStrings(value, /r/i.test(word))
    }
    const isOver = next === ''
    const json = isOver && value.how !== 'stop' ? undefined : pythonWord(word)
    if (json === undefined) {
      value.held += word
      return isOver ? false : undefined
    }
    value.put(isKey ? `"${json}"` : json)
    return true
  },
}

/** Strings that stand beside one another are one. */
function* readStrings(value: ValueStream, isRaw: boolean): Waiting<boolean> {
  value.put('"')
  for (let hasPrefix = isRaw; ; hasPrefix = false) {
    const quote = value.cursor.next
    if (quote !== '"' && quote !== "'") break
    let count = 0
    while (count < 3 && (yield* value.peek()) === quote) {
      value.cursor.at++
      count++
    }
    const escapes = () => readEscape(value, hasPrefix)
    if (count !== 2 && !(yield* value.readText(quote.repeat(count), escapes))) return false
    yield* value.readRun(SPACE)
  }
  value.put('"')
  return true
}

function* readEscape(value: ValueStream, isRaw: boolean): Waiting<boolean> {
  const { cursor } = value
  const char = yield* value.peek()
  if (char === '') return false
  const decoded = isRaw ? `\\${char}` : char === '\n' ? '' : ESCAPES.get(char)
  const length = DIGITS.get(char)
  if (decoded !== undefined) {
    cursor.at++
    value.putText(decoded)
  } else if (length !== undefined) {
    cursor.at++
    return yield* readCode(value, char, length, /[\da-f]/i)
  } else if (/[0-7]/.test(char)) return yield* readCode(value, '', 3, /[0-7]/)
  else value.putText('\\')
  return true
}

/** The character of a number in an escape; what is no such number stays as it is, with its backslash. */
function* readCode(value: ValueStream, letter: string, length: number, digit: RegExp): Waiting<boolean> {
  let digits = ''
  while (digits.length < length) {
    const char = yield* value.peek()
    if (char === '') return false
    if (!digit.test(char)) break
    digits += char
    value.cursor.at++
  }
  const code = Number.parseInt(digits, letter === '' ? 8 : 16)
  if ((letter !== '' && digits.length < length) || code > 0x10ffff) value.putText(`\\${letter}${digits}`)
  // Half a pair must not come out by itself, for it would not survive UTF-8.
  else if (code >= 0xd800 && code <= 0xdfff) value.put(`\\u${code.toString(16)}`)
  else value.putText(String.fromCodePoint(code))
  return true
}

/** The JSON of a number or word of Python, and of the words of JSON; undefined where it is none. */
export function pythonWord(word: string): string | undefined {
  const digits = /\d_\d/.test(word) ? word.replaceAll('_', '') : word
  const [, sign = '', number] = /^([+-]?)(0(?:x[\da-f]{1,100}|o[0-7]{1,100}|b[01]{1,100}))$/i.exec(digits) ?? []
  return number === undefined ? bareLiteral(digits) : sign.replace('+', '') + BigInt(number)
}

/**
 * Reads one literal of Python and writes the JSON that means the same: strings of all kinds, numbers, True, False, None
 * and the JSON words for them, lists, tuples, dicts.
 *
 * Outside of brackets a value ends before `,`, `)`, `]` or `}`; what else follows, as in `1 + 2`, makes it invalid. Round
 * brackets without a comma only group. Keys become strings.
 */
export function readPython(source: ValueSource, write: (text: string) => void): Waiting<CallState> {
  return readValue(new ValueStream(source, noEnds, write), python)
}
