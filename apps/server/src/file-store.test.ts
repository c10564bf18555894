import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handClock } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { FileStore, type FileStoreOptions, keptMs, type Upload } from './file-store.ts'

async function startStore(options: Omit<FileStoreOptions, 'folder'> = {}) {
  const parent = await mkdtemp(join(tmpdir(), 'dragoman-files-'))
  const folder = join(parent, 'files')
  const clock = handClock()
  const open = () => new FileStore({ folder, clock, ...options })
  return {
    store: open(),
    clock,
    folder,
    open,
    /** Names of all files below. */
    names: async () =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).filter((each) => each.isFile()),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  }
}

function upload(bytes: number, more: Partial<Upload> = {}): Upload {
  return { filename: 'a.txt', purpose: 'user_data', type: undefined, bytes: Buffer.alloc(bytes, 'x'), ...more }
}

test('what is stored is there after a restart, for its owner only', async () => {
  await using rig = await startStore()
  const file = await rig.store.put('ada', upload(3))
  const later = rig.open()
  expect(await later.list('ada')).toEqual([file])
  expect((await later.content('ada', file.id))?.bytes.toString()).toBe('xxx')
  expect(await later.list('bob')).toEqual([])
  expect(await later.content('bob', file.id)).toBeUndefined()
})

test('nobody else of this machine can read it', async () => {
  await using rig = await startStore()
  await rig.store.put('ada', upload(3))
  const modes = await Promise.all((await rig.names()).map(({ parentPath, name }) => stat(join(parentPath, name))))
  expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600])
})

test('it is gone, from the disk too, after a week', async () => {
  await using rig = await startStore()
  const { id } = await rig.store.put('ada', upload(3))
  await rig.clock.advance(keptMs - 1_000)
  expect(await rig.store.get('ada', id)).toBeDefined()
  await rig.clock.advance(1_000)
  expect(await rig.store.get('ada', id)).toBeUndefined()
  expect(await rig.store.content('ada', id)).toBeUndefined()
  expect(await rig.names()).toEqual([])
})

test('files of who does not come back go when another comes', async () => {
  await using rig = await startStore()
  await rig.store.put('ada', upload(3))
  await rig.clock.advance(keptMs)
  const later = rig.open()
  await later.list('bob')
  expect(await rig.names()).toEqual([])
})

test('what a crash has left of an upload goes after a week', async () => {
  await using rig = await startStore()
  const { id } = await rig.store.put('ada', upload(3))
  const [{ parentPath } = { parentPath: '' }] = await rig.names()
  const [old, fresh] = [join(parentPath, 'file-old'), join(parentPath, 'file-new.part')]
  for (const path of [old, fresh]) await writeFile(path, 'x')
  await utimes(old, 0, (rig.clock.now() - keptMs) / 1000 - 1)
  await rig.open().list('bob')
  expect((await rig.names()).map(({ name }) => name).sort()).toEqual(['file-new.part', id, `${id}.json`].sort())
})

test('one file and all files of a key are bounded', async () => {
  await using rig = await startStore({ limits: { maxFileBytes: 10, maxClientBytes: 25, maxClientFiles: 4 } })
  await expect(rig.store.put('ada', upload(11))).rejects.toMatchObject({ code: 'request_too_large', param: 'file' })
  // At once: none may slip through while another is being written.
  const puts = await Promise.allSettled([10, 10, 10].map((bytes) => rig.store.put('ada', upload(bytes))))
  expect(puts.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
  await expect(rig.store.put('ada', upload(6))).rejects.toMatchObject({ code: 'insufficient_quota' })
  await rig.store.put('bob', upload(10))
  const [file] = await rig.store.list('ada')
  expect(await rig.store.delete('ada', file?.id ?? '')).toBe(true)
  await rig.store.put('ada', upload(6))
  await rig.store.put('ada', upload(0))
  await rig.store.put('ada', upload(0))
  await expect(rig.store.put('ada', upload(0))).rejects.toMatchObject({ code: 'insufficient_quota' })
})

test.each([
  ['\x89PNG\r\n\x1a\n', 'a.txt', 'text/plain', 'image/png'],
  ['\xff\xd8\xff\xe0', 'a', undefined, 'image/jpeg'],
  ['RIFF....WEBPVP8', 'a', undefined, 'image/webp'],
  ['%PDF-1.7', 'a', undefined, 'application/pdf'],
  ['no picture', 'a.png', 'image/png', 'application/octet-stream'],
  ['a,b', 'a.csv', 'application/octet-stream', 'text/csv'],
  ['a,b', 'a.csv', 'text/plain', 'text/plain'],
  ['x', 'a', 'no type', 'application/octet-stream'],
])('what begins with %j, is called %s and is said to be %s is %s', async (text, filename, type, found) => {
  await using rig = await startStore()
  const { id } = await rig.store.put('ada', upload(0, { bytes: Buffer.from(text, 'latin1'), filename, type }))
  expect((await rig.store.content('ada', id))?.file.type).toBe(found)
})
