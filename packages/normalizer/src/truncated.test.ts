import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readJson } from './json-value.ts'
import { PushedValue } from './test-value-laws.ts'
import { shortestClosing } from './truncated.ts'

test.each([
  ['{', '}'],
  ['[', ']'],
  ['{"a', '":null}'],
  ['{"a"', ':null}'],
  ['{"a":', 'null}'],
  ['{"a": ', 'null}'],
  ['{"a":"b', '"}'],
  ['{"a":"b"', '}'],
  ['{"a":{"b":[{', '}]}}'],
  ['{"a":t', 'rue}'],
  ['{"a":fals', 'e}'],
  ['{"a":nul', 'l}'],
  ['{"a":null', '}'],
  ['[1', ']'],
  ['[1.', '0]'],
  ['[-', '0]'],
  ['[-1.5e', '0]'],
  ['[1E+', '0]'],
  ['[[1],[', ']]'],
  ['"a\\\\', '"'],
  ['"u00', '"'],
  ['[1,', ''],
  ['"a\\', ''],
  ['"a\\u00', ''],
  ['{}', ''],
  ['12', ''],
  ['{"a":1,', ''],
  ['', 'null'],
  ['{"a":x', ''],
  ['{a', ''],
  ['[True', ''],
  ['[1\n2', ''],
  ['{]', ''],
  ['}', ''],
])('behind %s stands %s', (prefix, closing) => {
  expect(shortestClosing(prefix)).toBe(closing)
})

test('what came out of any JSON that was cut can be closed', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (json, cut) => {
      const value = new PushedValue(readJson)
      value.push(json.slice(0, 1 + (cut % json.length)), 0)
      const prefix = value.take() + value.end('length')
      if (prefix !== '') JSON.parse(prefix + shortestClosing(prefix))
      // Only what is complete, or empty, needs nothing.
      if (shortestClosing(prefix) === '' && prefix !== '') JSON.parse(prefix)
    }),
    { numRuns: 1000 },
  )
})

test('a long string of backslashes and a deep nesting are no obstacle', () => {
  expect(shortestClosing(`"${'\\'.repeat(100_000)}`)).toBe('"')
  expect(shortestClosing('['.repeat(10_000))).toBe(']'.repeat(10_000))
})
