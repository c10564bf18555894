import { DragomanError, memoryState, type StateStore } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, handClock, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { noSignal } from '../test-one-provider.ts'
import { longestKept } from './kept-answer.ts'
import { byHand, request, type Says, setUp, streamed, textOf, turn } from './test-kept-answers.ts'

const cache = {}
const utf8 = new TextEncoder()

test.each([['whole', request] as const, ['streamed', streamed] as const])(
  'the same request is answered by what was kept, %s',
  async (_how, asked) => {
    const { text, ask, calls, records, clock } = setUp({ cache })
    expect(await text({}, asked)).toBe('answer 1')
    await turn()
    await clock.advance(61_500)
    const second = await ask({}, asked)
    expect(second.route).toMatchObject({ name: 'm', provider: 'p', cache: 'hit', ageMs: 61_500, answeredBy: 'cache' })
    expect(await textOf(second)).toBe('answer 1')
    expect(calls).toHaveLength(1)
    expect(records).toMatchObject([
      { status: 200, attempts: [{ provider: 'p' }] },
      { status: 200, attempts: [], answeredBy: 'cache', cost: 0, usage: tokens(3, 4), finishReason: 'stop' },
    ])
    expect(records[0]?.answeredBy).toBeUndefined()
  },
)

test('an answer that is streamed again has the very same items', async () => {
  const { ask } = setUp({ cache })
  const items = async () => {
    const answer = await ask({}, streamed)
    return answer.kind === 'chunks' ? Array.fromAsync(answer.chunks) : []
  }
  const first = await items()
  expect(first.length).toBeGreaterThan(2)
  expect(await items()).toEqual(first)
})

test('bytes of an upstream are kept as they are, whole and streamed', async () => {
  const event = 'data: {"id":"1","choices":[{"index":0,"delta":{"content":"hé"},"finish_reason":null}]}\n\n'
  const end = 'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
  const json = {
    id: '1',
    choices: [{ index: 0, message: { content: 'hé' }, finish_reason: 'stop' }],
    usage: tokens(1, 2),
  }
  const { ask, text, calls } = setUp({
    cache,
    relay: (body) =>
      JSON.parse(body).stream
        ? {
            kind: 'events',
            pieces: (async function* () {
              yield utf8.encode(event)
              yield utf8.encode(end)
            })(),
            errorFrom: () => new DragomanError('internal', 'none'),
          }
        : { kind: 'whole', bytes: utf8.encode(JSON.stringify(json)), json },
  })
  for (const asked of [request, streamed]) {
    const body = JSON.stringify(asked)
    const first = await text({ body }, asked)
    expect(first).toContain('hé')
    const again = await ask({ body }, asked)
    expect(again.kind === 'chunks' ? again.isRelaying : again.kind).toBe(asked.stream ? true : 'bytes')
    expect(again.route?.cache).toBe('hit')
    expect(await textOf(again)).toBe(first)
  }
  expect(calls).toHaveLength(2)
})

const deep = { ...request, metadata: { a: '1', b: '2' } }
const bigSeed = (seed: string) => `{"model":"m","messages":[{"role":"user","content":"x"}],"seed":${seed}}`

test.each<[string, object, object]>([
  ['the order of its keys', deep, { metadata: { b: '2', a: '1' }, messages: deep.messages, model: 'm' }],
  ['a field that is not set', request, { ...request, temperature: undefined }],
])('%s does not make another request', async (_what, one, other) => {
  const { text, calls } = setUp({ cache })
  await text({}, one as ChatCompletionRequest)
  await text({}, other as ChatCompletionRequest)
  expect(calls).toHaveLength(1)
})

test.each<[string, object, object?]>([
  ['a field that we do not know', { ...request, x_new: 1 }],
  ['another temperature', { ...request, temperature: 0 }],
  ['its being streamed', streamed],
  ['the order of its messages', { ...request, messages: [...request.messages, ...request.messages] }],
  ['another dialect', request, { dialect: 'anthropic-messages' }],
  ['another client', request, { client: 'others' }],
  ['no client', request, { client: undefined }],
  ['a tool call that is insisted on', request, { ensureToolCall: true }],
  ['a beta of the dialect', request, { relayHeaders: { 'anthropic-beta': 'x' } }],
  ['what only the bytes say', request, { dialect: 'anthropic-messages', asked: '{"thinking":1}' }],
])('%s makes another request', async (_what, asked, context = {}) => {
  const { text, calls } = setUp({ cache })
  await text()
  await text(context, asked as ChatCompletionRequest)
  expect(calls).toHaveLength(2)
})

test('numbers that JavaScript cannot tell apart are told apart', async () => {
  const { text, calls } = setUp({ cache })
  for (const body of [bigSeed('9007199254740993'), bigSeed('9007199254740992'), bigSeed('9007199254740993')]) {
    await text({ body }, JSON.parse(body))
  }
  expect(calls).toHaveLength(2)
})

test("the cache is the group's, and the request may want it otherwise", async () => {
  const off = setUp()
  const first = await off.ask()
  expect(first.route?.cache).toBeUndefined()
  await off.text({ cache: 'on' })
  expect((await off.ask({ cache: 'on' })).route?.cache).toBe('hit')
  expect((await off.ask()).route?.cache).toBeUndefined()
  expect(off.calls).toHaveLength(3)

  const on = setUp({ cache })
  expect((await on.ask()).route?.cache).toBe('miss')
  expect((await on.ask({ cache: 'off' })).route?.cache).toBeUndefined()
  expect((await on.ask()).route?.cache).toBe('hit')
  expect(on.calls).toHaveLength(2)
})

test('it keeps for as long as the group says, ten minutes by default', async () => {
  for (const [cache, ttlMs] of [[{}, 600_000] as const, [{ ttlMs: 5_000 }, 5_000] as const]) {
    const { text, clock, calls } = setUp({ cache })
    await text()
    await clock.advance(ttlMs - 1)
    await text()
    expect(calls).toHaveLength(1)
    await clock.advance(1)
    await text()
    expect(calls).toHaveLength(2)
  }
})

test('what was to be kept for longer is not given any more once the group keeps for less', async () => {
  const clock = handClock()
  const state = memoryState({ clock })
  const before = setUp({ cache, state, clock })
  await before.text()
  await clock.advance(5_000)
  const after = setUp({ cache: { ttlMs: 5_000 }, state, clock })
  await after.text()
  expect(after.calls).toHaveLength(1)
})

const ends = (finish: 'length' | 'content_filter'): Says =>
  async function* (call) {
    yield* chatChunks({ text: `answer ${call}`, finish, usage: tokens(3, 4) })
  }
const breaks: Says = async function* (call) {
  if (call > 1) yield* chatChunks({ text: `answer ${call}`, usage: tokens(3, 4) })
  yield* chatChunks({ text: 'ans', finish: null })
  throw new DragomanError('upstream_protocol', 'It broke', { origin: 'upstream' })
}
const long: Says = async function* () {
  yield* chatChunks({ text: 'x'.repeat(longestKept), usage: tokens(3, 4) })
}

test.each<[string, Says, ChatCompletionRequest]>([
  ['was cut by its length', ends('length'), request],
  ['was cut by its length, streamed,', ends('length'), streamed],
  ['was filtered', ends('content_filter'), request],
  ['broke', breaks, streamed],
  ['is too long', long, request],
  ['is too long, streamed,', long, streamed],
  [
    'has several choices',
    async function* (call) {
      yield* chatChunks({ text: `answer ${call}`, usage: tokens(3, 4) })
    },
    { ...request, n: 2 },
  ],
])('an answer that %s is not kept', async (_what, says, asked) => {
  const { text, calls } = setUp({ cache, says })
  await text({}, asked).catch(() => {})
  await turn()
  await text({}, asked).catch(() => {})
  expect(calls).toHaveLength(2)
})

test('errors are not kept', async () => {
  const { text, calls } = setUp({
    cache,
    says: async function* (call) {
      if (call === 1) throw new DragomanError('invalid_request', 'Not so', { origin: 'upstream' })
      yield* chatChunks({ text: `answer ${call}`, usage: tokens(3, 4) })
    },
  })
  await expect(text()).rejects.toMatchObject({ code: 'invalid_request' })
  expect(await text()).toBe('answer 2')
  expect(calls).toHaveLength(2)
})

test('a stream whose client leaves early keeps nothing', async () => {
  const { ask, text, calls } = setUp({ cache })
  const answer = await ask({}, streamed)
  if (answer.kind !== 'chunks') throw new Error('No stream')
  for await (const _ of answer.chunks) break
  await turn()
  expect(await text({}, streamed)).toBe('answer 2')
  expect(calls).toHaveLength(2)
})

test('a client that leaves a kept stream is recorded as one that left', async () => {
  const { ask, text, records } = setUp({ cache })
  await text({}, streamed)
  const answer = await ask({}, streamed)
  if (answer.kind !== 'chunks') throw new Error('No stream')
  for await (const _ of answer.chunks) break
  expect(records[1]).toMatchObject({ status: 499, error: { code: 'aborted' }, answeredBy: 'cache' })
})

test('heartbeats are not kept', async () => {
  const { says, allow } = byHand()
  const { ask, text, clock, calls } = setUp({ cache, says })
  allow(2)
  const answer = await ask({}, streamed)
  const reading = textOf(answer)
  await clock.advance(15_000)
  allow(10)
  expect(await reading).toBe('one. two three')
  expect(await text({}, streamed)).toBe('one two three')
  expect(calls).toHaveLength(1)
})

test('what is kept for one client does not grow without bound', async () => {
  const { text, calls } = setUp({ cache })
  for (let i = 0; i <= 1_000; i++) await text({}, { ...request, seed: i })
  await text({}, { ...request, seed: 1_000 })
  expect(calls).toHaveLength(1_001)
  await text({}, { ...request, seed: 0 })
  expect(calls).toHaveLength(1_002)
})

test('a client that may not ask is not answered by the cache either', async () => {
  const refused = new DragomanError('permission_denied', 'Not this model')
  let isAllowed = true
  const settled: unknown[] = []
  const { text, records } = setUp({
    cache,
    admission: {
      admit({ plan }) {
        if (!isAllowed) throw refused
        return { targets: plan.targets, settle: ({ cost, answeredBy }) => settled.push({ cost, answeredBy }) }
      },
    },
  })
  const rights = { id: 'team' }
  await text({ rights })
  await text({ rights })
  expect(settled).toEqual([expect.anything(), { cost: 0, answeredBy: 'cache' }])
  isAllowed = false
  await expect(text({ rights })).rejects.toBe(refused)
  expect(records.at(-1)).toMatchObject({ status: 403, error: { code: 'permission_denied' } })
})

const broken = (change: Partial<StateStore>): StateStore => ({ ...memoryState(), ...change })

test.each<[string, Partial<StateStore>]>([
  ['fails', { get: () => Promise.reject(new Error('No store')), set: () => Promise.reject(new Error('No store')) }],
  [
    'throws',
    {
      get: () => {
        throw new Error('No store')
      },
    },
  ],
  ['holds something else', { get: async () => '{"version":0}' }],
])('a store that %s stops no request', async (_what, change) => {
  const { text } = setUp({ cache, state: broken(change) })
  expect([await text(), await text()]).toEqual(['answer 1', 'answer 2'])
})

test('a store that never says anything is not waited for', async () => {
  const { text, clock } = setUp({ cache, state: broken({ get: () => new Promise(() => {}) }) })
  const answer = text()
  await clock.advance(2_000)
  expect(await answer).toBe('answer 1')
})

test('a name that nothing serves is recorded once', async () => {
  const { gateway, records } = setUp({ cache })
  const asked = gateway.chat({ ...request, model: 'none' }, { signal: noSignal })
  await expect(asked).rejects.toMatchObject({ code: 'model_not_found' })
  expect(records).toHaveLength(1)
})
