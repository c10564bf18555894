import { expect, test } from 'vitest'
import { conforms, createContext } from './conforms.ts'
import { flatten } from './json-schema.ts'

/** Whether it fits, and how many steps it took to find out. */
function check(value: unknown, schema: object, steps?: number): { fits: boolean; cost: number } {
  const context = createContext(schema)
  if (steps !== undefined) context.steps = steps
  const before = context.steps
  return { fits: conforms(value, schema, context), cost: before - context.steps }
}

const long = 'x'.repeat(1_000_000)

test('a length is one of characters, of which some are two units', () => {
  expect(check('🙂🙂🙂', { minLength: 3 }).fits).toBe(true)
  expect(check('🙂🙂🙂', { minLength: 4 }).fits).toBe(false)
  expect(check('xxxx', { minLength: 4, maxLength: 4 }).fits).toBe(true)
  expect(check('xxxx', { minLength: 5 }).fits).toBe(false)
  expect(check('xxxx', { maxLength: 3 }).fits).toBe(false)
})

test('characters are counted only where the units do not tell, and cost by their number', () => {
  expect(check(long, { minLength: 2_000_000 })).toEqual({ fits: false, cost: 1 })
  expect(check(long, { minLength: 500_000, maxLength: 1_000_000 })).toEqual({ fits: true, cost: 1 })
  expect(check(long, { minLength: 600_000 })).toEqual({ fits: true, cost: 10_001 })
  expect(check(long, { minLength: 600_000 }, 100).fits).toBe(true)
})

test.each([
  ['a long constant', { const: `${long.slice(1)}y` }, long],
  ['a long member', { enum: [`${long.slice(1)}y`] }, long],
  ['a constant of many members', { const: Array(100_000).fill(1) }, Array(100_000).fill(1)],
  ['twins among many', { uniqueItems: true }, Array.from({ length: 1000 }, (_, i) => i)],
  ['many required properties', { required: Array(100_000).fill('a') }, { a: 1 }],
])('a comparison costs by its size, and is a yes where it costs too much: %s', (_name, schema, value) => {
  expect(check(value, schema).cost).toBeGreaterThan(4000)
  expect(check(value, schema, 10).fits).toBe(true)
})

test('members that differ in length are told apart at once', () => {
  const { fits, cost } = check(long, { enum: [`${long}y`, 'x'] })
  expect(fits).toBe(false)
  expect(cost).toBeLessThan(2)
})

test('merging enums costs by their members, and ends with the budget', () => {
  const members = (from: number) => Array.from({ length: 1000 }, (_, i) => from + i)
  const schema = { allOf: [{ enum: members(0) }, { enum: members(999) }] }
  const context = createContext(schema)
  const before = context.steps
  expect(flatten(schema, context)?.keywords.enum).toEqual([999])
  expect(before - context.steps).toBeGreaterThan(40_000)
  context.steps = -1
  expect(flatten(schema, context)).toBeUndefined()
})
