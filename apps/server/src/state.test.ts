import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handClock } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serverState } from './state.ts'

let folder: string
const clock = handClock()
const log = { warn: () => {} }
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-state-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('there is no file until something is kept; what is kept outlives the process', async () => {
  const idle = serverState(join(folder, 'data'), clock, log)
  await idle.close()
  expect(await readdir(folder)).toEqual([])

  const first = serverState(join(folder, 'data'), clock, log)
  expect(await first.set('k', 'v')).toBe(true)
  expect(await first.set('k', 'w', { ifAbsent: true })).toBe(false)
  await first.close()
  const second = serverState(join(folder, 'data'), clock, log)
  expect(await second.get('k')).toBe('v')
  expect(await second.increment('n', 2, { ttlMs: 1_000 })).toBe(2)
  expect(await second.compareAndSet('k', 'v', 'x')).toBe(true)
  expect((await second.scan('', 10)).keys).toHaveLength(2)
  const unlock = await second.lock('l', 1_000)
  expect(await second.lock('l', 1_000)).toBeUndefined()
  await unlock?.()
  await second.delete('k')
  expect(await second.get('k')).toBeUndefined()
  await second.close()
})

test('where there can be no file it is kept in memory, and that is said', async () => {
  await writeFile(join(folder, 'file'), '')
  const told: unknown[] = []
  const state = serverState(join(folder, 'file'), clock, { warn: (...said: unknown[]) => void told.push(said) })
  await state.set('k', 'v')
  expect(await state.get('k')).toBe('v')
  expect(JSON.stringify(told)).toContain('kept in memory')
  await state.close()
})
