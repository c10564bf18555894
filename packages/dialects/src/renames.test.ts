import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Renames } from './renames.ts'

const allowed = /^[a-zA-Z0-9_-]{1,20}$/

test('what may stay stays, where nothing has its spelling yet', () => {
  const names = new Renames(allowed, 20)
  expect(['look', 'lo.ok', 'lo_ok', 'lo ok', ''].map((word) => names.write(word))).toEqual([
    'look',
    'lo_ok',
    'lo_ok_2',
    'lo_ok_3',
    '_',
  ])
  expect(names.read('never-written')).toBe('never-written')
})

test('words are spelled in the allowed form, no two alike, and come back', () => {
  const likeEachOther = fc.string({ unit: fc.constantFrom('a', '.', '_', '2', 'ü'), maxLength: 40 })
  fc.assert(
    fc.property(fc.uniqueArray(likeEachOther, { maxLength: 40 }), (words) => {
      const names = new Renames(allowed, 20)
      const written = words.map((word) => names.write(word))
      expect(new Set(written).size).toBe(words.length)
      expect(written.every((word) => allowed.test(word))).toBe(true)
      expect(words.map((word) => names.write(word))).toEqual(written)
      expect(written.map((word) => names.read(word))).toEqual(words)
    }),
  )
})

test('many words of one spelling cost no search each', () => {
  const names = new Renames(allowed, 20)
  const words = Array.from({ length: 20_000 }, (_, i) => String.fromCharCode(0x4e00 + i))
  expect(new Set(words.map((word) => names.write(word))).size).toBe(words.length)
})
