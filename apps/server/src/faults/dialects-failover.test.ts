import { eventStream, type FakeAnswer, gate, type Reply, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { type DialectRig, pairs, startDialectRig } from './test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'
import type { ClientAnswer } from './test-stream-rig.ts'

// One target after another, each of another kind: the client gets one answer in its dialect, of the target that served.

const heartbeatMs = 15_000
const answer: FakeAnswer = { text: ['Be', 'hold'], usage: tokens(7, 2) }

const combinations = pairs.flatMap((pair) =>
  upstreamKinds
    .filter((next) => next !== pair.kind)
    .map((next) => ({ ...pair, next, how: `${pair.client.dialect}: ${pair.kind.name}, then ${next.name}` })),
)

/** Ways to fail before any output. */
const failures: readonly (readonly [what: string, reply: (kind: UpstreamKind) => Reply])[] = [
  ['a 500', (kind) => ({ status: 500, body: JSON.stringify(kind.errorBody('Broken')) })],
  ['an error behind the head', (kind) => eventStream([...opening(kind), ...kind.overloaded])],
  ['a start without an answer', (kind) => eventStream(opening(kind))],
]

/** What comes before the first output. */
function opening(kind: UpstreamKind): string[] {
  return kind.events({ text: ['x'], finish: null }).slice(0, -1)
}

async function expectServedByNext(rig: DialectRig, given: ClientAnswer): Promise<void> {
  const { attempts, usage } = await rig.recorded()
  expect(attempts.map(({ provider, error }) => [provider, error === undefined])).toEqual([
    ['a', false],
    ['b', true],
  ])
  expect(usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 2 })
  expect(given.status).toBe(200)
}

describe.each(combinations)('$how', ({ client, kind, next }) => {
  test.each(failures)('fault 18: after %s the next target serves, streamed and whole', async (_what, failure) => {
    for (const stream of [true, false]) {
      await using rig = await startDialectRig(kind, { next })
      rig.upstream.script(failure(kind))
      rig.nextUpstream.script(replyOf(next, answer))
      const given = await rig.send(client, { stream })
      const text = await given.whole()
      if (stream) expect(client.read(text)).toMatchObject({ content: 'Behold', isComplete: true, error: undefined })
      else expect(client.readWhole(JSON.parse(text)).content).toBe('Behold')
      expect(given.headers['x-gateway-provider']).toBe('b')
      await expectServedByNext(rig, given)
    }
  })

  test('a target behind a heartbeat gives one answer of the dialect', async () => {
    await using rig = await startDialectRig(kind, { next, gatewayLimits: { heartbeatMs } })
    const silence = gate()
    rig.upstream.script(eventStream([silence, ...kind.overloaded]))
    rig.nextUpstream.script(replyOf(next, answer))
    const asking = rig.send(client)
    await silence.reached
    await rig.clock.advance(heartbeatMs)
    const given = await asking
    silence.open()
    const frames = (await given.whole()).replace(/^(: keepalive\n\n)+/, '')
    expect(client.read(frames)).toMatchObject({ content: 'Behold', isComplete: true, error: undefined })
    await expectServedByNext(rig, given)
  })
})
