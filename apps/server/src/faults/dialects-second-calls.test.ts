import { eventStream, type FakeAnswer, gate, reset, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { type DialectRig, pairs, startDialectRig } from './test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'

// A second call for one answer: because the first says nothing, or because it was cut. The client sees one clean answer.

const plain = { tools: undefined }
const rest: FakeAnswer = { text: ['quick brown', ' fox jumps'], usage: tokens(20, 4) }

/** Another kind of service than the first, so that the two have nothing in common but the client. */
function nextTo(kind: UpstreamKind): UpstreamKind {
  const other = upstreamKinds.find(({ name }) => name !== kind.name && name !== 'kimi markup')
  if (!other) throw new Error('There is one kind of upstream')
  return other
}

async function attemptsOf(rig: DialectRig) {
  const { attempts } = await rig.recorded()
  return attempts.map(({ provider, error, hedge, continues, relayed }) => ({
    provider,
    error: error?.code,
    hedge,
    continues,
    relayed,
  }))
}

describe.each(pairs)('$pair', ({ client, kind }) => {
  test('a text that was cut goes on with another service, as one clean answer', async () => {
    await using rig = await startDialectRig(kind, { next: nextTo(kind), group: { continuesCutText: true } })
    rig.upstream.script(eventStream([...kind.events({ text: ['The quick', ' brown'], finish: null }), reset()]))
    rig.nextUpstream.script(replyOf(nextTo(kind), rest))
    const given = await rig.send(client, plain)
    expect(client.read(await given.whole())).toMatchObject({
      content: 'The quick brown fox jumps',
      isComplete: true,
      error: undefined,
    })
    expect(await attemptsOf(rig)).toMatchObject([
      { provider: 'a', error: 'upstream_unavailable', relayed: false },
      { provider: 'b', error: undefined, continues: true, relayed: false },
    ])
    expect((await rig.recorded()).usage?.prompt_tokens).toBeGreaterThan(20)
  })

  test('a service that says nothing is overtaken, and its socket is closed', async () => {
    await using rig = await startDialectRig(kind, { next: nextTo(kind), group: { hedgeAfterMs: 700 } })
    const silence = gate()
    rig.upstream.script(eventStream([silence]))
    rig.nextUpstream.script(replyOf(nextTo(kind), rest))
    const asking = rig.send(client, plain)
    await silence.reached
    await rig.clock.advance(700)
    const given = await asking
    expect(client.read(await given.whole())).toMatchObject({ content: 'quick brown fox jumps', isComplete: true })
    expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
    silence.open()
    expect(await attemptsOf(rig)).toMatchObject([
      { provider: 'a', error: 'aborted', hedge: undefined },
      { provider: 'b', error: undefined, hedge: true },
    ])
  })
})
