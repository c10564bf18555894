import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepPrivate } from './private-mode.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-mode-'))
  file = join(folder, 'secret')
  await writeFile(file, 'x', { mode: 0o600 })
})
afterEach(() => rm(folder, { recursive: true }))

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8)

test('what is private is left as it is', async () => {
  await chmod(file, 0o400)
  expect(await keepPrivate(file, { mode: 0o600 })).toEqual({ kind: 'private' })
  expect(await modeOf(file)).toBe('400')
})

test.each([0o644, 0o640, 0o604, 0o666, 0o611])('fault 70: mode %o is repaired, and it is said', async (mode) => {
  await chmod(file, mode)
  const words = `could be read by other users (mode 0${mode.toString(8)}); its mode is 0600 now`
  expect(await keepPrivate(file, { mode: 0o600 })).toEqual({ kind: 'repaired', words })
  expect(await modeOf(file)).toBe('600')
})

test('fault 70: what cannot be changed is refused, with what to do', async () => {
  await chmod(file, 0o644)
  const change = () => Promise.reject(Object.assign(new Error('read-only'), { code: 'EROFS' }))
  expect(await keepPrivate(file, { mode: 0o600, change })).toEqual({
    kind: 'refused',
    words: 'could be read by other users (mode 0644), which cannot be changed (EROFS): run chmod 0600',
  })
})

test('fault 70: a file system that takes the change and forgets it is not believed', async () => {
  await chmod(file, 0o644)
  const privacy = await keepPrivate(file, { mode: 0o600, change: async () => {} })
  expect(privacy).toMatchObject({ kind: 'refused', words: expect.stringContaining('its file system keeps that') })
})

test('a folder that is meant for all users is not closed to them', async () => {
  await chmod(folder, 0o1777)
  expect(await keepPrivate(folder, { mode: 0o700 })).toMatchObject({ kind: 'refused' })
  expect(await modeOf(folder)).toBe('1777')
})

test('Windows is left alone', async () => {
  await chmod(file, 0o644)
  expect(await keepPrivate(file, { mode: 0o600, platform: 'win32' })).toEqual({ kind: 'private' })
  expect(await modeOf(file)).toBe('644')
})
