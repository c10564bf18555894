import { collect } from '@dragoman/core'
import { expect, test } from 'vitest'
import { startFakeUpstream } from '../fake-upstream.ts'
import type { FixtureCase } from '../fixture.ts'
import { cut, gate, noReply, redirect, reset } from '../reply.ts'
import { closedPort } from '../unreachable.ts'
import { brokenAnswer } from './broken-answer.ts'
import { expectAfter, expectError, failureOf } from './expectations.ts'
import { outcomeOf, type Rig } from './rig.ts'

/** What breaks on the way. */
export function testTrouble(ordinary: FixtureCase, start: (elsewhere?: string) => Promise<Rig>): void {
  const { name, responses, request } = ordinary
  const { earlier, firstHalf, withoutBody } = brokenAnswer(ordinary)

  test('a refused connection is upstream_unavailable', async () => {
    await using rig = await start(`http://127.0.0.1:${await closedPort()}`)
    const { error } = await outcomeOf(rig.chat())
    expectError(error, ['upstream_unavailable'])
  })

  test('a stall before the head ends in upstream_timeout when headersMs have passed', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, noReply())
    const running = outcomeOf(rig.chat({ limits: { headersMs: 1000, idleMs: 100_000 } }))
    const exchange = await rig.upstream.received(responses.length)
    await expectAfter(rig, 1000, running)
    expectError((await running).error, ['upstream_timeout'])
    await expect(exchange.closed).resolves.toBe('aborted')
  })

  test('a stall in the stream ends in upstream_timeout when idleMs have passed', async () => {
    await using rig = await start()
    const stalled = gate()
    rig.upstream.script(...earlier, firstHalf(stalled))
    const running = outcomeOf(rig.chat({ limits: { headersMs: 100_000, idleMs: 1000 } }))
    await stalled.reached
    await expectAfter(rig, 1000, running)
    const { chunks, error } = await running
    expect(chunks.length).toBeGreaterThan(0)
    expectError(error, ['upstream_timeout'])
    await expect(rig.upstream.requests.at(-1)?.closed).resolves.toBe('aborted')
  })

  test('a reset before the head is upstream_unavailable', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier).always({ before: [reset()] })
    const { error } = await outcomeOf(rig.chat())
    expectError(error, ['upstream_unavailable'])
  })

  test('a reset in the stream is upstream_unavailable, after the chunks before it', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, firstHalf(reset()))
    const { chunks, error } = await outcomeOf(rig.chat())
    expect(chunks.length).toBeGreaterThan(0)
    expectError(error, ['upstream_unavailable'])
  })

  test('a connection closed in the stream is an error of the upstream', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, firstHalf(cut()))
    const { chunks, error } = await outcomeOf(rig.chat())
    expect(chunks.length).toBeGreaterThan(0)
    expectError(error, ['upstream_unavailable', 'upstream_protocol'])
  })

  test('a stream that ends in its middle, properly, gives no whole answer', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, firstHalf())
    const error = await failureOf(collect(rig.chat(), request))
    expect(error, `it does: if half of case ${name} is one, another case has to be \`ordinary\``).toBeDefined()
    expectError(error, ['upstream_protocol'])
  })

  test('an answer without a body is an error of the upstream', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, withoutBody)
    const error = await failureOf(collect(rig.chat(), request))
    expectError(error, ['upstream_protocol', 'upstream_empty'])
  })

  test('a redirect to another origin is not followed', async () => {
    await using rig = await start()
    await using other = await startFakeUpstream()
    rig.upstream.script(...earlier, redirect(307, `${other.origin}/v1/chat/completions`))
    const { error } = await outcomeOf(rig.chat())
    expectError(error, ['upstream_protocol', 'upstream_unavailable'])
    expect(other.connections.accepted).toBe(0)
  })
}
