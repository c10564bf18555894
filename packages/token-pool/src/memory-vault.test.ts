import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { memoryVault } from './memory-vault.ts'

test('a session is there until it is deleted', async () => {
  const vault = memoryVault()
  const session = { values: { token: 't' }, savedAt: 1 }
  expect(await vault.load('k')).toBeUndefined()
  await vault.save('k', session)
  expect(await vault.load('k')).toEqual(session)
  await vault.delete('k')
  expect(await vault.load('k')).toBeUndefined()
})

test('one at a time holds a lock, and who held it for too long does not open the next one', async () => {
  const clock = handClock()
  const vault = memoryVault({ clock })
  const first = await vault.lock('k', 1_000)
  expect(await vault.lock('k', 1_000)).toBeUndefined()
  expect(await vault.lock('other', 1_000)).toBeDefined()
  await clock.advance(1_000)
  const second = await vault.lock('k', 1_000)
  expect(second).toBeDefined()
  await first?.()
  expect(await vault.lock('k', 1_000)).toBeUndefined()
  await second?.()
  expect(await vault.lock('k', 1_000)).toBeDefined()
})
