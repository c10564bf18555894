import { everyTextCut } from '@dragoman/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutAt } from '../test-cuts.ts'
import { InputText } from './input-text.ts'

function decoded(pieces: readonly string[]): string {
  const input = new InputText()
  return pieces.map((piece) => input.push(piece)).join('') + input.end()
}

describe('the text inside {"input": …}', () => {
  const text = 'a"b\\c\n\u00fc\u{1f4a1}/\u0007'
  const written = ` { "input" : ${JSON.stringify(text).replace('ü', '\\u00fc').replace('💡', '\\ud83d\\udca1').replace('/', '\\/')} } `

  test.each(everyTextCut(written))('is the same wherever it is cut: %j %j', (...pieces) => {
    expect(decoded(pieces)).toBe(text)
  })

  test('comes with the piece that has it', () => {
    const input = new InputText()
    expect(['{"inp', 'ut":"a', 'b\\', 'n', 'c"', '}'].map((piece) => input.push(piece))).toEqual([
      '',
      'a',
      'b',
      '\n',
      'c',
      '',
    ])
  })

  test.each([
    ['{"path":"x","input":"y"}', 'y'],
    ['{"path":"x"}', '{"path":"x"}'],
    ['*** Begin Patch', '*** Begin Patch'],
    ['{"input":5}', '{"input":5}'],
    ['', ''],
  ])('of another shape, %j, is read when it is whole', (given, expected) => {
    expect(decoded([...given])).toBe(expected)
  })

  test('is any text that a model can write as JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(200)), (given, cuts) => {
        expect(decoded(cutAt(JSON.stringify({ input: given }), cuts))).toBe(given)
      }),
    )
  })
})
