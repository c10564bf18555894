import { writeFileSync } from 'node:fs'
import { type KeyRights, type KeyStore, memoryKeys, Secret } from '@dragoman/core'
import { type HandClock, handClock } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clientFinder, noticeOfKeys } from './client-keys.ts'
import { testFolder } from './config/test-folder.ts'
import { type Client, endOf } from './http/authenticate.ts'
import { createKey, revokeKey, updateKey } from './key-changes.ts'
import { keyFile, MadeKeys } from './made-keys.ts'

const folder = testFolder()
let clock: HandClock
let made: MadeKeys
let warnings: unknown[]
const log = { warn: (...said: unknown[]) => void warnings.push(said) }

beforeEach(() => {
  clock = handClock()
  warnings = []
  made = new MadeKeys({ place: keyFile(folder.path('data')), clock, log })
})
afterEach(() => made.close())

const make = async (rights: KeyRights = {}, parent?: string) =>
  createKey(await made.store(), { name: 'team', rights, parent }, clock.now())

/** As `dragoman keys` does it, in another process. */
async function elsewhere(act: (store: KeyStore) => Promise<unknown>): Promise<void> {
  const other = await keyFile(folder.path('data')).open()
  await act(other)
  await other.close()
}

const isRefused = (client: Client | undefined) => client === undefined || endOf(client, clock.now()) !== undefined

describe('a key that was made', () => {
  test('is found by its text, with what it may do', async () => {
    const find = clientFinder([], made)
    const { text, key } = await make({ models: ['a*'], requestsPerMinute: 5 })
    expect(text).toMatch(/^dk_[\w-]{43}$/)
    const expected = { id: key.id, rights: { id: key.id, models: ['a*'], requestsPerMinute: 5 } }
    // A second time: it is remembered.
    for (let time = 0; time < 2; time++) expect(await find(text)).toEqual(expected)
    expect(find(text)).toBe(find(text))
  })

  test('that is not limited has no rights to be measured against', async () => {
    const { text, key } = await make({ expiresAt: clock.now() + 1_000 })
    expect(await clientFinder([], made)(text)).toEqual({ id: key.id, expiresAt: clock.now() + 1_000 })
  })

  test.each([
    ['nothing but its first letters', (text: string) => text.slice(0, -1)],
    ['a letter more', (text: string) => `${text}x`],
    ['its id', () => 'id'],
    ['another case', (text: string) => text.toUpperCase()],
    ['SQL', (text: string) => `${text}' OR '1'='1`],
    ['a NUL behind it', (text: string) => `${text}\0`],
    ['nothing', () => ''],
    ['a megabyte', () => 'x'.repeat(1_000_000)],
  ])('is not found by %s', async (_what, wrong) => {
    const { text, key } = await make()
    const given = wrong(text)
    expect(await clientFinder([], made)(given === 'id' ? key.id : given)).toBeUndefined()
  })

  test.each([
    ['revoked', async (store: KeyStore, id: string) => revokeKey(store, id, 1)],
    ['switched off', async (store: KeyStore, id: string) => updateKey(store, id, { rights: {}, isDisabled: true })],
  ])('that is %s here is refused from then on, though it was remembered', async (_what, end) => {
    const find = clientFinder([], made)
    const { text, key } = await make()
    expect(isRefused(await find(text))).toBe(false)
    await end(await made.store(), key.id)
    made.changed()
    expect(isRefused(await find(text))).toBe(true)
  })

  test('that another process revokes is refused a tenth of a second later at the latest', async () => {
    const find = clientFinder([], made)
    const { text, key } = await make()
    await clock.advance(100)
    expect(isRefused(await find(text))).toBe(false)
    await elsewhere((store) => revokeKey(store, key.id, 1))
    await clock.advance(100)
    expect(isRefused(await find(text))).toBe(true)
  })

  test('in a file that another process makes is found, without a restart', async () => {
    const find = clientFinder([], made)
    expect(find('dk_nothing-yet')).toBeUndefined()
    let text = ''
    await elsewhere(async (store) => {
      text = (await createKey(store, { rights: {} }, clock.now())).text
    })
    expect(isRefused(await find(text))).toBe(false)
  })

  test('goes with the file that it is in', async () => {
    const find = clientFinder([], made)
    const { text } = await make()
    expect(isRefused(await find(text))).toBe(false)
    for (const suffix of ['', '-wal', '-shm']) await folder.remove(`data/keys.db${suffix}`)
    await clock.advance(100)
    expect(isRefused(await find(text))).toBe(true)
    const { text: next } = await make()
    expect(isRefused(await find(next))).toBe(false)
  })

  test('that expires is refused at that moment, though it was remembered', async () => {
    const find = clientFinder([], made)
    const { text } = await make({ expiresAt: clock.now() + 1_000 })
    await clock.advance(999)
    expect(isRefused(await find(text))).toBe(false)
    await clock.advance(1)
    expect(isRefused(await find(text))).toBe(true)
  })

  test('says when it was used last, a minute later, in one write', async () => {
    const find = clientFinder([], made)
    const { text, key } = await make()
    const store = await made.store()
    for (let n = 0; n < 1_000; n++) await find(text)
    const usedAt = clock.now()
    expect((await store.get(key.id))?.lastUsedAt).toBeUndefined()
    await clock.advance(60_000)
    expect((await store.get(key.id))?.lastUsedAt).toBe(usedAt)
    expect(clock.pending).toBe(0)
  })

  test('may do what it and its parents may, and ends with the first of them', async () => {
    const find = clientFinder([], made)
    const parent = await make({ models: ['a*'], requestsPerMinute: 10 })
    const child = await make({ requestsPerMinute: 5 }, parent.key.id)
    const { id } = child.key
    expect(await find(child.text)).toEqual({ id, rights: { id, models: ['a*'], requestsPerMinute: 5 } })
    const store = await made.store()
    await updateKey(store, parent.key.id, { rights: { models: ['ab'], requestsPerMinute: 3 } })
    made.changed()
    expect(await find(child.text)).toEqual({ id, rights: { id, models: ['ab'], requestsPerMinute: 3 } })
    await updateKey(store, parent.key.id, { rights: { models: null, requestsPerMinute: null } })
    made.changed()
    // It does not grow with its parent.
    expect((await find(child.text))?.rights).toMatchObject({ models: ['a*'], requestsPerMinute: 5 })
    await revokeKey(store, parent.key.id, 1)
    made.changed()
    expect(isRefused(await find(child.text))).toBe(true)
  })
})

describe('beside keys of the configuration', () => {
  const configured = [{ name: 'file', key: new Secret('key-of-the-file'), expiresAt: 5 }]

  test('both are found, each as what it is', async () => {
    const find = clientFinder(configured, made)
    const { text, key } = await make()
    for (let time = 0; time < 2; time++) {
      expect(find('key-of-the-file')).toEqual({ id: 'file', expiresAt: 5 })
      expect(await find(text)).toEqual({ id: key.id })
    }
  })

  test('one of the configuration serves on when the made ones cannot be read', async () => {
    await make()
    await made.close()
    writeFileSync(folder.path('data/keys.db'), 'no database, but a text of some length'.repeat(100))
    const broken = new MadeKeys({ place: keyFile(folder.path('data')), clock, log })
    const find = clientFinder(configured, broken)
    expect(find('key-of-the-file')).toMatchObject({ id: 'file' })
    await expect(find('dk_any')).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('keys.db'),
    })
    await expect(broken.ready()).rejects.toThrow(/keys\.db cannot be read \(put a copy in its place/)
    await broken.close()
  })
})

test('a use that cannot be written is told and loses nobody his answer', async () => {
  const store = memoryKeys()
  const broken = { ...store, used: () => Promise.reject(new Error('disk full')) }
  const keys = new MadeKeys({ place: { stamp: () => 'memory', open: async () => broken }, clock, log })
  const { text } = await createKey(await keys.store(), { rights: {} }, clock.now())
  expect(await clientFinder([], keys)(text)).toBeDefined()
  await clock.advance(60_000)
  expect(warnings).toHaveLength(1)
  await keys.close()
})

test('what was read before a change is not remembered after it', async () => {
  const store = memoryKeys()
  let answer = () => {}
  const slow: KeyStore = {
    ...store,
    byHash: (hash) => {
      const found = store.byHash(hash)
      return new Promise((resolve) => {
        answer = () => resolve(found)
      })
    },
  }
  const keys = new MadeKeys({ place: { stamp: () => 'memory', open: async () => slow }, clock, log })
  const { text, key } = await createKey(await keys.store(), { rights: {} }, clock.now())
  const first = clientFinder([], keys)(text)
  await store.revoke(key.id, 1)
  keys.changed()
  answer()
  expect(isRefused(await first)).toBe(false)
  const second = clientFinder([], keys)(text)
  answer()
  expect(isRefused(await second)).toBe(true)
  await keys.close()
})

test.each([
  [{ mode: 'open' }, false, undefined],
  [{ mode: 'open' }, true, 'nothing asks for them'],
  [{ mode: 'keys', keys: [], onRevoke: 'finish' }, true, undefined],
  [{ mode: 'keys', keys: [], onRevoke: 'finish' }, false, 'dragoman keys create'],
  [{ mode: 'keys', keys: [{ name: 'a', key: new Secret('a') }], onRevoke: 'finish' }, false, undefined],
] as const)('a start with %j, keys made: %j, says %j', (clients, areMade, said) => {
  const notice = noticeOfKeys(clients, areMade)
  if (said === undefined) expect(notice).toBeUndefined()
  else expect(notice).toContain(said)
})
