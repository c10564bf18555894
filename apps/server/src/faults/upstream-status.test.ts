import {
  errorReply,
  eventStream,
  type FakeUpstream,
  htmlPage,
  jsonReply,
  sse,
  startFakeUpstream,
} from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { type ClientAnswer, type Rig, says, startRig, ways } from './test-rig.ts'

describe('fault 12: 500, 502, 503, 529', () => {
  const statuses = [500, 502, 503, 529]

  test.each(statuses.flatMap((status) => ways.map((way) => ({ ...way, status }))))(
    'fault 12: a $status is repeated after waits that chance decides ($lane, $asked)',
    async ({ lane, stream, status }) => {
      for (const [chance, waits] of [
        [0.2, [100, 200]],
        [0.9, [450, 900]],
      ] as const) {
        await using upstream = await startFakeUpstream()
        upstream.script(errorReply(status), errorReply(status), says('at last'))
        await using rig = await startRig({ lane, targets: [upstream.origin], random: () => chance })
        const asked = rig.ask({ stream })
        await passWaits(rig, upstream, waits)
        expect(await asked).toMatchObject({ status: 200, content: 'at last', error: undefined })
        expect(rig.trail()).toEqual(['a: upstream_unavailable', 'a: upstream_unavailable', 'a: ok'])
        expect(rig.records[0]?.attempts.map(({ upstreamStatus }) => upstreamStatus)).toEqual([status, status, 200])
      }
    },
  )

  test.each(ways)(
    'fault 12: waits double up to eight seconds, and attempts end them ($lane, $asked)',
    async ({ lane, stream }) => {
      await using upstream = await startFakeUpstream()
      upstream.always(errorReply(503, 'Overloaded'))
      await using rig = await startRig({ lane, targets: [upstream.origin], limits: { attempts: 7 } })
      const asked = rig.ask({ stream })
      await passWaits(rig, upstream, [250, 500, 1_000, 2_000, 4_000, 4_000])
      const { status, error } = await asked
      expect([status, error?.code]).toEqual([502, 'upstream_unavailable'])
      expect(error?.message).toContain('Overloaded')
      expect(upstream.requests).toHaveLength(7)
    },
  )

  test.each(ways)('fault 12: a wait beyond the total limit is not begun ($lane, $asked)', async ({ lane, stream }) => {
    await using upstream = await startFakeUpstream()
    upstream.always(errorReply(503))
    const limits = { attempts: 8, totalMs: 600 }
    await using rig = await startRig({ lane, targets: [upstream.origin], limits, random: () => 0.9 })
    const asked = rig.ask({ stream })
    await passWaits(rig, upstream, [450])
    // The next one would be 900 ms: what the client can be told then, it can be told now.
    const { status, error } = await asked
    expect([status, error?.code]).toEqual([502, 'upstream_unavailable'])
    expect(upstream.requests).toHaveLength(2)
    expect(rig.clock.pending).toBe(0)
  })

  test.each(ways)('fault 12: another target comes before a repetition ($lane, $asked)', async ({ lane, stream }) => {
    await using first = await startFakeUpstream()
    await using second = await startFakeUpstream()
    first.always(errorReply(500))
    second.script(says('at once'), errorReply(503), says('at last'))
    await using rig = await startRig({ lane, targets: [first.origin, second.origin] })
    expect(await rig.ask({ stream })).toMatchObject({ status: 200, content: 'at once' }) // without moving the clock
    expect(rig.trail()).toEqual(['a: upstream_unavailable', 'b: ok'])

    const asked = rig.ask({ stream })
    await rig.clock.armed(500)
    expect([first.requests.length, second.requests.length]).toEqual([2, 2])
    await rig.clock.advance(500)
    expect(await asked).toMatchObject({ status: 200, content: 'at last' })
    expect(rig.trail(1)).toEqual(['a: upstream_unavailable', 'b: upstream_unavailable', 'b: ok'])
  })
})

/** Moves the clock by each wait once it has begun, and sees that the next call comes with its end and no earlier. */
async function passWaits({ clock }: Rig, upstream: FakeUpstream, waits: readonly number[]): Promise<void> {
  for (const [index, waitMs] of waits.entries()) {
    await clock.armed(waitMs)
    await clock.advance(waitMs - 1)
    expect(upstream.requests).toHaveLength(index + 1)
    await clock.advance(1)
    await upstream.received(index + 2)
  }
}

const complaint = 'temperature must be below 2'

const complaints = [
  {
    form: "OpenAI's",
    body: (key: string) => ({
      error: { message: `${complaint} (${key})`, type: 'invalid_request_error', param: 'temperature', code: key },
    }),
  },
  { form: 'a detail', body: (key: string) => ({ detail: [{ msg: `${complaint}, said ${key}`, input: key }] }) },
  { form: 'a text', body: (key: string) => `${complaint}, Bearer ${key}` },
]

test.each(complaints.flatMap((complaint) => ways.map((way) => ({ ...way, ...complaint }))))(
  'fault 13: a 400 in the form of $form is passed on after one call, without the key ($lane, $asked)',
  async ({ lane, stream, body }) => {
    await using upstream = await startFakeUpstream()
    await using other = await startFakeUpstream()
    upstream.always(({ headers }) => {
      const key = headers.authorization?.replace('Bearer ', '') ?? ''
      const said = body(key)
      return { ...jsonReply(said, 400, { 'x-key': key }), ...(typeof said === 'string' && { body: said }) }
    })
    other.always(says('not to be asked'))
    await using rig = await startRig({ lane, targets: [upstream.origin, other.origin] })
    const answer = await rig.ask({ stream, temperature: 3 })
    expect(answer).toMatchObject({ status: 400, content: '', error: { type: 'invalid_request_error' } })
    expect(answer.error?.message).toContain(complaint)
    expect(rig.trail()).toEqual(['a: invalid_request'])
    expect(upstream.requests).toHaveLength(1)
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${rig.keys.a}`)
    expect(other.requests).toHaveLength(0)
    expect(rig.leaks(answer, [...answer.headers])).toEqual([])
  },
)

describe('fault 14: all targets down', () => {
  const clients = 200

  test.each([
    ...ways.map((way) => ({ ...way, targets: 3, attempts: 3 })),
    ...ways.map((way) => ({ ...way, targets: 3, attempts: 6 })),
    ...ways.map((way) => ({ ...way, targets: 1, attempts: 3 })),
  ])(
    'fault 14: 200 clients of $targets dead targets with $attempts attempts each raise no storm ($lane, $asked)',
    async ({ lane, stream, targets, attempts }) => {
      await using first = await startFakeUpstream()
      await using second = await startFakeUpstream()
      await using third = await startFakeUpstream()
      const upstreams = [first, second, third].slice(0, targets)
      for (const upstream of upstreams) upstream.always(errorReply(503, 'Overloaded'))
      const origins = upstreams.map(({ origin }) => origin)
      // Waits of no length are the worst case: nothing but the budget holds repetitions back.
      await using rig = await startRig({ lane, targets: origins, limits: { attempts }, random: () => 0 })

      const together = await passingWaits(rig, Promise.all(Array.from({ length: clients }, () => rig.ask({ stream }))))
      for (const { status, error, content } of together) {
        expect([status, error?.type, error?.code, content]).toEqual([502, 'server_error', 'upstream_unavailable', ''])
        expect(error?.message).toContain('Overloaded')
        const named = targets === 1 ? [] : ['a', 'b', 'c']
        for (const provider of named) expect(error?.message).toContain(`${provider}: upstream_unavailable`)
      }
      expectNoStorm(rig, upstreams, attempts)

      // The same when they come one after the other.
      for (let i = 0; i < 20; i++) await passingWaits(rig, rig.ask({ stream }))
      expect(rig.records).toHaveLength(clients + 20)
      expectNoStorm(rig, upstreams, attempts)
    },
  )

  function expectNoStorm(rig: Rig, upstreams: readonly FakeUpstream[], attempts: number): void {
    const called = upstreams.reduce((sum, { requests }) => sum + requests.length, 0)
    const tried = rig.records.map(({ attempts }) => attempts.map(({ provider }) => provider))
    expect(called).toBe(tried.reduce((sum, providers) => sum + providers.length, 0))
    const repeated = tried.reduce((sum, providers) => sum + providers.length - new Set(providers).size, 0)
    expect(repeated).toBeLessThan(0.2 * called)
    for (const providers of tried) expect(providers.length).toBeLessThanOrEqual(attempts)
  }

  async function passingWaits<T>({ clock }: Rig, answers: Promise<T>): Promise<T> {
    let isOver = false
    const over = answers.finally(() => {
      isOver = true
    })
    while (!isOver) await clock.advance(0)
    return over
  }
})

test.each(ways)('fault 15: a page under a 200 is a failure, not a text ($lane, $asked)', async ({ lane, stream }) => {
  await using upstream = await startFakeUpstream()
  await using other = await startFakeUpstream()
  upstream.always(htmlPage(200, 'Welcome to nginx'))
  other.script(says('from b'), { status: 500 })
  const limits = { attempts: 1 } // and one more, for the second target
  await using rig = await startRig({ lane, targets: [upstream.origin, other.origin], limits })
  expectFromB(await rig.ask({ stream }))
  expect(rig.trail()).toEqual(['a: upstream_protocol', 'b: ok'])
  expect(rig.records[0]?.attempts[0]).toMatchObject({ upstreamStatus: 200 })

  await using alone = await startRig({ lane, targets: [upstream.origin], limits })
  const answer = await alone.ask({ stream })
  expect(answer).toMatchObject({ status: 502, content: '', error: { code: 'upstream_protocol' } })
  expect(answer.text).not.toContain('<')
})

const overloaded = { error: { message: 'The engine is overloaded', type: 'server_error', param: null, code: null } }

test.each(
  [
    { form: "OpenAI's error as JSON", reply: jsonReply(overloaded) },
    { form: 'a word as JSON', reply: jsonReply({ error: 'The engine is overloaded' }) },
    { form: "vLLM's error as JSON", reply: jsonReply({ object: 'error', message: 'The engine is overloaded' }) },
    {
      form: "MiniMax's status as JSON",
      reply: jsonReply({ choices: null, base_resp: { status_code: 1033, status_msg: 'The engine is overloaded' } }),
    },
    { form: 'an event', reply: eventStream(sse(overloaded)), isStream: true },
    { form: 'JSON under the name of a stream', reply: eventStream([JSON.stringify(overloaded)]), isStream: true },
  ].flatMap((given) => ways.map((way) => ({ ...way, ...given }))),
)('fault 16: $form under a 200 is a failure ($lane, $asked)', async ({ lane, stream, reply, isStream = false }) => {
  // A relay that asked for JSON does not look into a stream.
  const code = isStream && lane === 'relayed' && !stream ? 'upstream_protocol' : 'upstream_unavailable'
  await using upstream = await startFakeUpstream()
  await using other = await startFakeUpstream()
  upstream.always(reply)
  other.script(says('from b'))
  const limits = { attempts: 1 }
  await using rig = await startRig({ lane, targets: [upstream.origin, other.origin], limits })
  expectFromB(await rig.ask({ stream }))
  expect(rig.trail()).toEqual([`a: ${code}`, 'b: ok'])
  expect(rig.records[0]?.attempts[0]).toMatchObject({ upstreamStatus: 200 })

  await using alone = await startRig({ lane, targets: [upstream.origin], limits })
  const answer = await alone.ask({ stream })
  expect(answer).toMatchObject({ status: 502, content: '', error: { code } })
  if (code === 'upstream_unavailable') expect(answer.error?.message).toContain('The engine is overloaded')
})

function expectFromB(answer: ClientAnswer): void {
  expect(answer).toMatchObject({ status: 200, content: 'from b', error: undefined })
  expect(answer.headers.get('x-gateway-provider')).toBe('b')
}
