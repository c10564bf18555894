import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { Secret } from '@dragoman/core'
import { expect, test } from 'vitest'
import { adminKey } from './admin-key.ts'
import { ConfigError } from './config/config-error.ts'
import { testFolder } from './config/test-folder.ts'

const folder = testFolder()
const made = 'dgadmin-canary0123456789'

async function problemOf(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.catch((reason: unknown) => reason)
  if (outcome instanceof ConfigError) return outcome.message
  throw new Error('It was accepted', { cause: outcome })
}

test('a configured key is the key, and no file is made', async () => {
  const { key, notice } = await adminKey({
    configured: new Secret(' an-admin-key-of-mine\n'),
    path: folder.path('data/admin.key'),
  })
  expect([key?.reveal(), notice]).toEqual(['an-admin-key-of-mine', undefined])
  expect(await readdir(folder.path())).toEqual([])
})

test.each([
  ['', 'is empty'],
  ['  ', 'is empty'],
  ['changeme', 'is a placeholder'],
  ['your-admin-key', 'is a placeholder'],
  ['$ADMIN_KEY', 'is a placeholder'],
  ['canary with spaces', 'has a space'],
])('%j as a configured key is refused, not replaced by a new one', async (configured, fault) => {
  const problem = await problemOf(adminKey({ configured: new Secret(configured), path: folder.path('admin.key') }))
  expect(problem).toContain(fault)
  expect(problem).not.toContain('canary')
  expect(await readdir(folder.path())).toEqual([])
})

test('without one a key is made, kept for its owner alone, and the same at the next start', async () => {
  const path = folder.path('data/deep/admin.key')
  const first = await adminKey({ configured: undefined, path })
  expect(first.key?.reveal()).toMatch(/^dgadmin-[\w-]{43}$/)
  expect(first.notice).toContain(path)
  expect(first.notice).not.toContain(first.key?.reveal())
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).toBe(`${first.key?.reveal()}\n`)
  expect(await readdir(folder.path('data/deep'))).toEqual(['admin.key'])

  const second = await adminKey({ configured: undefined, path })
  expect([second.key?.reveal(), second.notice]).toEqual([first.key?.reveal(), undefined])
})

test('every new key is another one', async () => {
  const keys = await Promise.all(
    ['one', 'two'].map(async (name) =>
      (await adminKey({ configured: undefined, path: folder.path(name) })).key?.reveal(),
    ),
  )
  expect(new Set(keys).size).toBe(2)
})

test('those that start at the same time agree, and one of them says that it made the key', async () => {
  const path = folder.path('admin.key')
  const results = await Promise.all(Array.from({ length: 20 }, () => adminKey({ configured: undefined, path })))
  expect(new Set(results.map(({ key }) => key?.reveal())).size).toBe(1)
  expect(results.filter(({ notice }) => notice?.includes('was made'))).toHaveLength(1)
  expect(await readdir(folder.path())).toEqual(['admin.key'])
})

test('a key in the file counts, whatever ends its line', async () => {
  await folder.write('admin.key', `${made}\r\n`)
  const { key, notice } = await adminKey({ configured: undefined, path: folder.path('admin.key') })
  expect([key?.reveal(), notice]).toEqual([made, undefined])
})

test.each([0o644, 0o640, 0o604, 0o660, 0o620])(
  'a file of mode %o is taken from the others, and that is said',
  async (mode) => {
    const path = folder.path('admin.key')
    await folder.write('admin.key', made)
    await chmod(path, mode)
    const { key, notice } = await adminKey({ configured: undefined, path })
    expect(key?.reveal()).toBe(made)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(notice).toContain(path)
    expect(notice).not.toContain(made)
    expect((await adminKey({ configured: undefined, path })).notice).toBeUndefined()
  },
)

test.each([
  ['an empty file', ''],
  ['a blank one', '\n'],
  ['two keys', 'canary-one\ncanary-two\n'],
  ['a placeholder', 'changeme'],
  ['bytes', 'canary\u0000\u0001'],
])('%s is an error that names the file, and stays as it was', async (_what, text) => {
  const path = folder.path('admin.key')
  await folder.write('admin.key', text)
  const problem = await problemOf(adminKey({ configured: undefined, path }))
  expect(problem).toContain(path)
  expect(problem).not.toContain('canary')
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('where no file can be the server goes without, and says so', async () => {
  await mkdir(folder.path('folder'))
  await writeFile(folder.path('file'), 'x')
  await symlink(folder.path('nowhere'), folder.path('dangling'))
  for (const name of ['folder', 'file/admin.key', 'dangling']) {
    const { key, notice } = await adminKey({ configured: undefined, path: folder.path(name) })
    expect(key).toBeUndefined()
    expect(notice).toContain(folder.path(name))
    expect(notice).toContain('ADMIN_KEY')
  }
})

test("a client's key is none, wherever it comes from", async () => {
  const path = folder.path('admin.key')
  const clientKeys = [new Secret('another-key-entirely'), new Secret(made)]
  expect(await problemOf(adminKey({ configured: new Secret(` ${made} `), path, clientKeys }))).toContain('of a client')
  await folder.write('admin.key', made)
  const problem = await problemOf(adminKey({ configured: undefined, path, clientKeys }))
  expect(problem).toContain('of a client')
  expect(problem).not.toContain(made)
})
