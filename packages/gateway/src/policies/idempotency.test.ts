import { DragomanError, memoryState, type StateStore } from '@dragoman/core'
import { chatChunks, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { noSignal } from '../test-one-provider.ts'
import { longestKept } from './kept-answer.ts'
import { byHand, request, said, setUp, streamed, textOf, turn } from './test-kept-answers.ts'

const key = { idempotencyKey: 'key-1' }
const both = [['whole', request] as const, ['streamed', streamed] as const]

describe.each(both)('%s', (_how, asked) => {
  test('two at once make one call and get the same answer', async () => {
    const { text, calls, records } = setUp()
    expect(await Promise.all([text(key, asked), text(key, asked)])).toEqual(['answer 1', 'answer 1'])
    expect(calls).toHaveLength(1)
    expect(records.map(({ attempts, answeredBy }) => [attempts.length, answeredBy]).sort()).toEqual([
      [0, 'idempotency'],
      [1, undefined],
    ])
    expect(records.find(({ answeredBy }) => answeredBy)).toMatchObject({
      status: 200,
      cost: 0,
      usage: tokens(3, 4),
      finishReason: 'stop',
    })
  })

  test('for a day, a later one is given the same answer', async () => {
    const { text, ask, calls, clock } = setUp()
    await text(key, asked)
    await clock.advance(24 * 60 * 60 * 1000 - 1)
    const again = await ask(key, asked)
    expect(again.route).toMatchObject({ answeredBy: 'idempotency', provider: 'p' })
    expect(await textOf(again)).toBe('answer 1')
    expect(calls).toHaveLength(1)
    await clock.advance(1)
    expect(await text(key, asked)).toBe('answer 2')
  })

  test('another request under the same key is refused, while the first runs and after it', async () => {
    const { says, allow } = byHand()
    const { text, calls, records } = setUp({ says })
    const other = { ...asked, temperature: 0 }
    const conflict = { code: 'idempotency_conflict', status: 409, publicCode: 'idempotency_conflict' }
    const first = text(key, asked)
    await turn()
    await expect(text(key, other)).rejects.toMatchObject(conflict)
    allow(10)
    await first
    await expect(text(key, other)).rejects.toMatchObject(conflict)
    expect(calls).toHaveLength(1)
    expect(records.filter(({ status }) => status === 409)).toHaveLength(2)
  })

  test('one that failed frees its key, and those who waited are told the same', async () => {
    const { text, calls, records } = setUp({
      says: async function* (call) {
        await turn()
        if (call === 1) throw new DragomanError('invalid_request', 'Not so', { origin: 'upstream' })
        yield* chatChunks({ text: `answer ${call}`, usage: tokens(3, 4) })
      },
    })
    const outcomes = await Promise.allSettled([text(key, asked), text(key, asked)])
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'invalid_request', message: 'Not so' } })
    }
    expect(await text(key, asked)).toBe('answer 2')
    expect(calls).toHaveLength(2)
    expect(records).toHaveLength(3)
  })

  test('the call goes on while one of them is left, and ends with the last', async () => {
    const { says, allow } = byHand()
    let ended: unknown
    const { ask, records, calls } = setUp({
      says: (call, request, signal) => {
        signal.addEventListener('abort', () => {
          ended = signal.reason
        })
        return says(call, request, signal)
      },
    })
    const clients = [new AbortController(), new AbortController(), new AbortController()]
    const asking = clients.map(({ signal }) => ask({ ...key, signal }, asked).then(textOf))
    allow(3)
    await turn()
    clients[0]?.abort(new DragomanError('aborted', 'gone'))
    await expect(asking[0]).rejects.toMatchObject({ code: 'aborted' })
    await turn()
    expect(ended).toBeUndefined()
    clients[1]?.abort(new DragomanError('aborted', 'gone'))
    clients[2]?.abort(new DragomanError('aborted', 'gone'))
    await Promise.allSettled(asking)
    await turn()
    expect(ended).toMatchObject({ code: 'aborted' })
    expect(records.map(({ status }) => status)).toEqual([499, 499, 499])

    // The key is free again.
    allow(10)
    expect(await textOf(await ask(key, asked))).toBe('one two three')
    expect(calls).toHaveLength(2)
  })

  test('a first client that leaves at once is recorded once', async () => {
    const { ask, text, records } = setUp()
    const client = new AbortController()
    const first = ask({ ...key, signal: client.signal, requestId: 'first' }, asked).then(textOf)
    const second = text({ ...key, requestId: 'second' }, asked)
    client.abort(new DragomanError('aborted', 'gone'))
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    expect(await second).toBe('answer 1')
    expect(records.map(({ id, status }) => [id, status]).sort()).toEqual([
      ['first', 200],
      ['second', 200],
    ])
  })

  test('one whose first client left is given to the next', async () => {
    const { says, allow } = byHand()
    const { ask, text, calls } = setUp({ says })
    const client = new AbortController()
    const first = ask({ ...key, signal: client.signal }, asked).then(textOf)
    allow(2)
    await turn()
    const second = text(key, asked)
    await turn()
    client.abort(new DragomanError('aborted', 'gone'))
    await expect(first).rejects.toMatchObject({ code: 'aborted' })
    allow(10)
    expect(await second).toBe('one two three')
    expect(await text(key, asked)).toBe('one two three')
    expect(calls).toHaveLength(1)
  })

  test('clients with the same key share nothing', async () => {
    const { text, calls } = setUp()
    const clients = ['a', 'b', undefined].map((client) => text({ ...key, client }, asked))
    expect(new Set(await Promise.all(clients)).size).toBe(3)
    expect(calls).toHaveLength(3)
  })
})

test('the same request under two keys makes two calls', async () => {
  const { text, calls } = setUp()
  expect(await text({ idempotencyKey: 'a' })).toBe('answer 1')
  expect(await text({ idempotencyKey: 'b' })).toBe('answer 2')
  expect(calls).toHaveLength(2)
})

test('a stream is followed while it comes, also by one that begins later', async () => {
  const { says, allow } = byHand()
  const { ask, clock } = setUp({ says })
  const read = { first: '', late: '' }
  const follow = async (name: keyof typeof read) => {
    const answer = await ask(key, streamed)
    if (answer.kind !== 'chunks') throw new Error('No stream')
    for await (const item of answer.chunks) read[name] += said(item)
  }
  const first = follow('first')
  allow(3)
  await clock.advance(0)
  expect(read.first).toBe('one two')
  const late = follow('late')
  await clock.advance(0)
  expect(read).toEqual({ first: 'one two', late: 'one two' })
  await clock.advance(15_000)
  allow(10)
  await Promise.all([first, late])
  expect(read).toEqual({ first: 'one two. three', late: 'one two. three' })
})

test('a stream that breaks breaks for all, and is not kept', async () => {
  let breaking = () => {}
  const broken = new Promise<void>((resolve) => {
    breaking = resolve
  })
  const { ask, text, calls } = setUp({
    says: async function* (call) {
      yield* chatChunks({ text: `answer ${call}`, ...(call === 1 ? { finish: null } : { usage: tokens(3, 4) }) })
      if (call > 1) return
      await broken
      throw new DragomanError('upstream_protocol', 'It broke', { origin: 'upstream' })
    },
  })
  const [one, two] = [await ask(key, streamed), await ask(key, streamed)]
  breaking()
  for (const outcome of await Promise.allSettled([textOf(one), textOf(two)])) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'upstream_protocol' } })
  }
  expect(await text(key, streamed)).toBe('answer 2')
  expect(calls).toHaveLength(2)
})

test('one that is cut by its length is the answer all the same', async () => {
  const { text, calls } = setUp({
    says: async function* (call) {
      yield* chatChunks({ text: `answer ${call}`, finish: 'length', usage: tokens(3, 4) })
    },
  })
  expect([await text(key), await text(key)]).toEqual(['answer 1', 'answer 1'])
  expect(calls).toHaveLength(1)
})

test('one that is too long for the store is shared while it comes, and not kept', async () => {
  const piece = 'x'.repeat(longestKept / 2)
  const { says, allow } = byHand([piece, piece, 'end'])
  const { ask, text, calls } = setUp({ says })
  allow(2)
  const first = await ask(key, streamed)
  const second = await ask(key, streamed)
  allow(1)
  const reading = Promise.all([textOf(first), textOf(second)])
  await turn()
  await expect(ask(key, streamed)).rejects.toMatchObject({ status: 409, publicCode: 'idempotency_in_progress' })
  allow(10)
  expect((await reading).map((text) => text.length)).toEqual([longestKept + 3, longestKept + 3])
  expect((await text(key, streamed)).length).toBe(longestKept + 3)
  expect(calls).toHaveLength(2)
})

test('a client that reads too slowly does not hold what the others have had', async () => {
  const { says, allow } = byHand(Array.from({ length: 60 }, () => 'x'.repeat(100_000)))
  const { ask } = setUp({ says })
  allow(100)
  const fast = await ask(key, streamed)
  const slow = await ask(key, streamed)
  expect((await textOf(fast)).length).toBe(6_000_000)
  await expect(textOf(slow)).rejects.toMatchObject({ code: 'overloaded' })
})

test('the cache answers as ever, and once under a key', async () => {
  const { text, calls, records } = setUp({ cache: {} })
  await text()
  expect(await text(key)).toBe('answer 1')
  expect(await text(key)).toBe('answer 1')
  expect(calls).toHaveLength(1)
  expect(records.map(({ answeredBy }) => answeredBy)).toEqual([undefined, 'cache', 'idempotency'])
})

test('a client that leaves an answer of the cache under a key is recorded', async () => {
  const { ask, text, records } = setUp({ cache: {} })
  await text({}, streamed)
  const answer = await ask(key, streamed)
  if (answer.kind !== 'chunks') throw new Error('No stream')
  for await (const _ of answer.chunks) break
  expect(records[1]).toMatchObject({ status: 499, answeredBy: 'cache' })
  expect(await text(key, streamed)).toBe('answer 1')
})

test('a client that follows is asked for its rights, and counted', async () => {
  const settled: unknown[] = []
  let left = 2
  const { text } = setUp({
    admission: {
      admit({ plan }) {
        if (left-- === 0) throw new DragomanError('rate_limit_exceeded', 'Too many')
        return { targets: plan.targets, settle: ({ answeredBy }) => settled.push(answeredBy) }
      },
    },
  })
  const context = { ...key, rights: { id: 'team' } }
  await Promise.all([text(context), text(context)])
  expect(settled.sort()).toEqual(['idempotency', undefined])
  await expect(text(context)).rejects.toMatchObject({ code: 'rate_limit_exceeded' })
})

test('JSON of other endpoints is given again as well', async () => {
  const own = setUp()
  const embed = (input: string, context = key) =>
    own.gateway.serve(
      { endpoint: 'embeddings', model: 'm', body: (model) => ({ kind: 'json', json: { model, input } }) },
      { signal: noSignal, ...context },
    )
  const [one, two] = await Promise.all([embed('x'), embed('x')])
  const three = await embed('x')
  for (const answer of [one, two, three]) expect(answer).toMatchObject({ kind: 'json', json: { served: 1 } })
  await expect(embed('y')).rejects.toMatchObject({ status: 409 })
  expect(await embed('y', { idempotencyKey: 'key-2' })).toMatchObject({ json: { served: 2 } })
})

test('a gateway that takes the place of another one knows the calls that are under way', async () => {
  const { says, allow } = byHand()
  const old = setUp({ says })
  const first = old.text(key, streamed)
  allow(2)
  await turn()
  const next = setUp({ previous: old.gateway, clock: old.clock })
  const second = next.text(key, streamed)
  await turn()
  allow(10)
  expect(await Promise.all([first, second])).toEqual(['one two three', 'one two three'])
  expect(next.calls).toHaveLength(0)
})

describe('with another process on the same store', () => {
  const pair = (options: Parameters<typeof setUp>[0] = {}) => {
    const one = setUp(options)
    const state = memoryState({ clock: one.clock })
    const here = setUp({ ...options, clock: one.clock, state })
    return { here, there: setUp({ ...options, clock: one.clock, state }), state }
  }

  test('what it answered is given again here', async () => {
    const { here, there } = pair()
    await there.text(key)
    expect(await here.text(key)).toBe('answer 1')
    expect(here.calls).toHaveLength(0)
  })

  test('while it answers, the client is asked to come again', async () => {
    const { says, allow } = byHand()
    const { here, there } = pair({ says })
    const first = there.text(key)
    // Longer than a claim lasts by itself.
    await here.clock.advance(100_000)
    await expect(here.text(key)).rejects.toMatchObject({
      status: 409,
      publicCode: 'idempotency_in_progress',
      retryAfterMs: 1_000,
    })
    expect(here.records).toMatchObject([{ status: 409, attempts: [] }])
    allow(10)
    await first
    expect(await here.text(key)).toBe('one two three')
    expect(here.calls).toHaveLength(0)
    expect(here.clock.pending).toBe(0)
  })

  test('when it died over it, the key is free once its claim has run out', async () => {
    const { here, state } = pair()
    await here.text({ idempotencyKey: 'other' })
    const { keys } = await state.scan('idempotent:', 10)
    const place = keys[0]?.slice('idempotent:'.length)
    await state.set(`idempotency-claim:${place}`, 'dead', { ttlMs: 60_000 })
    await state.delete(keys[0] ?? '')
    await expect(here.text({ idempotencyKey: 'other' })).rejects.toMatchObject({ status: 409 })
    await here.clock.advance(60_000)
    expect(await here.text({ idempotencyKey: 'other' })).toBe('answer 2')
  })
})

test.each<[string, Partial<StateStore>]>([
  ['fails', { get: () => Promise.reject(new Error('No')), set: () => Promise.reject(new Error('No')) }],
  ['holds something else', { get: async () => 'something else' }],
])('a store that %s stops no request', async (_what, change) => {
  const { text, calls } = setUp({ state: { ...memoryState(), ...change } })
  expect(await Promise.all([text(key), text(key)])).toEqual(['answer 1', 'answer 1'])
  expect(calls).toHaveLength(1)
})

test('a store that never says anything is not waited for', async () => {
  const never = () => new Promise<never>(() => {})
  const { text, clock } = setUp({ state: { ...memoryState(), get: never, set: never } })
  const answer = text(key)
  await clock.advance(6_000)
  expect(await answer).toBe('answer 1')
  await clock.advance(2_000)
  expect(clock.pending).toBe(0)
})
