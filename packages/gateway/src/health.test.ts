import { DragomanError } from '@dragoman/core'
import { expect, test } from 'vitest'
import { afterFailure, Health } from './health.ts'

const down = new DragomanError('upstream_unavailable', 'down')

test('a target rests after three failures in a row, longer with each further one, a minute at the most', () => {
  let state = afterFailure(undefined, 0)
  const rests = []
  for (let i = 0; i < 9; i++) {
    rests.push(state.restsUntil)
    state = afterFailure(state, 0)
  }
  expect(rests).toEqual([0, 0, 5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
})

test('what an upstream asks for counts, but no more than a minute', () => {
  expect(afterFailure({ failures: 2, restsUntil: 0 }, 0, 30_000).restsUntil).toBe(30_000)
  expect(afterFailure({ failures: 2, restsUntil: 0 }, 0, 86_400_000).restsUntil).toBe(60_000)
})

test('a success ends the count, and only failures of the upstream begin one', () => {
  const health = new Health()
  for (let i = 0; i < 2; i++) health.failed('a', down, 0)
  health.succeeded('a')
  health.failed('a', down, 0)
  for (let i = 0; i < 5; i++) health.failed('b', new DragomanError('rate_limited', 'wait'), 0)
  expect(health.at(1).isResting('a')).toBe(false)
  expect(health.at(1).isResting('b')).toBe(false)
  for (let i = 0; i < 2; i++) health.failed('a', down, 0)
  expect(health.at(1).isResting('a')).toBe(true)
  expect(health.at(5_000).isResting('a')).toBe(false)
})

test('names that clients make up do not fill the memory', () => {
  const health = new Health()
  for (let i = 0; i < 20_000; i++) health.failed(`a/${i}`, down, 0)
  for (let i = 0; i < 3; i++) health.failed('b', new DragomanError('deployment_not_found', 'no'), 0)
  for (let i = 0; i < 3; i++) health.failed(`${'x'.repeat(1_000_000)}${i}`, down, 0)
  expect(health.size).toBeLessThanOrEqual(10_000)
  expect(health.at(1).isResting('b')).toBe(false)
})
