import { expect, test } from 'vitest'
import { Affinity } from './affinity.ts'

const HOUR = 3_600_000

test('a key is kept for an hour since its last use', () => {
  const affinity = new Affinity<string>()
  affinity.use('k', 'a', 0)
  expect(affinity.get('k', HOUR - 1)).toBe('a')
  expect(affinity.get('k', HOUR)).toBeUndefined()
  affinity.use('k', 'a', HOUR - 1)
  expect(affinity.get('k', HOUR)).toBe('a')
})

test('of more than 10,000 keys the one that was used longest ago leaves', () => {
  const affinity = new Affinity<number>()
  for (let at = 0; at < 10_000; at++) affinity.use(`k${at}`, at, at)
  affinity.use('k0', 0, 10_000)
  affinity.use('new', 1, 10_001)
  expect(affinity.size).toBe(10_000)
  expect(affinity.get('k0', 10_001)).toBe(0)
  expect(affinity.get('k1', 10_001)).toBeUndefined()
  expect(affinity.get('k2', 10_001)).toBe(2)
})

test('what nobody asks for any more does not stay', () => {
  const affinity = new Affinity<number>()
  for (let at = 0; at < 500; at++) affinity.use(`k${at}`, at, 0)
  affinity.use('new', 1, HOUR)
  expect(affinity.size).toBe(1)
})
