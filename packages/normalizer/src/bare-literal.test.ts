import { expect, test } from 'vitest'
import { BARE, bareLiteral, jsonNumber } from './bare-literal.ts'

test.each([
  ['0', '0'],
  ['-0', '-0'],
  ['12345678901234567890.10', '12345678901234567890.10'],
  ['1e5', '1e5'],
  ['-2.50E+07', '-2.50E+07'],
  ['+7', '7'],
  ['.5', '0.5'],
  ['-.5e1', '-0.5e1'],
  ['5.', '5.0'],
  ['007', '7'],
  ['000', '0'],
])('%s is %s', (text, json) => {
  expect(jsonNumber(text)).toBe(json)
  expect(JSON.parse(json)).toBe(Number(text))
})

test.each(['', '.', '-', 'e5', '.e5', '1e', '1.2.3', '1 2', ' 1', '1\n', '0x1', 'NaN', '--1', '١'])(
  '%j is no number',
  (text) => {
    expect(jsonNumber(text)).toBeUndefined()
  },
)

test('a long text that is nearly a number is told at once', () => {
  expect(jsonNumber(`${'0'.repeat(1e6)}x`)).toBeUndefined()
})

test('words are those of JSON and what models write for them', () => {
  expect(['true', 'None', '-Infinity', '+1'].map(bareLiteral)).toEqual(['true', 'null', 'null', '1'])
  expect(['none', 'TRUE', 'undefined', '__proto__', ''].map(bareLiteral)).toEqual(Array(5).fill(undefined))
})

test('what may stand in a word or number is ASCII', () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))
  const isBare = (char: string) => {
    BARE.lastIndex = 0
    return BARE.test(char) && BARE.lastIndex === 1
  }
  expect(all.filter(isBare).join('')).toBe('+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz')
})
