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

test('a large entry takes the place of several, and never of all before it was written', async () => {
  const entries = new OwnedEntries(memoryState({ clock }), {
    kind: 'note',
    maxEntries: 4,
    maxCharacters: 40,
    ttlMs: 1_000,
  })
  const kept = async () => {
    const ids = ['1', '2', '3', 'large', 'huge', '4']
    const values = await Promise.all(ids.map((id) => entries.get('a', id)))
    return ids.filter((_, i) => values[i] !== undefined)
  }
  for (const id of ['1', '2', '3']) await entries.set('a', id, 'x'.repeat(10))
  expect(await kept()).toEqual(['1', '2', '3'])
  await entries.set('a', 'large', 'x'.repeat(21))
  expect(await kept()).toEqual(['3', 'large'])
  await entries.set('a', 'huge', 'x'.repeat(400))
  expect(await kept()).toEqual(['huge'])
  await entries.set('a', '4', 'x')
  expect(await kept()).toEqual(['4'])
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
