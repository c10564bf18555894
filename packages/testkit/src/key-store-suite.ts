import { DragomanError, type KeyRights, type KeyStore, type NewKey } from '@dragoman/core'
import { describe, expect, test } from 'vitest'

/**
 * What every `KeyStore` promises, as tests. `open` gives an empty one.
 *
 *     testKeyStore('memory', () => memoryKeys())
 */
export function testKeyStore(name: string, open: () => KeyStore | Promise<KeyStore>): void {
  const opened = async () => {
    const store = await open()
    return { store, [Symbol.asyncDispose]: () => store.close() }
  }

  describe(`key store ${name}`, () => {
    describe('a key', () => {
      test.each(everyRights)('with the rights %j comes back as it was, by its id and its hash', async (rights) => {
        await using keys = await opened()
        const made = await keys.store.create(newKey(1, { name: 'team “ü”', rights }))
        expect(made).toMatchObject({
          id: 'key-1',
          name: 'team “ü”',
          ending: 'nd-1',
          createdAt: 1_001,
          isDisabled: false,
        })
        expect(defined(made.rights)).toEqual(rights)
        expect(await keys.store.get('key-1')).toEqual(made)
        expect(await keys.store.byHash(hashOf(1))).toEqual([made])
        expect([made.parent, made.revokedAt, made.lastUsedAt]).toEqual([undefined, undefined, undefined])
      })

      test('shows its hash nowhere', async () => {
        await using keys = await opened()
        const made = await keys.store.create(newKey(1))
        const shown = JSON.stringify([made, await keys.store.list({ limit: 1 })])
        for (const form of ['hex', 'base64', 'base64url'] as const) {
          expect(shown).not.toContain(Buffer.from(hashOf(1)).toString(form))
        }
        expect(shown).not.toContain('hash')
      })

      test('that is not there is none', async () => {
        await using keys = await opened()
        await keys.store.create(newKey(1))
        expect(await keys.store.get('key-2')).toBeUndefined()
        expect(await keys.store.byHash(hashOf(2))).toEqual([])
        expect(await keys.store.update('key-2', () => ({ name: 'x' }))).toBeUndefined()
        expect(await keys.store.revoke('key-2', 1)).toBeUndefined()
      })

      test.each(["'; DROP TABLE client_keys; --", '%', '_', '"', '', 'key-1\0', 'KEY-1', 'key-1 '])(
        'has an id that is taken to the letter: %j is none',
        async (id) => {
          await using keys = await opened()
          await keys.store.create(newKey(1))
          expect(await keys.store.get(id)).toBeUndefined()
          expect(await keys.store.revoke(id, 1)).toBeUndefined()
          expect((await keys.store.list({ limit: 10 })).keys).toHaveLength(1)
        },
      )

      test('is not made twice, by its id or by its hash, nor from a parent that is not there', async () => {
        await using keys = await opened()
        const made = await keys.store.create(newKey(1))
        const refused = { code: 'internal' }
        await expect(keys.store.create({ ...newKey(2), id: 'key-1' })).rejects.toMatchObject(refused)
        await expect(keys.store.create({ ...newKey(2), hash: hashOf(1) })).rejects.toMatchObject(refused)
        await expect(keys.store.create(newKey(2, { parent: 'key-9' }))).rejects.toMatchObject(refused)
        expect((await keys.store.list({ limit: 10 })).keys).toEqual([made])
      })

      test('comes with its parents, the nearest first', async () => {
        await using keys = await opened()
        await keys.store.create(newKey(1))
        await keys.store.create(newKey(2, { parent: 'key-1' }))
        await keys.store.create(newKey(3, { parent: 'key-2' }))
        expect((await keys.store.byHash(hashOf(3))).map(({ id }) => id)).toEqual(['key-3', 'key-2', 'key-1'])
        expect((await keys.store.byHash(hashOf(1))).map(({ id }) => id)).toEqual(['key-1'])
      })
    })

    describe('update', () => {
      test('changes what is said and leaves the rest', async () => {
        await using keys = await opened()
        const made = await keys.store.create(newKey(1, { name: 'a', rights: { requestsPerMinute: 5 } }))
        expect(await keys.store.update('key-1', () => ({}))).toEqual(made)
        expect(await keys.store.update('key-1', () => ({ isDisabled: true }))).toEqual({ ...made, isDisabled: true })
        expect(await keys.store.update('key-1', () => ({ name: 'b', isDisabled: false }))).toEqual({
          ...made,
          name: 'b',
        })
        expect((await keys.store.update('key-1', () => ({ name: null })))?.name).toBeUndefined()
        const changed = await keys.store.update('key-1', () => ({ rights: { models: ['m'] } }))
        expect(defined(changed?.rights ?? {})).toEqual({ models: ['m'] })
        expect(await keys.store.get('key-1')).toEqual(changed)
      })

      test('sees the key as it is; when it throws, that is what comes back, and nothing has changed', async () => {
        await using keys = await opened()
        const made = await keys.store.create(newKey(1, { name: 'a' }))
        const refusal = new DragomanError('permission_denied', 'not so')
        const change = (key: unknown) => {
          expect(key).toEqual(made)
          throw refusal
        }
        await expect(keys.store.update('key-1', change)).rejects.toBe(refusal)
        expect(await keys.store.get('key-1')).toEqual(made)
        expect(await keys.store.update('key-1', () => ({ name: 'b' }))).toEqual({ ...made, name: 'b' })
      })

      test('misses none of those that come at once', async () => {
        await using keys = await opened()
        await keys.store.create(newKey(1, { rights: { requestsPerMinute: 1 } }))
        const more = () =>
          keys.store.update('key-1', ({ rights }) => ({
            rights: { requestsPerMinute: (rights.requestsPerMinute ?? 0) + 1 },
          }))
        await Promise.all(Array.from({ length: 20 }, more))
        expect((await keys.store.get('key-1'))?.rights.requestsPerMinute).toBe(21)
      })
    })

    test('a key is revoked once, and stays so', async () => {
      await using keys = await opened()
      const made = await keys.store.create(newKey(1))
      expect(await keys.store.revoke('key-1', 5_000)).toEqual({ ...made, revokedAt: 5_000 })
      expect(await keys.store.revoke('key-1', 6_000)).toEqual({ ...made, revokedAt: 5_000 })
      await keys.store.update('key-1', () => ({ isDisabled: false, name: 'again' }))
      expect((await keys.store.byHash(hashOf(1)))[0]?.revokedAt).toBe(5_000)
    })

    test('the list has all keys, the newest first, page by page, and misses none that stays', async () => {
      await using keys = await opened()
      expect(await keys.store.list({ limit: 10 })).toEqual({ keys: [] })
      for (let n = 1; n <= 5; n++) await keys.store.create(newKey(n))
      const first = await keys.store.list({ limit: 2 })
      expect(first.keys.map(({ id }) => id)).toEqual(['key-5', 'key-4'])
      await keys.store.create(newKey(6))
      await keys.store.revoke('key-4', 1)
      const second = await keys.store.list({ limit: 2, before: first.next })
      expect(second.keys.map(({ id }) => id)).toEqual(['key-3', 'key-2'])
      const third = await keys.store.list({ limit: 2, before: second.next })
      expect([third.keys.map(({ id }) => id), third.next]).toEqual([['key-1'], undefined])
      expect((await keys.store.list({ limit: 6 })).next).toBeUndefined()
    })

    test('a use is kept, the latest one, and of keys that are gone nothing', async () => {
      await using keys = await opened()
      await keys.store.create(newKey(1))
      await keys.store.create(newKey(2))
      await keys.store.used(
        new Map([
          ['key-1', 7_000],
          ['key-9', 7_000],
        ]),
      )
      await keys.store.used(new Map([['key-1', 6_000]]))
      expect((await keys.store.get('key-1'))?.lastUsedAt).toBe(7_000)
      expect((await keys.store.get('key-2'))?.lastUsedAt).toBeUndefined()
    })

    test('the version is another one after every change, and the same while there is none', async () => {
      await using keys = await opened()
      const seen = new Set<number>()
      const changes = [
        () => keys.store.create(newKey(1)),
        () => keys.store.update('key-1', () => ({ name: 'b' })),
        () => keys.store.revoke('key-1', 1),
      ]
      for (const change of changes) {
        seen.add(keys.store.version())
        await keys.store.get('key-1')
        await keys.store.byHash(hashOf(1))
        seen.add(keys.store.version())
        await change()
      }
      seen.add(keys.store.version())
      expect(seen.size).toBe(changes.length + 1)
    })

    test('a closed one rejects, and may be closed again', async () => {
      const store = await open()
      await store.create(newKey(1))
      await store.close()
      await store.close()
      await expect(store.get('key-1')).rejects.toMatchObject({ code: 'internal' })
      await expect(store.create(newKey(2))).rejects.toMatchObject({ code: 'internal' })
      await expect((async () => store.byHash(hashOf(1)))()).rejects.toMatchObject({ code: 'internal' })
    })
  })
}

const everyRights: readonly KeyRights[] = [
  {},
  { models: [] },
  { models: ['a', "o'b*", 'Ключ "x"'] },
  { requestsPerMinute: 60, tokensPerMinute: 100_000 },
  { budget: { day: 0.25, month: 5, tokensPerDay: 1_000, tokensPerMonth: 2 ** 40, timeZone: 'Europe/Oslo' } },
  { budget: { tokensPerDay: 1 } },
  { allow: { hostedTools: true } },
  { allow: { hostedTools: false }, expiresAt: Date.UTC(2027, 0, 1) },
]

function hashOf(n: number): Uint8Array {
  return new Uint8Array(32).fill(n)
}

function newKey(n: number, more: Partial<NewKey> = {}): NewKey {
  return { id: `key-${n}`, hash: hashOf(n), ending: `nd-${n}`, rights: {}, createdAt: 1_000 + n, ...more }
}

/** Without fields that hold nothing: they may be there or not. */
function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}
