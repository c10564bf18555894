import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handClock } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FileLocks } from './file-lock.ts'
import { startProcess } from './test-process.ts'

const ttlMs = 90_000

let folder: string
let path: string
let clock: ReturnType<typeof handClock>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-lock-'))
  path = join(folder, 'a.lock')
  clock = handClock()
})
afterEach(() => rm(folder, { recursive: true }))

/** As another process would have it, but by the same clock. */
const someone = () => new FileLocks(clock)

test('a lock is held by one at a time, and given back', async () => {
  const unlock = await someone().take(path, ttlMs)
  expect(unlock).toBeDefined()
  expect(await someone().take(path, ttlMs)).toBeUndefined()
  await unlock?.()
  expect(await readdir(folder)).toEqual([])
  expect(await someone().take(path, ttlMs)).toBeDefined()
})

test('of many at once exactly one gets it', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => someone().take(path, ttlMs)))
  expect(all.filter(Boolean)).toHaveLength(1)
})

test('its file tells who holds it', async () => {
  await someone().take(path, ttlMs)
  const holder = JSON.parse(await readFile(path, 'utf8'))
  expect(holder).toMatchObject({ pid: process.pid, ttlMs, expiresAt: clock.now() + ttlMs })
  expect(holder.owner).toMatch(/^[0-9a-f-]{36}$/)
})

describe('a lock that was not given back', () => {
  test('ends after its time, and not before', async () => {
    await someone().take(path, ttlMs)
    clock.advanceSync(ttlMs - 1)
    expect(await someone().take(path, ttlMs)).toBeUndefined()
    clock.advanceSync(1)
    expect(await someone().take(path, ttlMs)).toBeDefined()
  })

  test('is taken over by exactly one of many', async () => {
    for (let round = 0; round < 20; round++) {
      await someone().take(path, ttlMs)
      clock.advanceSync(ttlMs)
      const all = await Promise.all(Array.from({ length: 20 }, () => someone().take(path, ttlMs)))
      const taken = all.filter((unlock) => unlock !== undefined)
      expect(taken).toHaveLength(1)
      await taken[0]?.()
      expect(await readdir(folder)).toEqual([])
    }
  })

  test('is not taken from who took it over in between', async () => {
    await someone().take(path, ttlMs)
    clock.advanceSync(ttlMs)
    const faster = JSON.stringify({
      owner: 'faster',
      pid: process.pid,
      machine: 'other',
      ttlMs,
      expiresAt: clock.now() + ttlMs,
    })
    // The time is asked for between reading the old lock and judging it.
    const elapsed = () => {
      writeFileSync(path, faster)
      return clock.elapsed()
    }
    expect(await new FileLocks({ ...clock, elapsed }).take(path, ttlMs)).toBeUndefined()
    expect(await readFile(path, 'utf8')).toBe(faster)
  })

  test('cannot be given back any more once it is somebody else’s', async () => {
    const late = await someone().take(path, ttlMs)
    clock.advanceSync(ttlMs)
    const next = await someone().take(path, ttlMs)
    await late?.()
    expect(await someone().take(path, ttlMs)).toBeUndefined()
    await next?.()
    expect(await readdir(folder)).toEqual([])
  })

  test('can be given back late when nobody took it over', async () => {
    const late = await someone().take(path, ttlMs)
    clock.advanceSync(ttlMs)
    await late?.()
    expect(await readdir(folder)).toEqual([])
  })

  test('is free at once when its process was killed', async () => {
    const holder = startProcess('./test-vault-process.ts', 'lock', folder, 'session:1', String(ttlMs))
    try {
      holder.say('go')
      await holder.line('locked')
      const held = (await readdir(folder)).find((name) => name.endsWith('.lock')) ?? ''
      expect(await someone().take(join(folder, held), ttlMs)).toBeUndefined()
      await holder.kill()
      expect(await someone().take(join(folder, held), ttlMs)).toBeDefined()
    } finally {
      await holder.kill()
    }
  })

  test('is free at once when a former process had our number, as in a container that was started anew', async () => {
    await someone().take(path, ttlMs)
    expect(await someone().take(path, ttlMs)).toBeUndefined()
    await utimes(path, 1, 1)
    expect(await someone().take(path, ttlMs)).toBeDefined()
  })

  test('of another machine ends by its time alone', async () => {
    await writeFile(path, JSON.stringify({ ...(await held()), machine: 'other', pid: 0x7fffffff }))
    expect(await someone().take(path, ttlMs)).toBeUndefined()
    clock.advanceSync(ttlMs)
    expect(await someone().take(path, ttlMs)).toBeDefined()
  })

  test.each(['', '{"owner":"', 'null'])('and names nobody (%j) ends when it was seen for two seconds', async (text) => {
    await writeFile(path, text)
    const locks = someone()
    expect(await locks.take(path, ttlMs)).toBeUndefined()
    clock.advanceSync(1999)
    expect(await locks.take(path, ttlMs)).toBeUndefined()
    clock.advanceSync(1)
    expect(await locks.take(path, ttlMs)).toBeDefined()
  })

  test('does not block for ever where the one who removed it died, too', async () => {
    await someone().take(path, ttlMs)
    await someone().take(`${path}+`, 30_000)
    clock.advanceSync(ttlMs)
    expect(await someone().take(path, ttlMs)).toBeDefined()
  })

  async function held(): Promise<object> {
    const unlock = await someone().take(path, ttlMs)
    const holder = JSON.parse(await readFile(path, 'utf8'))
    await unlock?.()
    return holder
  }
})

describe('fault 83: a clock that jumps', () => {
  test('ahead takes no lock from who holds it', async () => {
    await someone().take(path, ttlMs)
    const locks = someone()
    expect(await locks.take(path, ttlMs)).toBeUndefined()
    clock.jump(3_600_000)
    expect(await locks.take(path, ttlMs)).toBeUndefined()
    clock.advanceSync(ttlMs)
    expect(await locks.take(path, ttlMs)).toBeDefined()
  })

  test('back makes none last longer', async () => {
    await someone().take(path, ttlMs)
    clock.jump(-3_600_000)
    const locks = someone()
    expect(await locks.take(path, ttlMs)).toBeUndefined()
    clock.advanceSync(ttlMs)
    expect(await locks.take(path, ttlMs)).toBeDefined()
  })
})

test('what is done under a lock is done by one after the other', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++inside)
    await readdir(folder)
    inside--
  }
  await Promise.all(Array.from({ length: 10 }, () => someone().during(path, work)))
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

test('a lock is given back when what was done under it fails', async () => {
  const failing = someone().during(path, () => Promise.reject(new Error('disk full')))
  await expect(failing).rejects.toThrow('disk full')
  expect(await readdir(folder)).toEqual([])
})
