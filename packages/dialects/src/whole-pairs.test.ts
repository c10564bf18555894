import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutAt } from './test-cuts.ts'
import { WholePairs } from './whole-pairs.ts'

test('pieces never end inside a surrogate pair', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(50)), (text, cuts) => {
      const pairs = new WholePairs()
      const pieces = cutAt(text, cuts).map((piece) => pairs.take(piece))
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
      expect(pieces.join('') + pairs.rest()).toBe(text)
    }),
  )
})

test('half a pair at the end becomes the character that stands for such', () => {
  const pairs = new WholePairs()
  expect(pairs.take('a\ud83d') + pairs.rest()).toBe('a\ufffd')
})
