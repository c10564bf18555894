import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeJson } from './json-string.ts'
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
