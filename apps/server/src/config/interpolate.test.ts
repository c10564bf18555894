// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how the file refers to variables.
import { expect, test } from 'vitest'
import { interpolate } from './interpolate.ts'

const variables: Record<string, string> = { A: 'one', B: 'two', EMPTY: '', DEEP: '${A}', D: '$$' }
const fill = (value: unknown) => interpolate(value, (name) => variables[name])

test.each([
  ['${A}', 'one'],
  ['x-${A}/${B}-y', 'x-one/two-y'],
  ['${A:-other}', 'one'],
  ['${NONE:-other}', 'other'],
  ['${NONE:-}', ''],
  ['${EMPTY:-other}', 'other'],
  ['${EMPTY}', ''],
  ['${NONE:-a: b # c}', 'a: b # c'],
  ['$${A}', '${A}'],
  ['$$$${A}', '$${A}'],
  ['$$${A}', '$one'],
  ['a$b $A $', 'a$b $A $'],
  ['${DEEP}', '${A}'],
  ['${D}', '$$'],
])('%s becomes %s', (text, expected) => {
  expect(fill(text)).toMatchObject({ value: expected, problems: [] })
})

test('texts at every depth are filled; keys and other values stay', () => {
  const { value, filledBy } = fill({ '${A}': [1, true, null, { deep: ['${A}${B}', 'plain'] }] })
  expect(value).toEqual({ '${A}': [1, true, null, { deep: ['onetwo', 'plain'] }] })
  expect(filledBy(['${A}', 3, 'deep', 0])).toEqual(['A', 'B'])
  expect(filledBy(['${A}', 3, 'deep', 1])).toBeUndefined()
})

test('a key called __proto__ is data like any other', () => {
  const { value } = fill(JSON.parse('{"__proto__": {"x": "${A}"}}'))
  expect(JSON.stringify(value)).toBe('{"__proto__":{"x":"one"}}')
  expect(Reflect.get({}, 'x')).toBeUndefined()
})

test.each([
  ['${NONE}', '${NONE} is not set, neither in the environment nor in .env'],
  ['${}', 'expected ${NAME} or ${NAME:-default}; for a dollar sign write $$'],
  ['${1A}', 'expected ${NAME} or ${NAME:-default}; for a dollar sign write $$'],
  ['${A B}', 'expected ${NAME} or ${NAME:-default}; for a dollar sign write $$'],
  ['${A', 'expected ${NAME} or ${NAME:-default}; for a dollar sign write $$'],
])('%s is a problem', (text, problem) => {
  expect(fill({ x: [text] }).problems).toEqual([{ path: ['x', 0], problem }])
})
