import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePattern } from './pattern.ts'

const plenty = () => ({ steps: 1_000_000 })

/** Expressions whose matching costs the engine no more than a moment, however they are put together here. */
const expressions = fc.letrec<{ any: string; atom: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    tie('atom'),
    fc.constantFrom('\\b', '^', '$'),
    fc.tuple(tie('atom'), fc.constantFrom('?', '*', '+', '{2}', '{1,3}', '*?')).map(([atom, many]) => `${atom}${many}`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(?:${a}|${b})+`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(?=${a})${b}`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(?!${a})(${b})`),
    tie('any').map((inner) => `^${inner}$`),
  ),
  atom: fc.constantFrom('a', 'b', '[ab]', '[^a]', '\\d', '\\w', '.', '\\.', '\\u0061', 'é', '🐉', '\\p{L}', '[\\]b]'),
})).any

test('says of a text what the engine says', () => {
  fc.assert(
    fc.property(
      expressions,
      fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', ' ', 'é', '🐉'), maxLength: 6 }),
      (source, text) => {
        expect(parsePattern(source)?.matches(text, plenty())).toBe(new RegExp(source, 'u').test(text))
      },
    ),
    { numRuns: 1000 },
  )
})

test.each([
  ['^[A-Z]{3}$', 'ABC'],
  ['^\\d{4}-\\d{2}$', '1234-12'],
  ['^(?:red|green)$', 'red'],
  ['^[\\u4e00-\\u9fa5]{2,4}$', '好日'],
  ['^#[0-9a-f]{6}$', '#abcdef'],
])('%s is written as %s', (source, sample) => {
  expect([...(parsePattern(source)?.samples() ?? [])][0]).toBe(sample)
})

test('a rule for passwords is met by one of the samples', () => {
  const rule = '^(?=.*[A-Z])(?=.*\\d)(?=.*[^\\w]).{8,}$'
  expect([...(parsePattern(rule)?.samples() ?? [])].some((sample) => new RegExp(rule).test(sample))).toBe(true)
})

test('an expression that would hold the engine for ages is given up within its budget', () => {
  const evil = parsePattern('^((((a+)+)+|(a|a)*)*){20,}$')
  const budget = { steps: 20_000 }
  expect(evil?.matches(`${'a'.repeat(1000)}!`, budget)).toBeUndefined()
  expect(budget.steps).toBeLessThan(0)
})

test('samples of a pattern that asks for megabytes stay short', () => {
  for (const sample of parsePattern('^((((a{1000}){1000}){1000})|b)$')?.samples() ?? []) {
    expect(sample.length).toBeLessThanOrEqual(2000)
  }
})

test.each(['(', '(a)\\1', '(?<=a)b', '(?i:a)', 'a'.repeat(3000)])('%.20s is not read', (source) => {
  expect(parsePattern(source)).toBeUndefined()
})
