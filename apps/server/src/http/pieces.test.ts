import { expect, test } from 'vitest'
import { Pieces } from './pieces.ts'

const sizes = [3, 1, 1, 5_000, 2, 2_047, 2_048, 0, 8_191, 1, ...Array.from({ length: 20_000 }, () => 1)]

test('pieces of any size are the same bytes, and many small ones are few', () => {
  const pieces = new Pieces()
  const given = sizes.map((size, i) => Buffer.alloc(size, i % 251))
  for (const piece of given) pieces.add(piece)
  expect(pieces.whole().equals(Buffer.concat(given))).toBe(true)
  expect(pieces.list.length).toBeLessThan(15)
})

test('a large piece is kept as it came', () => {
  const pieces = new Pieces()
  const given = [Buffer.from('a'), Buffer.alloc(2_048), Buffer.alloc(4_096)]
  for (const piece of given) pieces.add(piece)
  expect(pieces.list.map((piece, i) => piece === given[i])).toEqual([true, true, true])
  pieces.clear()
  expect(pieces.whole()).toHaveLength(0)
})
