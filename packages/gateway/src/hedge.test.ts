import { chatChunks } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { mayRunTwice } from './hedge.ts'
import {
  ask,
  type Chat,
  driven,
  entry,
  fails,
  part,
  request,
  says,
  setUp,
  stalls,
  streamed,
  textOf,
} from './test-replies.ts'

const group = { hedgeAfterMs: 700 }
const weather = { type: 'function' as const, function: { name: 'weather', parameters: {} } }

/** Keeps what became of its calls: the code of what ended each before its time. */
function watched(reply: Chat): { reply: Chat; ends: unknown[] } {
  const ends: unknown[] = []
  return {
    ends,
    reply: (sent, call) => {
      call.signal.addEventListener('abort', () => ends.push(call.signal.reason.code))
      return reply(sent, call)
    },
  }
}

/** Says nothing until it is told to. */
function held(text: string) {
  const { promise, resolve } = Promise.withResolvers<void>()
  const reply: Chat = async function* () {
    await promise
    yield* chatChunks({ text })
  }
  return { reply, release: resolve }
}

const bodies = [{ body: request }, { body: streamed }]

describe.each(bodies)('of %j', ({ body }) => {
  test('a silent first call is overtaken: it is ended at once, and both are in the record', async () => {
    const slow = watched(stalls())
    const a = entry('a', [slow.reply])
    const { gateway, clock, records } = setUp([a, entry('b', [says('hi')])], { group })
    const answer = ask(gateway, body)
    await clock.armed(700)
    await clock.advance(699)
    expect(slow.ends).toEqual([])
    await clock.advance(1)
    expect(await textOf(await answer)).toBe('hi')
    expect(slow.ends).toEqual(['aborted'])
    expect(a.entry.credentials.status()).toMatchObject([{ inFlight: 0 }])
    const [record] = records
    expect(record).toMatchObject({ status: 200, usage: { total_tokens: 3 } })
    expect(record?.attempts).toMatchObject([
      { provider: 'a', error: { code: 'aborted' }, usage: { estimated: true } },
      { provider: 'b', hedge: true, usage: { total_tokens: 3 } },
    ])
    expect(record?.attempts[0]?.hedge).toBeUndefined()
  })

  test('the first call still wins where it speaks first', async () => {
    const first = held('first')
    const second = watched(stalls())
    const { gateway, clock, records } = setUp([entry('a', [first.reply]), entry('b', [second.reply])], { group })
    const answer = ask(gateway, body)
    await clock.armed(700)
    await clock.advance(700)
    first.release()
    expect(await textOf(await answer)).toBe('first')
    expect(second.ends).toEqual(['aborted'])
    expect(records[0]?.attempts).toMatchObject([{ provider: 'b', hedge: true }, { provider: 'a' }])
    expect(clock.pending).toBe(0)
  })

  test('a failure of the second call leaves the first one alone, and the next target its turn', async () => {
    const slow = entry('a', [stalls()])
    const b = entry('b', [fails('upstream_unavailable')])
    const limits = { firstTokenMs: 5_000 }
    const { gateway, clock, records } = setUp([slow, b, entry('c', [says('hi')])], { group, limits })
    expect(await textOf(await driven(clock, ask(gateway, body)))).toBe('hi')
    expect(records[0]?.attempts.map(({ provider, error }) => [provider, error?.code])).toEqual([
      ['b', 'upstream_unavailable'],
      ['a', 'upstream_timeout'],
      ['c', undefined],
    ])
  })

  test('a failure of the first call leaves the second one alone', async () => {
    const second = held('second')
    const { gateway, clock, records } = setUp([entry('a', [stalls()]), entry('b', [second.reply])], {
      group,
      limits: { firstTokenMs: 1_000 },
    })
    const answer = ask(gateway, body)
    await clock.armed(700)
    await clock.advance(1_500)
    second.release()
    expect(await textOf(await answer)).toBe('second')
    expect(records[0]?.attempts).toMatchObject([
      { provider: 'a', error: { code: 'upstream_timeout' } },
      { hedge: true },
    ])
  })

  test("a fault of the request ends both, and is the client's", async () => {
    const refused = Promise.withResolvers<void>()
    const a = entry('a', [
      async function* () {
        await refused.promise
        yield* fails('content_filter')()
      },
    ])
    const second = watched(stalls())
    const { gateway, clock } = setUp([a, entry('b', [second.reply])], { group })
    const answer = ask(gateway, body)
    answer.catch(() => {})
    await clock.armed(700)
    await clock.advance(700)
    refused.resolve()
    await expect(answer).rejects.toMatchObject({ code: 'content_filter' })
    expect(second.ends).toEqual(['aborted'])
  })

  test('when the caller leaves, both calls end', async () => {
    const [first, second] = [watched(stalls()), watched(stalls())]
    const entries = [entry('a', [first.reply]), entry('b', [second.reply])]
    const { gateway, clock, records } = setUp(entries, { group })
    const controller = new AbortController()
    const answer = ask(gateway, body, controller.signal)
    answer.catch(() => {})
    await clock.armed(700)
    await clock.advance(700)
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'aborted' })
    expect([first.ends, second.ends].flat()).toHaveLength(2)
    for (const { entry } of entries) expect(entry.credentials.status()).toMatchObject([{ inFlight: 0 }])
    expect(records).toMatchObject([{ status: 499, attempts: [{}, {}] }])
    expect(clock.pending).toBe(0)
  })
})

test('a target that was given up for one that broke off has its turn again', async () => {
  const a = entry('a', [stalls(), says('hi')])
  const b = entry('b', [fails('upstream_unavailable', {}, part)])
  const { gateway, clock, records } = setUp([a, b], { group })
  expect(await textOf(await driven(clock, ask(gateway), 100))).toBe('hi')
  expect(records[0]?.attempts.map(({ provider, error }) => [provider, error?.code])).toEqual([
    ['a', 'aborted'],
    ['b', 'upstream_unavailable'],
    ['a', undefined],
  ])
})

test('a target that is overtaken is known to be slow', async () => {
  const a = entry('a', [stalls()])
  const b = entry('b', [says('hi')])
  const { gateway, clock } = setUp([a, b], { group: { ...group, strategy: 'fastest' } })
  await driven(clock, ask(gateway), 100)
  await driven(clock, ask(gateway), 100)
  expect([a.calls.length, b.calls.length]).toEqual([1, 2])
})

test('where there is no other deployment, another credential is used; without one nothing happens', async () => {
  const two = entry('a', [stalls(), says('hi')], ['k1', 'k2'])
  const { gateway, clock } = setUp([two], { group })
  expect(await textOf(await driven(clock, ask(gateway)))).toBe('hi')
  expect(two.calls).toEqual(['k1', 'k2'])

  const one = entry('b', [stalls()])
  const alone = setUp([one], { group, limits: { firstTokenMs: 5_000, attempts: 1 } })
  await expect(driven(alone.clock, ask(alone.gateway))).rejects.toMatchObject({ code: 'upstream_timeout' })
  expect(one.calls).toEqual(['k1'])
})

test('there is one second call for a request, and none of targets that rest', async () => {
  const stalled = ['a', 'b', 'c'].map((id) => entry(id, [stalls()]))
  const { gateway, clock } = setUp(stalled, { group })
  const controller = new AbortController()
  const answer = ask(gateway, request, controller.signal)
  answer.catch(() => {})
  await clock.armed(700)
  await clock.advance(20_000)
  expect(stalled.map(({ calls }) => calls.length)).toEqual([1, 1, 0])
  controller.abort()
})

test('an upstream that does not stream has five times as long', async () => {
  const whole = entry('a', [stalls()])
  Object.assign(whole.entry.provider, { answersWhole: true })
  const b = entry('b', [says('hi')])
  const { gateway, clock } = setUp([whole, b], { group })
  const answer = ask(gateway)
  await clock.armed(3_500)
  await clock.advance(3_499)
  expect(b.calls).toEqual([])
  await clock.advance(1)
  expect(await textOf(await answer)).toBe('hi')
})

test('an answer that begins in time costs one call', async () => {
  const b = entry('b', [says('no')])
  const { gateway, clock } = setUp([entry('a', [stalls(part)]), b], { group, limits: { idleMs: 200 } })
  const answer = ask(gateway, streamed)
  await clock.advance(900)
  const text = textOf(await answer)
  text.catch(() => {})
  await clock.advance(2_000)
  await expect(text).rejects.toMatchObject({ code: 'upstream_timeout' })
  expect(b.calls).toEqual([])
})

test('second calls stay within a tenth of all calls, beyond the first few', async () => {
  const b = entry('b', [says('hi')])
  const slow = Array.from({ length: 100 }, () => stalls())
  const { gateway, clock, records } = setUp([entry('a', slow), b], { group, limits: { firstTokenMs: 1_000 } })
  await Promise.all(Array.from({ length: 100 }, () => driven(clock, ask(gateway), 100)))
  const calls = records.flatMap(({ attempts }) => attempts)
  const hedges = calls.filter(({ hedge }) => hedge)
  expect(hedges.length).toBeLessThanOrEqual(0.1 * calls.length)
  expect(hedges.length).toBeGreaterThanOrEqual(10)
})

test.each<[string, Parameters<typeof mayRunTwice>[0], boolean]>([
  ['plain text', request, true],
  ['tools', { ...request, tools: [weather] }, false],
  ['no tools in a list', { ...request, tools: [] }, true],
  ['legacy functions', { ...request, functions: [{ name: 'weather', parameters: {} }] }, false],
  ['a web search of the service', { ...request, web_search_options: {} }, false],
  ['plugins', { ...request, plugins: [{ id: 'web' }] }, false],
  ['another endpoint than chat', undefined, false],
])('a request with %s may run twice: %3$s', (_what, chat, expected) => {
  expect(mayRunTwice(chat, {})).toBe(expected)
})

test('what only the bytes of the client say does not run twice', () => {
  expect(mayRunTwice(request, { relayOnly: { param: 'tools', message: 'Only there' } })).toBe(false)
})
