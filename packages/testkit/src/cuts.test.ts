import { expect, test } from 'vitest'
import { everyByte, everyCut, everyEvent, everyTextCut, seededCuts } from './cuts.ts'

const text = (pieces: readonly Uint8Array[]) => pieces.map((piece) => Buffer.from(piece).toString())

test('everyCut has a cut at every byte, inside characters too', () => {
  const input = 'aü€'
  const cuts = everyCut(input)
  expect(cuts.map(([first]) => first?.length)).toEqual([1, 2, 3, 4, 5])
  for (const cut of cuts) expect(Buffer.concat(cut).toString()).toBe(input)
  expect(everyCut('a')).toEqual([])
  expect(everyCut('')).toEqual([])
})

test('everyByte has pieces of one byte', () => {
  expect(everyByte('€!')).toEqual([0xe2, 0x82, 0xac, 0x21].map((byte) => Uint8Array.of(byte)))
})

test.each([
  ['\n', 'data: 1\n\ndata: 2\ndata: 3\n\nrest', ['data: 1\n\n', 'data: 2\ndata: 3\n\n', 'rest']],
  ['\r\n', 'data: 1\r\n\r\n: c\r\n\r\n', ['data: 1\r\n\r\n', ': c\r\n\r\n']],
  ['\r', 'data: 1\r\rdata: 2\r\r', ['data: 1\r\r', 'data: 2\r\r']],
  ['mixed', 'data: 1\n\r\ndata: 2\r\n\n\nx', ['data: 1\n\r\n', 'data: 2\r\n\n', '\n', 'x']],
  ['none', 'no event', ['no event']],
  ['nothing', '', []],
])('everyEvent cuts after each blank line: %s', (_, input, expected) => {
  expect(text(everyEvent(input))).toEqual(expected)
})

test('seededCuts are the same for a seed, others for another, and lose nothing', () => {
  const input = Buffer.from('grüße '.repeat(200))
  const cuts = seededCuts(input, 1, 8)
  expect(cuts).toHaveLength(8)
  expect(cuts).toEqual(seededCuts(input, 1, 8))
  expect(cuts).not.toEqual(seededCuts(input, 2, 8))
  for (const cut of cuts) {
    expect(Buffer.concat(cut)).toEqual(input)
    expect(cut.every((piece) => piece.length > 0)).toBe(true)
    expect(cut.length).toBeGreaterThan(1)
  }
  const lengths = cuts.flat().map((piece) => piece.length)
  expect(Math.min(...lengths)).toBe(1)
  expect(Math.max(...lengths)).toBeGreaterThan(100)
})

test('everyTextCut cuts between code units', () => {
  expect(everyTextCut('a😀')).toEqual([
    ['a', '😀'],
    ['a\ud83d', '\ude00'],
  ])
  expect(everyTextCut('')).toEqual([])
})
