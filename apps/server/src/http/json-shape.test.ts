import { expect, test } from 'vitest'
import { checkShape } from './json-shape.ts'

const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join()}}`

test.each([
  ['256 arrays in one another', arrays(256)],
  ['many arrays beside one another', `[${Array(1_000).fill('[[]]').join()}]`],
  ['brackets in a string', JSON.stringify('['.repeat(1_000))],
  ['brackets after an escaped quote', JSON.stringify(`"${'{'.repeat(1_000)}`)],
  ['colons in strings', JSON.stringify(Array(1_000).fill(':'.repeat(200)))],
  ['100,000 keys', keys(100_000)],
  ['a string that nothing closes, for the parser to refuse', `["${'['.repeat(1_000)}`],
  ['nothing', ''],
])('%s pass', (_what, text) => {
  expect(() => checkShape(text)).not.toThrow()
})

test.each([
  ['257 arrays in one another', arrays(257), 'nested more than 256 deep'],
  ['257 objects in one another', '{"a":'.repeat(257), 'nested more than 256 deep'],
  ['brackets after a string that ends in a backslash', `["\\\\",${arrays(256)}]`, 'nested more than 256 deep'],
  ['100,001 keys', keys(100_001), 'more than 100000 keys'],
  ['100,001 times the same key', `[${Array(100_001).fill('{"a":1}').join()}]`, 'more than 100000 keys'],
])('%s are refused', (_what, text, message) => {
  expect(() => checkShape(text)).toThrow(message)
})
