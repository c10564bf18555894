import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inPieces, PushedValue, pieceLengths, readPieces } from './test-value-laws.ts'
import { ValueStream } from './value-stream.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...'"\'\\/u00e9bn\n\u0000x\ud83d\ude00'.split('')), maxLength: 30 }),
)

/** What the string means that begins with the first piece. */
function decode(pieces: readonly string[]) {
  const value = new PushedValue(function* (source, ends, write) {
    const { cursor } = source
    const stream = new ValueStream(source, ends, write)
    stream.as = 'text'
    const quote = yield* stream.peek()
    cursor.at++
    const isWhole = yield* stream.readString(quote)
    stream.flush()
    return isWhole ? 'complete' : 'incomplete'
  })
  return readPieces(value, pieces)
}

test.each([
  ['"{\\"a\\": \\"b\\\\nc\\"}" x', '{"a": "b\\nc"}'],
  ['"\\u00e9\\ud83d\\uDE00 \\ud83d \\b\\f\\n\\r\\t\\/"', 'é😀 \ud83d \b\f\n\r\t/'],
  ['"a\nb\u0000"', 'a\nb\u0000'],
  ['"\\x41 \\u12g4 \\u\\\\ \\\'"', "\\x41 \\u12g4 \\u\\ \\'"],
  ['\'{"a": "it\\\'s"}\'', '{"a": "it\'s"}'],
  ['""', ''],
])('one string is decoded, up to its end: %s', (text, decoded) => {
  const taken = text.endsWith(' x') ? text.length - 2 : text.length
  const whole = { text: decoded, taken, isDone: true, isInvalid: false }
  expect(decode([text])).toEqual(whole)
  expect(decode(text.split(''))).toEqual(whole)
})

test('any string, cut anyhow, decodes as JSON.parse has it', () => {
  fc.assert(
    fc.property(anyText, pieceLengths, (text, lengths) => {
      const json = JSON.stringify(text)
      const whole = { text, taken: json.length, isDone: true, isInvalid: false }
      expect(decode(inPieces(`${json}"`, lengths))).toEqual(whole)
    }),
  )
})

test('any garbage decodes the same however it is cut', () => {
  fc.assert(
    fc.property(anyText, pieceLengths, (garbage, lengths) => {
      const text = `"${garbage}`
      expect(decode(inPieces(text, lengths))).toEqual(decode([text]))
    }),
  )
})

test('a string that is not finished has given what was certain', () => {
  expect(decode(['"abc\\u00'])).toMatchObject({ text: 'abc', isDone: false })
})
