import type { StateStore } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import { type HandClock, handClock } from './clock.ts'

export interface OpenedState {
  readonly state: StateStore
  close?(): Promise<void>
}

/**
 * What every `StateStore` promises, as tests. `open` gives an empty one that goes by this clock.
 *
 *     testStateStore('memory', ({ clock }) => ({ state: memoryState({ clock }) }))
 */
export function testStateStore(
  name: string,
  open: (options: { readonly clock: HandClock }) => OpenedState | Promise<OpenedState>,
): void {
  const opened = async () => {
    const clock = handClock()
    const { state, close } = await open({ clock })
    return { clock, state, [Symbol.asyncDispose]: async () => close?.() }
  }

  describe(`state store ${name}`, () => {
    describe('a value', () => {
      test.each(['', 'v', 'Grüße, 你好 🐉', 'a\0b\n"\'', 'x'.repeat(1_000_000)])(
        '%.20j comes back as it was',
        async (value) => {
          await using store = await opened()
          expect(await store.state.set('k', value)).toBe(true)
          expect(await store.state.get('k')).toBe(value)
        },
      )

      test('is not there before it was set, and not after it was deleted', async () => {
        await using store = await opened()
        expect(await store.state.get('k')).toBeUndefined()
        await store.state.set('k', 'v')
        await store.state.delete('k')
        await store.state.delete('k')
        expect(await store.state.get('k')).toBeUndefined()
      })

      test('is replaced by the next one', async () => {
        await using store = await opened()
        await store.state.set('k', 'a')
        expect(await store.state.set('k', 'b')).toBe(true)
        expect(await store.state.get('k')).toBe('b')
      })

      test('has a key that is taken to the letter', async () => {
        await using store = await opened()
        const keys = ['k', 'K', 'k ', 'k%', 'k_', "k'", 'ключ', 'k\0']
        for (const key of keys) await store.state.set(key, key)
        for (const key of keys) expect(await store.state.get(key)).toBe(key)
      })

      test('is gone when its time is over, and not before', async () => {
        await using store = await opened()
        await store.state.set('k', 'v', { ttlMs: 100 })
        await store.clock.advance(99)
        expect(await store.state.get('k')).toBe('v')
        await store.clock.advance(1)
        expect(await store.state.get('k')).toBeUndefined()
      })

      test('without a time stays, also where one with a time was', async () => {
        await using store = await opened()
        await store.state.set('k', 'a', { ttlMs: 100 })
        await store.state.set('k', 'b')
        await store.clock.advance(1_000_000)
        expect(await store.state.get('k')).toBe('b')
      })

      test('is kept from those who set it only if it is absent', async () => {
        await using store = await opened()
        expect(await store.state.set('k', 'a', { ifAbsent: true, ttlMs: 100 })).toBe(true)
        expect(await store.state.set('k', 'b', { ifAbsent: true })).toBe(false)
        expect(await store.state.get('k')).toBe('a')
        await store.clock.advance(100)
        expect(await store.state.set('k', 'c', { ifAbsent: true })).toBe(true)
        expect(await store.state.get('k')).toBe('c')
      })
    })

    describe('a counter', () => {
      test('begins at nothing, and goes up and down', async () => {
        await using store = await opened()
        expect(await store.state.increment('n', 2, { ttlMs: 100 })).toBe(2)
        expect(await store.state.increment('n', 40, { ttlMs: 100 })).toBe(42)
        expect(await store.state.increment('n', -50, { ttlMs: 100 })).toBe(-8)
        expect(await store.state.get('n')).toBe('-8')
      })

      test('goes on from a value that was set', async () => {
        await using store = await opened()
        await store.state.set('n', '41')
        expect(await store.state.increment('n', 1, { ttlMs: 100 })).toBe(42)
        await store.clock.advance(100)
        expect(await store.state.get('n')).toBe('42')
      })

      test('counts within the time of its first increment', async () => {
        await using store = await opened()
        await store.state.increment('n', 2, { ttlMs: 100 })
        await store.clock.advance(60)
        expect(await store.state.increment('n', 3, { ttlMs: 100 })).toBe(5)
        await store.clock.advance(40)
        expect(await store.state.increment('n', 1, { ttlMs: 100 })).toBe(1)
      })

      test('misses none of those that come at once', async () => {
        await using store = await opened()
        const counts = await Promise.all(
          Array.from({ length: 50 }, () => store.state.increment('n', 1, { ttlMs: 1000 })),
        )
        expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
      })
    })

    describe('a lock', () => {
      test('is held by one at a time', async () => {
        await using store = await opened()
        const unlock = await store.state.lock('l', 1000)
        expect(unlock).toBeDefined()
        expect(await store.state.lock('l', 1000)).toBeUndefined()
        expect(await store.state.lock('other', 1000)).toBeDefined()
        await unlock?.()
        expect(await store.state.lock('l', 1000)).toBeDefined()
      })

      test('ends with its time, and whoever held it does not open the next one', async () => {
        await using store = await opened()
        const first = await store.state.lock('l', 100)
        await store.clock.advance(100)
        const second = await store.state.lock('l', 100)
        expect(second).toBeDefined()
        await first?.()
        expect(await store.state.lock('l', 100)).toBeUndefined()
        await second?.()
        await second?.()
        expect(await store.state.lock('l', 100)).toBeDefined()
      })

      test('is given to one of those that come at once', async () => {
        await using store = await opened()
        const unlocks = await Promise.all(Array.from({ length: 20 }, () => store.state.lock('l', 1000)))
        expect(unlocks.filter((unlock) => unlock !== undefined)).toHaveLength(1)
      })
    })

    describe('compareAndSet', () => {
      test('changes only what it expects', async () => {
        await using store = await opened()
        expect(await store.state.compareAndSet('k', 'x', 'a')).toBe(false)
        expect(await store.state.compareAndSet('k', undefined, 'a')).toBe(true)
        expect(await store.state.compareAndSet('k', undefined, 'b')).toBe(false)
        expect(await store.state.compareAndSet('k', 'x', 'b')).toBe(false)
        expect(await store.state.get('k')).toBe('a')
        expect(await store.state.compareAndSet('k', 'a', '')).toBe(true)
        expect(await store.state.compareAndSet('k', undefined, 'c')).toBe(false)
        expect(await store.state.compareAndSet('k', '', 'c')).toBe(true)
      })

      test('takes a value whose time is over for absent', async () => {
        await using store = await opened()
        await store.state.compareAndSet('k', undefined, 'a', { ttlMs: 100 })
        await store.clock.advance(100)
        expect(await store.state.compareAndSet('k', 'a', 'b')).toBe(false)
        expect(await store.state.compareAndSet('k', undefined, 'b', { ttlMs: 100 })).toBe(true)
      })

      test('gives the new value its own time, or none', async () => {
        await using store = await opened()
        await store.state.set('k', 'a', { ttlMs: 100 })
        await store.state.compareAndSet('k', 'a', 'b')
        await store.state.set('l', 'a')
        await store.state.compareAndSet('l', 'a', 'b', { ttlMs: 100 })
        await store.clock.advance(100)
        expect(await store.state.get('k')).toBe('b')
        expect(await store.state.get('l')).toBeUndefined()
      })

      test('lets one of those win that come at once', async () => {
        await using store = await opened()
        const tries = Array.from({ length: 20 }, (_, i) => store.state.compareAndSet('k', undefined, String(i)))
        expect((await Promise.all(tries)).filter((isSet) => isSet)).toHaveLength(1)
      })
    })

    describe('scan', () => {
      /** All keys of a prefix, read in pages. */
      async function keysOf(state: StateStore, prefix: string, limit: number): Promise<string[]> {
        const keys: string[] = []
        let cursor: string | undefined
        do {
          const page = await state.scan(prefix, limit, cursor)
          expect(page.keys.length).toBeLessThanOrEqual(limit)
          keys.push(...page.keys)
          expect(keys.length, 'keys come again').toBeLessThan(100)
          cursor = page.cursor
        } while (cursor !== undefined)
        return keys.sort()
      }

      test.each([1, 2, 3, 10])('gives each key of a prefix once, in pages of %i', async (limit) => {
        await using store = await opened()
        for (const key of ['a1', 'a2', 'a3', 'a', 'A1', 'b1', '']) await store.state.set(key, 'v')
        expect(await keysOf(store.state, 'a', limit)).toEqual(['a', 'a1', 'a2', 'a3'])
        expect(await keysOf(store.state, '', limit)).toHaveLength(7)
        expect(await store.state.scan('c', limit)).toEqual({ keys: [] })
      })

      test('misses nothing that stays, though others go and come between two pages', async () => {
        await using store = await opened()
        for (const key of ['a1', 'a2', 'a3', 'a4', 'a5']) await store.state.set(key, 'v')
        const first = await store.state.scan('a', 2)
        const others = ['a1', 'a2', 'a3', 'a4', 'a5'].filter((key) => !first.keys.includes(key))
        for (const key of first.keys) await store.state.delete(key)
        await store.state.set(others[0] ?? '', 'again')
        const rest: string[] = []
        for (let { cursor } = first; cursor !== undefined; ) {
          const page = await store.state.scan('a', 2, cursor)
          rest.push(...page.keys)
          expect(rest.length, 'keys come again').toBeLessThan(100)
          cursor = page.cursor
        }
        expect(rest.sort()).toEqual(others)
      })

      test('takes the prefix to the letter', async () => {
        await using store = await opened()
        for (const key of ['a%b', 'a_b', 'axb', 'a*b', 'a[b', 'ключ:1', 'ключ:2', 'a🐉'])
          await store.state.set(key, 'v')
        for (const prefix of ['a%', 'a_', 'a*', 'a[', 'a🐉'])
          expect(await keysOf(store.state, prefix, 10)).toHaveLength(1)
        expect(await keysOf(store.state, 'ключ:', 10)).toEqual(['ключ:1', 'ключ:2'])
      })

      test('leaves out what was deleted and what is over', async () => {
        await using store = await opened()
        await store.state.set('a1', 'v', { ttlMs: 100 })
        await store.state.set('a2', 'v')
        await store.state.set('a3', 'v')
        await store.state.delete('a3')
        await store.clock.advance(100)
        expect(await store.state.scan('a', 10)).toEqual({ keys: ['a2'] })
      })
    })
  })
}
