import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { memoryKeys, type NewKey } from '@dragoman/core'
import { testKeyStore } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteKeys } from './sqlite-keys.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-keys-'))
  path = join(folder, 'data', 'keys.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

testKeyStore('memory', () => memoryKeys())
testKeyStore('sqlite', () => sqliteKeys({ path }))

const hash = new Uint8Array(32).fill(7)
const key: NewKey = { id: 'k', hash, ending: 'wxyz', name: 'team', rights: { models: ['a*'] }, createdAt: 1 }

test('keys survive a restart, and so does that one was revoked', async () => {
  const before = sqliteKeys({ path })
  const made = await before.create(key)
  await before.revoke('k', 2)
  await before.close()
  const after = sqliteKeys({ path })
  expect(after.byHash(hash)).toEqual([{ ...made, revokedAt: 2 }])
  await after.close()
})

test('what another one writes is seen at once, and the version says so', async () => {
  const server = sqliteKeys({ path })
  const commandLine = sqliteKeys({ path })
  const first = server.version()
  const made = await commandLine.create(key)
  expect(server.version()).not.toBe(first)
  expect(server.byHash(hash)).toEqual([made])
  const second = server.version()
  await commandLine.revoke('k', 2)
  expect(server.version()).not.toBe(second)
  expect(await server.byHash(hash)).toMatchObject([{ revokedAt: 2 }])
  await commandLine.close()
  await server.close()
})

test('the file does not hold the text of a key, only its digest', async () => {
  const keys = sqliteKeys({ path })
  await keys.create(key)
  await keys.close()
  const database = new DatabaseSync(path, { readOnly: true })
  const row = database.prepare('SELECT * FROM client_keys').get()
  database.close()
  expect(row?.hash).toEqual(hash)
  expect(Object.keys(row ?? {}).filter((column) => /text|secret|value/.test(column))).toEqual([])
})

test.skipIf(process.platform === 'win32')('nobody else may read its files', async () => {
  const keys = sqliteKeys({ path })
  await keys.create(key)
  expect(['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777)).toEqual([0o600, 0o600, 0o600])
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)
  await keys.close()
  chmodSync(path, 0o644)
  await sqliteKeys({ path }).close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a file that is none is told at once, with its name and what to do', () => {
  const file = join(folder, 'keys.db')
  writeFileSync(file, 'this is a text of some length, and no database at all'.repeat(100))
  expect(() => sqliteKeys({ path: file })).toThrow(
    expect.objectContaining({
      code: 'internal',
      message: expect.stringMatching(/keys\.db cannot be read \(put a copy.*not a database/),
    }),
  )
})

test('as one of a newer version is', async () => {
  await sqliteKeys({ path }).close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 99')
  database.close()
  expect(() => sqliteKeys({ path })).toThrow(/newer version/)
})
