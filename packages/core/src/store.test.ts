import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { memoryState } from './store.ts'

test('a value is gone when its time is over', async () => {
  const clock = handClock()
  const state = memoryState({ clock })
  await state.set('k', 'v', { ttlMs: 100 })
  await clock.advance(99)
  expect(await state.get('k')).toBe('v')
  await clock.advance(1)
  expect(await state.get('k')).toBeUndefined()
})

test('ifAbsent keeps what is there', async () => {
  const state = memoryState()
  expect(await state.set('k', 'a', { ifAbsent: true })).toBe(true)
  expect(await state.set('k', 'b', { ifAbsent: true })).toBe(false)
  expect(await state.get('k')).toBe('a')
})

test('a counter counts within the time of its first increment', async () => {
  const clock = handClock()
  const state = memoryState({ clock })
  expect(await state.increment('n', 2, { ttlMs: 100 })).toBe(2)
  await clock.advance(60)
  expect(await state.increment('n', 3, { ttlMs: 100 })).toBe(5)
  await clock.advance(40)
  expect(await state.increment('n', 1, { ttlMs: 100 })).toBe(1)
})

test('whoever held an expired lock does not open the next one', async () => {
  const clock = handClock()
  const state = memoryState({ clock })
  const first = await state.lock('l', 100)
  expect(await state.lock('l', 100)).toBeUndefined()
  await clock.advance(100)
  const second = await state.lock('l', 100)
  await first?.()
  expect(await state.lock('l', 100)).toBeUndefined()
  await second?.()
  expect(await state.lock('l', 100)).toBeDefined()
})

test('compareAndSet changes only what it expects', async () => {
  const state = memoryState()
  expect(await state.compareAndSet('k', undefined, 'a')).toBe(true)
  expect(await state.compareAndSet('k', 'x', 'b')).toBe(false)
  expect(await state.compareAndSet('k', 'a', 'b')).toBe(true)
  expect(await state.get('k')).toBe('b')
})

test('scan gives all keys of a prefix, page by page', async () => {
  const state = memoryState()
  for (const key of ['a1', 'a2', 'a3', 'b1']) await state.set(key, '')
  const first = await state.scan('a', 2)
  const second = await state.scan('a', 2, first.cursor)
  expect([...first.keys, ...second.keys].sort()).toEqual(['a1', 'a2', 'a3'])
  expect(second.cursor).toBeUndefined()
})

test('no more than the allowed number of values is kept', async () => {
  const state = memoryState({ maxEntries: 2 })
  for (const key of ['a', 'b', 'c']) await state.set(key, key)
  expect(await state.get('a')).toBeUndefined()
  expect(await state.get('c')).toBe('c')
})
