import { everyTextCut } from '@dragoman/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Seam } from './seam.ts'

function joined(said: string, pieces: readonly string[]): string {
  const seam = new Seam(said)
  return said + pieces.map((piece) => seam.push(piece)).join('') + seam.end()
}

const said = 'The quick brown fox jumps over the lazy'

test.each<[what: string, said: string, next: string, whole: string]>([
  ['what simply goes on', said, ' dog.', `${said} dog.`],
  ['the last words once more', said, 'over the lazy dog.', `${said} dog.`],
  ['the whole beginning once more', said, `${said} dog.`, `${said} dog.`],
  [
    'a long beginning once more',
    '0123456789 '.repeat(500),
    `${'0123456789 '.repeat(500)}!`,
    `${'0123456789 '.repeat(500)}!`,
  ],
  ['a beginning that is another one', said, 'The quick red fox', `${said}The quick red fox`],
  ['only what was there', said, 'jumps over the lazy', said],
  ['a short beginning once more', 'Hello', 'Hello world', 'Hello world'],
  ['a word that happens to start like the last one ends', 'banan', 'ana', 'bananana'],
  ['one letter', 'hel', 'lo', 'hello'],
  ['a rule that goes on', '| a | b |\n|--------------', '--------------|', '| a | b |\n|----------------------------|'],
  ['blanks', `x\n${' '.repeat(12)}`, `${' '.repeat(12)}y`, `x\n${' '.repeat(24)}y`],
  ['words of the middle that do not reach the end', said, 'brown fox, red fox', `${said}brown fox, red fox`],
])('%s is joined', (_what, before, next, whole) => {
  expect(joined(before, [next])).toBe(whole)
})

test.each(everyTextCut('over the lazy dog.').map((pieces) => ({ pieces })))(
  'a repetition is left out of $pieces',
  ({ pieces }) => {
    expect(joined(said, pieces)).toBe(`${said} dog.`)
  },
)

test.each([
  ['Once upon ', ['a time']],
  ['Once upon ', [' ', 'a time']],
  ['Once upon\n\n', ['\n', '\na time']],
])('of %j nothing is said twice that was trimmed', (before, pieces) => {
  const seam = new Seam(before, { isTrimmed: true })
  const next = pieces.map((piece) => seam.push(piece)).join('') + seam.end()
  expect(before + next).toBe(`${before}a time`)
})

test('text that cannot be a repetition is not held back', () => {
  const seam = new Seam(said)
  expect([seam.push(' do'), seam.push('g.')]).toEqual([' do', 'g.'])
})

test('the cut does not matter, and nothing but a repetition gets lost', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'c', 'd', 'e'), maxLength: 60 })
  fc.assert(
    fc.property(letters, letters, fc.nat(60), (before, next, cut) => {
      const whole = joined(before, [next])
      expect(joined(before, [next.slice(0, cut), next.slice(cut)])).toBe(whole)
      expect(whole.startsWith(before)).toBe(true)
      const rest = whole.slice(before.length)
      expect(next.endsWith(rest)).toBe(true)
      expect(before.endsWith(next.slice(0, next.length - rest.length))).toBe(true)
    }),
  )
})
