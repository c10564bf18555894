import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { memoryState } from '@dragoman/core'
import { handClock, testStateStore } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startContender } from '../test-process.ts'
import { sqliteState } from './sqlite.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-state-'))
  path = join(folder, 'data', 'state.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

testStateStore('memory', ({ clock }) => ({ state: memoryState({ clock }) }))
testStateStore('sqlite', ({ clock }) => {
  const state = sqliteState({ path, clock })
  return { state, close: () => state.close() }
})

const rows = () => {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return Number(database.prepare('SELECT count(*) AS count FROM state').get()?.count)
  } finally {
    database.close()
  }
}

test('values and what is left of their time survive a restart', async () => {
  const clock = handClock()
  const before = sqliteState({ path, clock })
  await before.set('k', 'v', { ttlMs: 100 })
  await before.lock('l', 200)
  await before.close()
  await clock.advance(99)
  const after = sqliteState({ path, clock })
  expect(await after.get('k')).toBe('v')
  await clock.advance(1)
  expect(await after.get('k')).toBeUndefined()
  expect(await after.lock('l', 100)).toBeUndefined()
  await after.close()
})

test('rows whose time is over are removed by writes, some at a time', async () => {
  const clock = handClock()
  const state = sqliteState({ path, clock })
  for (let i = 0; i < 200; i++) await state.set(`old-${i}`, 'v', { ttlMs: 100 })
  await clock.advance(100)
  expect(rows()).toBe(200)
  for (let i = 0; i < 16; i++) await state.set('new', 'v')
  expect(rows()).toBe(200 - 64 + 1)
  for (let i = 0; i < 48; i++) await state.set('new', 'v')
  expect(rows()).toBe(1)
  await state.close()
})

test.skipIf(process.platform === 'win32')('nobody else may read its files', async () => {
  const state = sqliteState({ path })
  await state.set('k', 'v')
  const modes = ['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777)
  expect(modes).toEqual([0o600, 0o600, 0o600])
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
  await state.close()
  chmodSync(path, 0o644)
  await sqliteState({ path }).close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a closed one rejects, and may be closed again', async () => {
  const state = sqliteState({ path })
  const unlock = await state.lock('l', 1000)
  await state.close()
  await state.close()
  await expect(state.get('k')).rejects.toMatchObject({ code: 'internal' })
  await expect(state.set('k', 'v')).rejects.toMatchObject({ code: 'internal' })
  await expect(unlock?.()).rejects.toMatchObject({ code: 'internal' })
})

describe('a file that is none', () => {
  test('is told at once', async () => {
    const file = join(folder, 'state.db')
    writeFileSync(file, 'this is a text of some length, and no database at all'.repeat(100))
    expect(() => sqliteState({ path: file })).toThrow(expect.objectContaining({ code: 'internal' }))
  })

  test('as one of a newer version is', async () => {
    await sqliteState({ path }).close()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    expect(() => sqliteState({ path })).toThrow(/newer version/)
  })
})

describe('two processes', () => {
  async function contenders(count = 2) {
    const started = await Promise.all(Array.from({ length: count }, () => startContender(path)))
    return {
      all: started,
      tellAll: (command: string) => Promise.all(started.map((one) => one.tell(command))),
      [Symbol.asyncDispose]: async () => {
        await Promise.all(started.map((one) => one.kill()))
      },
    }
  }

  test('that count at the same time miss nothing', async () => {
    await using two = await contenders()
    await two.tellAll('count 500')
    const state = sqliteState({ path })
    expect(await state.get('counter')).toBe('1000')
    await state.close()
  })

  test('hold a lock one after the other', async () => {
    await using two = await contenders()
    expect((await two.tellAll('lock')).sort()).toEqual(['locked', 'refused'])
    await two.tellAll('unlock')
    await two.tellAll('add 100')
    const state = sqliteState({ path })
    expect(await state.get('sum')).toBe('200')
    await state.close()
  })

  test('may be eight, that start on a new file together', async () => {
    await using eight = await contenders(8)
    await eight.tellAll('count 50')
    const state = sqliteState({ path })
    expect(await state.get('counter')).toBe('400')
    await state.close()
  })

  test('of which one is killed leave what was written', async () => {
    await using two = await contenders()
    const [first, second] = two.all
    await first?.tell('count 100')
    await first?.kill()
    await second?.tell('count 100')
    const state = sqliteState({ path })
    expect(await state.get('counter')).toBe('200')
    await state.close()
  })
})
