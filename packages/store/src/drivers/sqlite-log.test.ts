import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { handClock, logEntry, testLogStore } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serveThread } from '../log/threads.ts'
import { startContender } from '../test-process.ts'
import { type SqliteLogOptions, sqliteLog } from './sqlite-log.ts'

let root: string
let folder: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dragoman-log-'))
  folder = join(root, 'log')
})
afterEach(() => rmSync(root, { recursive: true }))

function opened(options: Partial<SqliteLogOptions> = {}) {
  const log = sqliteLog({ folder, clock: handClock(), serve: serveThread, ...options })
  return Object.assign(log, { [Symbol.asyncDispose]: () => log.close() })
}

testLogStore('sqlite', ({ clock }) => sqliteLog({ folder, clock, serve: serveThread }))

test('threads of its own do the same, and what was written is there after a restart', async () => {
  const clock = handClock()
  const before = sqliteLog({ folder, clock })
  before.append(logEntry({ id: 'a' }), { bodies: { 'client-request': 'hello' }, text: { user: 'a word' } })
  // The time for a batch is over: nobody has to ask for it.
  clock.advanceSync(200)
  await before.close()
  const after = sqliteLog({ folder, clock })
  after.append(logEntry({ id: 'b', model: 'glm' }), { bodies: { 'client-request': 'other' } })
  await after.flush()
  expect((await after.list({ limit: 5 })).entries.map(({ id }) => id)).toEqual(['b', 'a'])
  expect((await after.list({ limit: 5, filter: { model: 'gpt' } })).entries.map(({ id }) => id)).toEqual(['a'])
  expect((await after.search({ text: 'word', limit: 5 })).entries).toHaveLength(1)
  expect(Buffer.from((await after.body('a', 'client-request'))?.content ?? []).toString()).toBe('hello')
  expect(await after.totals({})).toMatchObject([{ requests: 2 }])
  await after.close()
})

test('a log that is killed in the middle of writing loses at most its last batches, and nothing is half', async () => {
  const writer = await startContender(folder, 'log-writer')
  const written = Number(await writer.tell('write'))
  await writer.tell('write on')
  await writer.kill()
  await using log = opened()
  const { entries } = await log.list({ limit: 100_000 })
  expect(entries.length).toBeGreaterThanOrEqual(written)
  expect(entries.map(({ id }) => Number(id))).toEqual(entries.map((_, i) => entries.length - 1 - i))
  for (const { id } of [...entries.slice(0, 20), ...entries.slice(-20)]) {
    const body = await log.body(id, 'client-request')
    expect(Buffer.from(body?.content ?? []).toString()).toBe(`body of ${id} ${'x'.repeat(2_000)}`)
  }
  expect(await log.totals({})).toMatchObject([{ requests: entries.length }])
  log.append(logEntry({ id: 'next' }))
  await log.flush()
  expect((await log.read('next'))?.entry.id).toBe('next')
})

test('a damaged file is put aside with a word about it, and a new one begun', async () => {
  mkdirSync(folder)
  writeFileSync(join(folder, 'log.db'), 'this is no database, whatever its name says'.repeat(100))
  await using log = opened()
  expect(await log.opened).toEqual({ damaged: expect.stringContaining('log.db.damaged-2026-01-01') })
  log.append(logEntry())
  await log.flush()
  const { entries, damaged = '' } = await log.stats()
  expect(entries).toBe(1)
  expect(readFileSync(join(damaged, 'log.db'), 'latin1')).toContain('no database')
})

test('a file whose pages turn out to be damaged while it is written is replaced', async () => {
  const before = opened()
  for (let i = 0; i < 2_000; i++) before.append(logEntry({ id: `${i}` }))
  await before.close()
  const file = join(folder, 'log.db')
  const bytes = readFileSync(file)
  // All but the first page, which has the layout.
  bytes.fill(0xa5, 4_096)
  writeFileSync(file, bytes)
  await using log = opened()
  log.append(logEntry({ id: 'new' }))
  await log.flush()
  await log.flush()
  expect((await log.stats()).damaged).toContain('damaged-')
  expect((await log.list({ limit: 5 })).entries.map(({ id }) => id)).toEqual(['new'])
})

test('a file of a newer version is left alone', async () => {
  await opened().close()
  const file = new DatabaseSync(join(folder, 'log.db'))
  file.exec('PRAGMA user_version = 99')
  file.close()
  await using log = opened()
  await expect(log.opened).rejects.toThrow('The log failed: it was written by a newer version')
  log.append(logEntry())
  await log.flush()
  expect(await log.stats()).toMatchObject({ trouble: 'it was written by a newer version', dropped: { entries: 1 } })
})

test('a full disk: what does not fit waits, then is lost and counted, and it goes on when there is room', async () => {
  const told: (string | undefined)[] = []
  const onTrouble = (message: string | undefined) => told.push(message)
  await opened().close()
  const others = new DatabaseSync(join(folder, 'log.db'))
  others.exec('CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob(1500000))')
  await using log = opened({ maxBytes: 1_700_000, maxWaiting: 1_500, onTrouble })
  for (let i = 0; i < 4_000; i++) log.append(logEntry({ id: `${i}`, startedAt: i }))
  await log.flush()
  const full = await log.stats()
  expect(full).toMatchObject({ trouble: expect.stringContaining('full') })
  expect(full.dropped.entries).toBeGreaterThan(1_000)
  expect(full.entries + full.waiting + full.dropped.entries).toBe(4_000)
  others.exec('DROP TABLE ballast')
  others.close()
  await log.flush()
  expect(await log.stats()).toMatchObject({
    entries: 4_000 - full.dropped.entries,
    waiting: 0,
    trouble: undefined,
    dropped: full.dropped,
  })
  expect(told.at(-1)).toBeUndefined()
})

test('where bodies cannot be written entries are, and the bodies are counted', async () => {
  await using log = opened()
  await log.opened
  mkdirSync(join(folder, 'segments', '2026-01-01-1.seg'))
  log.append(logEntry(), { bodies: { 'client-request': 'a', 'client-response': 'b' } })
  await log.flush()
  expect(await log.stats()).toMatchObject({
    entries: 1,
    dropped: { entries: 0, bodies: 2 },
    trouble: expect.stringContaining('bodies cannot be written'),
  })
  rmSync(join(folder, 'segments', '2026-01-01-1.seg'), { recursive: true })
  log.append(logEntry({ id: 'b' }), { bodies: { 'client-request': 'c' } })
  await log.flush()
  expect(await log.stats()).toMatchObject({ trouble: undefined })
  expect((await log.body('b', 'client-request'))?.bytes).toBe(1)
})

test('a locked file keeps nobody waiting: entries wait, and are written when it is free', async () => {
  await using log = opened()
  await log.opened
  const holder = new DatabaseSync(join(folder, 'log.db'))
  holder.exec('BEGIN IMMEDIATE')
  log.append(logEntry())
  await log.flush()
  expect(await log.stats()).toMatchObject({ entries: 0, waiting: 1, trouble: expect.stringContaining('locked') })
  holder.exec('COMMIT')
  holder.close()
  await log.flush()
  expect(await log.stats()).toMatchObject({ entries: 1, waiting: 0, dropped: { entries: 0 } })
})

test('where too much waits bodies go first, then entries', async () => {
  await using log = opened({ maxWaitingBytes: 10_000, maxWaiting: 3 })
  for (let i = 0; i < 5; i++) log.append(logEntry({ id: `${i}` }), { bodies: { 'client-request': 'x'.repeat(4_000) } })
  await log.flush()
  expect(await log.stats()).toMatchObject({ entries: 3, dropped: { entries: 2, bodies: 3 } })
})

test('of a body no more is kept than is allowed, and it says so', async () => {
  await using log = opened({ maxBodyBytes: 10 })
  const stream = { pieces: ['12345', 'ééééé', 'x'], atMs: [1, 2, 3] }
  log.append(logEntry(), { bodies: { 'client-request': 'é'.repeat(6), 'client-response': stream } })
  await log.flush()
  expect(await log.body('req_1', 'client-request')).toMatchObject({ bytes: 10, truncated: true })
  expect(await log.body('req_1', 'client-response')).toMatchObject({ bytes: 10, truncated: true })
})

test('a segment of another day is closed and compressed, and its bodies are read from there', async () => {
  const clock = handClock()
  const body = (i: number) => `${i} ${'lorem ipsum '.repeat(20_000)}`
  const first = opened({ clock })
  for (let i = 0; i < 3; i++) first.append(logEntry({ id: `${i}` }), { bodies: { 'client-request': body(i) } })
  await first.flush()
  clock.advanceSync(86_400_000)
  first.append(logEntry({ id: 'next' }), { bodies: { 'client-request': 'b' } })
  await first.flush()
  await first.prune({})
  expect(readdirSync(join(folder, 'segments')).sort()).toEqual(['2026-01-01-1.seg.zst', '2026-01-02-2.seg'])
  for (let i = 0; i < 3; i++) {
    const kept = await first.body(`${i}`, 'client-request')
    expect(Buffer.from(kept?.content ?? []).toString() === body(i)).toBe(true)
  }
  expect((await first.stats()).bodyBytes).toBeLessThan(20_000)
  expect(await first.prune({ keepBytes: 0 })).toBe(0)
  expect(await first.body('0', 'client-request')).toBeUndefined()
  expect((await first.body('next', 'client-request'))?.bytes).toBe(1)
  expect((await first.read('0'))?.bodies).toEqual([])
  await first.close()
})

test('an entry without details leaves no word of a body, and only its owner may read the files', async () => {
  await using log = opened()
  log.append(logEntry({ id: 'full' }), { bodies: { 'client-request': 'canary-one' }, text: { user: 'canary-one' } })
  log.append(logEntry({ id: 'metadata' }))
  await log.flush()
  expect((await log.read('metadata'))?.bodies).toEqual([])
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  expect(files.length).toBeGreaterThan(3)
  for (const file of files) expect(statSync(join(file.parentPath, file.name)).mode & 0o077).toBe(0)
})

test('models that clients make up do not fill the table of names', async () => {
  await using log = opened({ maxWaiting: 100_000 })
  for (let i = 0; i < 4_200; i++) log.append(logEntry({ id: `${i}`, model: `made-up-${i}` }))
  await log.flush()
  for (const model of ['made-up-0', 'made-up-4150']) {
    expect((await log.list({ limit: 5, filter: { model } })).entries.map((entry) => entry.model)).toEqual([model])
  }
  expect((await log.totals({ by: 'model' })).find(({ key }) => key === '(other)')?.requests).toBe(104)
})
