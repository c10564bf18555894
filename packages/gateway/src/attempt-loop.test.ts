import type { AttemptEntry, ErrorCode } from '@dragoman/core'
import { describe, expect, test } from 'vitest'
import type { Admission } from './admission.ts'
import type { ModelGroup, ProviderEntry } from './deployments.ts'
import { ask, driven, entry, fails, request, says, setUp, streamed, textOf } from './test-replies.ts'

const groupOf = (name: string, entries: readonly { entry: ProviderEntry }[], settings: Partial<ModelGroup> = {}) => ({
  name,
  deployments: entries.map(({ entry }) => ({ entry, model: `up-${name}` })),
  ...settings,
})

const told = (attempts: readonly AttemptEntry[] = []) =>
  attempts.map(({ provider, error, fallback }) => [provider, error?.code ?? 'ok', fallback].filter(Boolean).join(' '))

describe.each([{ body: request }, { body: streamed }])('of %j', ({ body }) => {
  test('fallback groups serve when all targets of the group have failed, and the record says so', async () => {
    const own = ['a', 'b', 'c', 'd'].map((id) => entry(id, [fails('upstream_unavailable')]))
    const other = entry('o', [says('hi')])
    const models = [groupOf('m', own, { fallbacks: ['spare'] }), groupOf('spare', [other])]
    const { gateway, records } = setUp([...own, other], { models })
    const answer = await ask(gateway, body)
    expect(await textOf(answer)).toBe('hi')
    expect(answer.route).toMatchObject({ name: 'spare', provider: 'o', model: 'up-spare' })
    expect(told(records[0]?.attempts)).toEqual(
      [...'abcd'].map((id) => `${id} upstream_unavailable`).concat('o ok spare'),
    )
  })

  test('a request that is too long goes to the model with more room, and to nothing else', async () => {
    const [a, b] = [entry('a', [fails('context_length_exceeded')]), entry('b', [says('no')])]
    const [spare, large] = [entry('s', [says('no')]), entry('l', [says('hi')])]
    const models = [
      groupOf('m', [a, b], { fallbacks: ['spare'], onContextTooLong: 'large' }),
      groupOf('spare', [spare]),
      groupOf('large', [large]),
    ]
    const { gateway, records } = setUp([a, b, spare, large], { models })
    const answer = await ask(gateway, body)
    expect(await textOf(answer)).toBe('hi')
    expect(answer.route).toMatchObject({ name: 'large', provider: 'l' })
    expect(told(records[0]?.attempts)).toEqual(['a context_length_exceeded', 'l ok large'])
    expect([b.calls, spare.calls]).toEqual([[], []])
  })
})

test.each<ErrorCode>(['content_filter', 'invalid_request'])('%s leads to no other model', async (code) => {
  const [a, b] = [entry('a', [fails(code)]), entry('b', [says('no')])]
  const settings = { fallbacks: ['other'], onContextTooLong: 'other' }
  const { gateway } = setUp([a, b], { models: [groupOf('m', [a], settings), groupOf('other', [b])] })
  await expect(ask(gateway)).rejects.toMatchObject({ code })
  expect(b.calls).toEqual([])
})

test('larger models may name larger ones, in a circle too', async () => {
  const entries = ['a', 'b', 'c'].map((id) => entry(id, [fails('context_length_exceeded')]))
  const [a, b, c] = entries.map((made) => [made])
  const models = [
    groupOf('m', a ?? [], { onContextTooLong: 'm2' }),
    groupOf('m2', b ?? [], { onContextTooLong: 'm3' }),
    groupOf('m3', c ?? [], { onContextTooLong: 'm' }),
  ]
  const { gateway } = setUp(entries, { models })
  await expect(ask(gateway)).rejects.toMatchObject({ code: 'context_length_exceeded' })
  expect(entries.map(({ calls }) => calls.length)).toEqual([2, 2, 1])
})

test('where the model with more room cannot do what is asked, the client is told that it is too long', async () => {
  const [a, b] = [entry('a', [fails('context_length_exceeded')]), entry('b', [says('no')])]
  const refused = { param: 'n', message: 'One at a time' }
  Object.assign(b.entry.provider, { accepts: () => ({ dropped: [], refused }) })
  const models = [groupOf('m', [a], { onContextTooLong: 'large' }), groupOf('large', [b])]
  await expect(ask(setUp([a, b], { models }).gateway)).rejects.toMatchObject({ code: 'context_length_exceeded' })
})

test('a key that may not use the model with more room is not sent there', async () => {
  const [a, b] = [entry('a', [fails('context_length_exceeded')]), entry('b', [says('no')])]
  const models = [groupOf('m', [a], { onContextTooLong: 'large' }), groupOf('large', [b])]
  const admission: Admission = {
    admit: ({ plan: { targets } }) => ({ targets, permitted: () => [], settle: () => {} }),
  }
  const { gateway } = setUp([a, b], { models, admission })
  const asked = gateway.chat(request, { signal: new AbortController().signal, rights: { id: 'team' } })
  await expect(asked).rejects.toMatchObject({ code: 'context_length_exceeded' })
  expect(b.calls).toEqual([])
})

test('each healthy target of a plan gets its call, whatever those before it cost', async () => {
  const refusing = entry(
    'a',
    [fails('invalid_request', { message: 'Invalid signature in thinking block' })],
    ['k1', 'k2'],
  )
  const limited = entry('b', [fails('rate_limited')], ['k1', 'k2', 'k3', 'k4'])
  const down = entry('c', [fails('upstream_unavailable')])
  Object.assign(refusing.entry.provider, { chat: refusesReasoning(refusing.calls) })
  const entries = [refusing, limited, down, entry('d', [says('hi')])]
  const { gateway, records } = setUp(entries, { limits: { attempts: 1 } })
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(told(records[0]?.attempts)).toEqual([
    'a invalid_request',
    'a upstream_unavailable',
    'b rate_limited',
    'c upstream_unavailable',
    'd ok',
  ])
})

/** The first time it does not take the reasoning, the second time it is down. */
function refusesReasoning(calls: string[]) {
  return async function* () {
    calls.push('')
    if (calls.length === 1) yield* fails('invalid_request', { message: 'Invalid signature in thinking block' })()
    yield* fails('upstream_unavailable')()
  }
}

test('further credentials come before targets that rest, which still get the last call', async () => {
  const resting = entry('r', [...Array(3).fill(fails('upstream_unavailable')), says('hi')])
  const limited = entry('a', [says('ok'), says('ok'), says('ok'), fails('rate_limited')], ['k1', 'k2', 'k3', 'k4'])
  const { gateway, records } = setUp([resting, limited])
  for (let i = 0; i < 3; i++) await ask(gateway)
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(told(records[3]?.attempts)).toEqual(['a rate_limited', 'a rate_limited', 'r ok'])
})

test('a repeat is not waited for beyond the deadline', async () => {
  const a = entry('a', [fails('upstream_unavailable', { retryAfterMs: 5_000 })])
  const { gateway, clock } = setUp([a], { limits: { totalMs: 12_000, attempts: 5 } })
  const failed = driven(clock, ask(gateway), 500)
  await expect(failed).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(a.calls).toHaveLength(3)
  expect(clock.elapsed()).toBeLessThan(12_000)
  expect(clock.pending).toBe(0)
})

test('when all targets rest they are tried all the same', async () => {
  const entries = ['a', 'b'].map((id) => entry(id, [...Array(3).fill(fails('upstream_unavailable')), says('hi')]))
  const { gateway, clock, records } = setUp(entries, { limits: { attempts: 2 } })
  for (let i = 0; i < 3; i++) await driven(clock, ask(gateway)).catch(() => {})
  expect(await textOf(await ask(gateway))).toBe('hi')
  expect(records.at(-1)?.error).toBeUndefined()
})
