import { cut, eventStream, type FakeAnswer, gate, reset, type Step, stall, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import type { SeenAnswer } from './test-dialect-answers.ts'
import { type Pair, pairs, startDialectRig } from './test-dialect-rig.ts'
import { replyOf } from './test-dialect-upstreams.ts'

// What becomes of a stream that does not end well, in each dialect of a client over each kind of upstream: what has come
// stays, an error of the dialect follows, and nothing that looks like an end.

const hello: FakeAnswer = { text: ['Hel', 'lo'], usage: tokens(4, 2) }
/** The same up to its last word. */
const begun: FakeAnswer = { text: ['Hel', 'lo'], finish: null }
const call: FakeAnswer = { toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Os', 'lo"}'] }] }
const halfCall: FakeAnswer = {
  toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Os'] }],
  finish: null,
}

/** The names that the dialect gives to an answer which broke. */
const errorTypes = {
  chat: { type: 'server_error', param: null },
  responses: { code: 'server_error' },
  messages: { type: expect.stringMatching(/^(api|overloaded|timeout)_error$/) },
}

/** The one honest end of an answer that broke. */
function expectBroken({ client }: Pair, text: string, content: string): SeenAnswer {
  const seen = client.read(text)
  expect(seen).toMatchObject({ content, isComplete: false, error: { message: expect.any(String) } })
  expect(seen.calls.filter(({ isDone }) => isDone)).toEqual([])
  expect(seen.error).toMatchObject(errorTypes[client.dialect])
  const last = { chat: undefined, responses: 'response.failed', messages: 'error' }[client.dialect]
  expect(seen.events.at(-1)).toBe(last)
  if (client.dialect !== 'responses') expect(seen.stop).toBeUndefined()
  return seen
}

describe.each(pairs)('$pair', (pair) => {
  const { client, kind } = pair

  test('an answer comes whole', async () => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(replyOf(kind, hello), replyOf(kind, call))
    const said = client.read(await (await rig.send(client)).whole())
    expect(said).toMatchObject({ content: 'Hello', calls: [], isComplete: true, error: undefined })
    const called = client.read(await (await rig.send(client)).whole())
    expect(called).toMatchObject({ content: '', isComplete: true, error: undefined })
    expect(called.calls).toMatchObject([{ name: 'get_weather', arguments: '{"city":"Oslo"}', isDone: true }])
    expect(await rig.recorded(1)).toMatchObject({ status: 200, usage: { completion_tokens: 2 } })
  })

  test('a whole answer is the same', async () => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(replyOf(kind, hello), replyOf(kind, call))
    const said = JSON.parse(await (await rig.send(client, { stream: false })).whole())
    expect(client.readWhole(said)).toEqual({ content: 'Hello', calls: [] })
    const { content, calls } = client.readWhole(JSON.parse(await (await rig.send(client, { stream: false })).whole()))
    expect(content).toBe('')
    expect(calls).toMatchObject([{ name: 'get_weather', arguments: '{"city":"Oslo"}' }])
  })

  test.each<[string, Step[], string]>([
    ['a reset', [reset()], 'upstream_unavailable'],
    ['a cut', [cut()], 'upstream_unavailable'],
    ['a clean end without a finish', [], 'upstream_protocol'],
    ['an end in the middle of an event', ['data: {"id":"x","choi'], 'upstream_protocol'],
    ['an error in the stream', [...kind.overloaded], ''],
  ])('fault 21: %s in the middle of the text ends in an error of the dialect', async (_how, trouble, code) => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(eventStream([...kind.events(begun), ...trouble]))
    const answer = await rig.send(client)
    const { error } = expectBroken(pair, await answer.whole(), 'Hello')
    if (trouble.length > 0 && code === '') expect(error?.message).toContain('Overloaded')
    const record = await rig.recorded()
    expect(record).toMatchObject({
      status: 200,
      finishReason: undefined,
      error: { code: code || expect.stringMatching(/^(upstream_unavailable|upstream_overloaded)$/) },
      usage: { estimated: true },
    })
  })

  test.each<[string, Step[]]>([
    ['a reset', [reset()]],
    ['a cut', [cut()]],
    ['a clean end', []],
    ['an error in the stream', [...kind.overloaded]],
  ])('fault 20: %s in the middle of tool arguments leaves the call unfinished', async (_how, trouble) => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(eventStream([...kind.events(halfCall), ...trouble]))
    const { calls } = expectBroken(pair, await (await rig.send(client)).whole(), '')
    for (const { arguments: text } of calls) expect('{"city":"Os'.startsWith(text.trim())).toBe(true)
    expect((await rig.recorded()).finishReason).toBeUndefined()
  })

  test('fault 19: a stall in the middle of the text ends in an error that names the idle limit', async () => {
    await using rig = await startDialectRig(kind, { gatewayLimits: { idleMs: 1_000 } })
    rig.upstream.script(eventStream([...kind.events(begun), stall()]))
    const answer = await rig.send(client)
    await answer.until('lo"')
    expect(await rig.pass(answer.ended, 10_000)).toBeGreaterThanOrEqual(1_000)
    const { error } = expectBroken(pair, await answer.whole(), 'Hello')
    expect(error?.message).toContain('idle')
    expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
    expect(await rig.recorded()).toMatchObject({ status: 200, error: { code: 'upstream_timeout' } })
  })

  test.each([{ stream: true }, { stream: false }])(
    'fault 22: an empty answer is a status of an error in the dialect, stream: $stream',
    async ({ stream }) => {
      await using rig = await startDialectRig(kind)
      rig.upstream.script(replyOf(kind, { text: [], usage: tokens(4, 0) }))
      const answer = await rig.send(client, { stream })
      expect(answer.status).toBe(502)
      expect(answer.headers['content-type']).toMatch(/^application\/json/)
      client.readError(JSON.parse(await answer.whole()))
      expect(await rig.recorded()).toMatchObject({ status: 502, error: { code: 'upstream_empty' }, usage: undefined })
    },
  )

  test('fault 29: a client that leaves stops the upstream, and one record is kept', async () => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(eventStream([...kind.events(begun), stall()]))
    const answer = await rig.send(client)
    await answer.until('lo"')
    answer.leave()
    expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
    expect(await rig.recorded()).toMatchObject({ status: 499, error: { code: 'aborted' }, usage: { estimated: true } })
    expect(rig.records).toHaveLength(1)
  })

  test('fault 29: a client that leaves before the first output stops the upstream', async () => {
    await using rig = await startDialectRig(kind)
    const silence = gate()
    rig.upstream.script(eventStream([silence]))
    const leaving = new AbortController()
    const asking = rig.send(client, {}, { signal: leaving.signal })
    await silence.reached
    leaving.abort()
    await expect(asking).rejects.toThrow()
    expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
    expect(await rig.recorded()).toMatchObject({ status: 499, error: { code: 'aborted' } })
  })
})

const translated = pairs.filter(({ kind }) => kind.hasEndMark)

test.each(translated)(
  'fault 21: after a finish reason a missing end mark is made good: $pair',
  async ({ client, kind }) => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script(eventStream(kind.events(hello).slice(0, -1)))
    const seen = client.read(await (await rig.send(client)).whole())
    expect(seen).toMatchObject({ content: 'Hello', isComplete: true, error: undefined })
    expect((await rig.recorded()).error).toBeUndefined()
  },
)

test('an overloaded Anthropic keeps its name in the stream of a client of Messages', async () => {
  const pair = pairs.find(({ client, kind }) => client.dialect === 'messages' && kind.name === 'anthropic') as Pair
  await using rig = await startDialectRig(pair.kind)
  rig.upstream.script(eventStream([...pair.kind.events(begun), ...pair.kind.overloaded]))
  const { error } = expectBroken(pair, await (await rig.send(pair.client)).whole(), 'Hello')
  expect(error).toMatchObject({ type: 'overloaded_error', message: expect.stringContaining('Overloaded') })
})
