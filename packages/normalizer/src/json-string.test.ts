import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EncodedText, escapeJson } from './json-string.ts'
import { inPieces, pieceLengths } from './test-value-laws.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...'"\'\\/u00e9bn\n\u0000x\ud83d\ude00'.split('')), maxLength: 30 }),
)

test('escaped text stands in a JSON string', () => {
  expect(escapeJson('a "b"\\\n\u0000\u001f/é\u2028\u007f')).toBe('a \\"b\\"\\\\\\n\\u0000\\u001f/é\u2028\u007f')
  fc.assert(
    fc.property(anyText, (text) => {
      expect(JSON.parse(`"${escapeJson(text)}"`)).toBe(text)
    }),
  )
})

test('lone surrogates stay as they are, so that pieces add up', () => {
  expect(escapeJson('\ud83d"')).toBe('\ud83d\\"')
  fc.assert(
    fc.property(anyText, pieceLengths, (text, lengths) => {
      expect(inPieces(text, lengths).map(escapeJson).join('')).toBe(escapeJson(text))
    }),
  )
})

function decode(pieces: readonly string[]) {
  const encoded = new EncodedText()
  let text = ''
  let taken = 0
  for (const piece of pieces) {
    taken += encoded.push(piece, 0)
    text += encoded.take()
    if (encoded.isDone) break
  }
  return { text, taken, isDone: encoded.isDone, isInString: encoded.isInString }
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
  const whole = { text: decoded, taken, isDone: true, isInString: false }
  expect(decode([text])).toEqual(whole)
  expect(decode(text.split(''))).toEqual(whole)
})

test('any string, cut anyhow, decodes as JSON.parse has it', () => {
  fc.assert(
    fc.property(anyText, pieceLengths, (text, lengths) => {
      const json = JSON.stringify(text)
      const whole = { text, taken: json.length, isDone: true, isInString: false }
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
  expect(decode(['"abc\\u00'])).toEqual({ text: 'abc', taken: 8, isDone: false, isInString: true })
})

test('nothing is taken where no string begins', () => {
  expect(decode(['{}'])).toEqual({ text: '', taken: 0, isDone: false, isInString: false })
})
