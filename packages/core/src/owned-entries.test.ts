import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { OwnedEntries } from './owned-entries.ts'
import { memoryState } from './store.ts'

const clock = handClock()
const open = () => new OwnedEntries(memoryState({ clock }), { kind: 'note', maxEntries: 2, ttlMs: 1_000 })

test('an entry is its owner’s, also where names are made to look like others', async () => {
  const entries = open()
  await entries.set('a', 'b:1', 'mine')
  expect(await entries.get('a', 'b:1')).toBe('mine')
  expect(await entries.get('a:b', '1')).toBeUndefined()
  expect(await entries.get('b', 'b:1')).toBeUndefined()
})

test('the oldest of an owner leaves first, and nobody else’s', async () => {
  const entries = open()
  await entries.set('b', '0', 'theirs')
  for (const id of ['1', '2', '2', '3']) await entries.set('a', id, id)
  expect(await Promise.all(['1', '2', '3'].map((id) => entries.get('a', id)))).toEqual([undefined, '2', '3'])
  expect(await entries.get('b', '0')).toBe('theirs')
})

test('entries expire, and are deleted', async () => {
  const entries = open()
  await entries.set('a', '1', 'x')
  await entries.set('a', '2', 'y')
  await entries.delete('a', '2')
  expect(await entries.get('a', '2')).toBeUndefined()
  await clock.advance(1_001)
  expect(await entries.get('a', '1')).toBeUndefined()
})
