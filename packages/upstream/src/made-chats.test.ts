import { type Call, credential, DragomanError, memoryState, type StateStore } from '@dragoman/core'
import { handClock } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { createMadeChats, type MadeChatsOptions, type RemovalCall } from './index.ts'
import { turns } from './test-rig.ts'

const HOUR_MS = 3_600_000
const notLeft = new AbortController().signal

/** Chats of an account, and one who keeps them. Others may be started on the same state, as after a restart. */
function startChats(options: Partial<MadeChatsOptions> = {}, given?: StateStore) {
  const clock = handClock()
  const state = given ?? memoryState({ clock })
  const removed: string[] = []
  const calls: RemovalCall[] = []
  /** What happens in place of a deletion, by id. */
  const instead = new Map<string, () => Promise<void>>()
  const remove = async (id: string, call: RemovalCall) => {
    calls.push(call)
    await instead.get(id)?.()
    removed.push(id)
  }
  const keeper = () => createMadeChats({ provider: 'acme-web', clock, remove, ...options })
  const call = (id = 'ann', more: Partial<Call> = {}): Call => ({
    credential: credential({ token: 'secret' }, id),
    signal: new AbortController().signal,
    state,
    ...more,
  })
  return {
    clock,
    removed,
    calls,
    instead,
    state,
    keeper,
    chats: keeper(),
    call,
    notes: async () => [...(await state.scan('acme-web:made:', 1000)).keys].sort(),
    /** Notes chats as a process that ended did, so long ago. */
    async leave(ids: readonly string[], agoMs = 3 * HOUR_MS, account = 'ann') {
      const gone = createMadeChats({
        provider: 'acme-web',
        clock: { ...clock, now: () => clock.now() - agoMs },
        remove,
      })
      for (const id of ids) gone.note(id, call(account))
      await gone.close()
    },
    /** One chat, begun and ended by a keeper of its own, which is closed. */
    async useOne(id: string, account = 'ann') {
      const own = keeper()
      await own.begin(call(account), notLeft, async () => id)
      own.end(id, call(account))
      await own.close()
    },
  }
}

const rejects = (code: 'upstream_unavailable' | 'deployment_not_found') => () =>
  Promise.reject(new DragomanError(code, 'No'))

describe('a chat', () => {
  test('is noted while it is in use, and deleted when its answer is over', async () => {
    const { chats, call, notes, removed } = startChats()
    expect(await chats.begin(call(), notLeft, async () => 'c/1')).toBe('c/1')
    expect([await notes(), removed]).toEqual([['acme-web:made:ann:c%2F1'], []])
    chats.end('c/1', call())
    await chats.close()
    expect([await notes(), removed]).toEqual([[], ['c/1']])
  })

  test('that the service makes by itself is too', async () => {
    const { chats, call, notes, removed } = startChats()
    chats.note('c1', call())
    expect(await notes()).toEqual(['acme-web:made:ann:c1'])
    chats.end('c1', call())
    await chats.close()
    expect([await notes(), removed]).toEqual([[], ['c1']])
  })

  test('is deleted once, however often it ends, and never one that was not made here', async () => {
    const { chats, call, removed } = startChats()
    await chats.begin(call(), notLeft, async () => 'c1')
    for (const id of ['c1', 'c1', 'of the owner']) chats.end(id, call())
    await chats.close()
    expect(removed).toEqual(['c1'])
  })

  test('is deleted with the credential of its call, a signal of its own and short limits', async () => {
    const { chats, call, calls } = startChats()
    const controller = new AbortController()
    const own = call('ann', { signal: controller.signal, limits: { wholeHeadersMs: 300_000 }, observe: () => {} })
    await chats.begin(own, notLeft, async () => 'c1')
    controller.abort()
    chats.end('c1', own)
    await chats.close()
    const limits = { connectMs: 5_000, headersMs: 5_000, wholeHeadersMs: 5_000, idleMs: 5_000 }
    expect(calls).toEqual([{ credential: own.credential, state: own.state, limits, signal: expect.any(AbortSignal) }])
    expect(calls[0]?.signal).not.toBe(own.signal)
  })

  test('that is gone already is as good as deleted', async () => {
    const { chats, call, notes, instead } = startChats()
    instead.set('c1', rejects('deployment_not_found'))
    await chats.begin(call(), notLeft, async () => 'c1')
    chats.end('c1', call())
    await chats.close()
    expect(await notes()).toEqual([])
  })

  test('stays where nothing is to be deleted, and no note is made', async () => {
    const { chats, call, notes } = startChats({ remove: undefined })
    expect(await chats.begin(call(), notLeft, async () => 'c1')).toBe('c1')
    expect(await notes()).toEqual([])
    chats.end('c1', call())
    await chats.close()
  })

  test('is deleted also where it cannot be noted', async () => {
    const broken = { ...memoryState(), set: () => Promise.reject(new Error('The disk is full')) }
    const { chats, call, removed } = startChats({}, broken)
    await chats.begin(call(), notLeft, async () => 'c1')
    chats.end('c1', call())
    await chats.close()
    expect(removed).toEqual(['c1'])
  })
})

describe('a caller who leaves while a chat is made', () => {
  test.each(['the call', 'the iterator'])(
    '(%s) is let go at once, and the chat deleted when it is there',
    async (who) => {
      const { chats, call, removed, notes } = startChats()
      const controller = new AbortController()
      const made = Promise.withResolvers<string>()
      const { signal } = controller
      let making: AbortSignal | undefined
      const begun = chats.begin(
        who === 'the call' ? call('ann', { signal }) : call(),
        who === 'the call' ? notLeft : signal,
        (given) => {
          making = given.signal
          return made.promise
        },
      )
      controller.abort()
      await expect(begun).rejects.toMatchObject({ code: 'aborted' })
      expect(making?.aborted).toBe(false)
      const closed = chats.close()
      made.resolve('late')
      await closed
      expect([removed, await notes()]).toEqual([['late'], []])
    },
  )

  test('or has left before makes none', async () => {
    const { chats, call } = startChats()
    const make = () => expect.fail('nothing is made')
    await expect(chats.begin(call(), AbortSignal.abort(), make)).rejects.toMatchObject({ code: 'aborted' })
    await expect(chats.begin(call('ann', { signal: AbortSignal.abort() }), notLeft, make)).rejects.toMatchObject({
      code: 'aborted',
    })
  })
})

test('what making a chat throws is thrown, and nothing is deleted', async () => {
  const { chats, call, calls, notes } = startChats()
  await expect(
    chats.begin(call(), notLeft, rejects('upstream_unavailable') as () => Promise<never>),
  ).rejects.toMatchObject({
    code: 'upstream_unavailable',
  })
  await chats.close()
  expect([calls, await notes()]).toEqual([[], []])
})

describe('a chat that was left behind', () => {
  test('by a process that ended is deleted after a restart, with the next chat of its account', async () => {
    const { leave, useOne, removed, notes } = startChats()
    await leave(['old'])
    await leave(['of another'], 3 * HOUR_MS, 'ann:1')
    await useOne('c1')
    expect([removed, await notes()]).toEqual([['c1', 'old'], ['acme-web:made:ann%3A1:of%20another']])
  })

  test('because its deletion failed is deleted later', async () => {
    const { useOne, removed, notes, instead, clock } = startChats()
    instead.set('c1', rejects('upstream_unavailable'))
    await useOne('c1')
    expect([removed, await notes()]).toEqual([[], ['acme-web:made:ann:c1']])
    instead.clear()
    await clock.advance(2 * HOUR_MS)
    await useOne('c2')
    expect([removed, await notes()]).toEqual([['c2', 'c1'], []])
  })

  test('is not taken for one while it is younger than two hours, or in use here', async () => {
    const { chats, call, leave, useOne, removed, clock } = startChats()
    await leave(['young'], 2 * HOUR_MS - 1)
    await chats.begin(call(), notLeft, async () => 'in use')
    await useOne('c1')
    expect(removed).toEqual(['c1'])
    await clock.advance(2 * HOUR_MS)
    await chats.begin(call(), notLeft, async () => 'c2')
    chats.end('c2', call())
    await chats.close()
    expect(removed).toEqual(['c1', 'c2', 'young'])
  })

  test('is one of ten at most in ten minutes, of each account', async () => {
    const { leave, useOne, removed, clock } = startChats()
    const old = Array.from({ length: 25 }, (_, i) => `old-${i}`)
    await leave(old)
    await leave(['of another'], 3 * HOUR_MS, 'bob')
    const swept = () => removed.filter((id) => id.startsWith('old-')).length
    await useOne('c1')
    await useOne('c2')
    expect(swept()).toBe(10)
    await useOne('c3', 'bob')
    expect(removed).toContain('of another')
    for (const expected of [20, 25]) {
      await clock.advance(600_000)
      await useOne('c4')
      expect(swept()).toBe(expected)
    }
  })

  test('is found behind hundreds that are in use', async () => {
    const { leave, useOne, removed } = startChats()
    await leave(
      Array.from({ length: 250 }, (_, i) => `young-${i}`),
      HOUR_MS,
    )
    await leave(['zzz'])
    await useOne('c1')
    expect(removed).toEqual(['c1', 'zzz'])
  })

  test('and cannot be deleted keeps the others waiting for one sweep only, and its note to the end', async () => {
    const { leave, useOne, removed, notes, instead, clock } = startChats()
    await leave(['a', 'b', 'c'])
    instead.set('a', rejects('upstream_unavailable'))
    await useOne('c1')
    expect([removed, await notes()]).toEqual([['c1'], ['a', 'b', 'c'].map((id) => `acme-web:made:ann:${id}`)])
    await clock.advance(600_000)
    await useOne('c2')
    expect([removed, await notes()]).toEqual([['c1', 'c2', 'b', 'c'], ['acme-web:made:ann:a']])
    await clock.advance(30 * 24 * HOUR_MS)
    expect(await notes()).toEqual([])
  })

  test('stays as long as deletions fail: an older one is not tried after one that failed', async () => {
    const { leave, useOne, calls, instead } = startChats()
    await leave(['old'])
    instead.set('c1', rejects('upstream_unavailable'))
    await useOne('c1')
    expect(calls).toHaveLength(1)
  })
})

describe('close()', () => {
  test('waits for what is being deleted', async () => {
    const { chats, call, instead, removed } = startChats()
    const slow = Promise.withResolvers<void>()
    instead.set('c1', () => slow.promise)
    await chats.begin(call(), notLeft, async () => 'c1')
    chats.end('c1', call())
    let isClosed = false
    const closing = chats.close().then(() => {
      isClosed = true
    })
    await turns(3)
    expect(isClosed).toBe(false)
    slow.resolve()
    await closing
    expect(removed).toEqual(['c1'])
  })

  test('ends after five seconds what hangs, and keeps the note', async () => {
    const { call, notes, clock, state } = startChats()
    const chats = createMadeChats({
      provider: 'acme-web',
      clock,
      remove: (_, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    })
    await chats.begin(call(), notLeft, async () => 'c1')
    chats.end('c1', call('ann', { state }))
    const closing = chats.close()
    await clock.armed(5_000)
    await clock.advance(5_000)
    await closing
    expect(await notes()).toEqual(['acme-web:made:ann:c1'])
    expect(clock.pending).toBe(0)
  })
})
