import { expect, test } from 'vitest'
import { jsonMembers } from './json-members.ts'

test.each([
  ['{}', []],
  [' { "a" : 1 } ', [['a', '1']]],
  [
    '{"a": 12345678901234567890, "b": 1.50}',
    [
      ['a', '12345678901234567890'],
      ['b', '1.50'],
    ],
  ],
  [
    '{"a": {"b": [1, {"c": 2}]}, "d": "x, \\"y\\": {"}',
    [
      ['a', '{"b": [1, {"c": 2}]}'],
      ['d', '"x, \\"y\\": {"'],
    ],
  ],
  [
    '{"a\\u0062": [], "ab": null, "__proto__": true}',
    [
      ['ab', '[]'],
      ['ab', 'null'],
      ['__proto__', 'true'],
    ],
  ],
])('%s', (text, members) => {
  expect(jsonMembers(text)).toEqual(members)
})

test.each(['', '[1]', '"a"', 'null', '{"a": 1', '{"a": "x'])('%j is no object', (text) => {
  expect(jsonMembers(text)).toBeUndefined()
})

test('a long string is a member like any other', () => {
  const value = JSON.stringify('a"\\\n'.repeat(2_000_000))
  expect(jsonMembers(`{"a": ${value}}`)?.[0]?.[1] === value).toBe(true)
})
