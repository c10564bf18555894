import { expect, test } from 'vitest'
import { type FixtureCase, replay } from '../fixture.ts'
import { noReply, repeated, stall } from '../reply.ts'
import { brokenAnswer } from './broken-answer.ts'
import { expectError, turns } from './expectations.ts'
import { outcomeOf, type Rig } from './rig.ts'

/** When a call starts, and that everything of it is gone when it is over. */
export function testCalls(ordinary: FixtureCase, start: () => Promise<Rig>): void {
  const { responses } = ordinary
  const { earlier, firstHalf, firstHalfThen } = brokenAnswer(ordinary)

  test('sends nothing before the first chunk is asked for', async () => {
    await using rig = await start()
    rig.chat()
    await turns(10)
    expect(rig.upstream.connections.accepted).toBe(0)
  })

  test('sends nothing when its signal has tripped already', async () => {
    await using rig = await start()
    const { error } = await outcomeOf(rig.chat({ signal: AbortSignal.abort() }))
    expectError(error, ['aborted'])
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('an abort before the head closes the socket and throws aborted', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, noReply())
    const controller = new AbortController()
    const running = outcomeOf(rig.chat({ signal: controller.signal }))
    const exchange = await rig.upstream.received(responses.length)
    controller.abort()
    await expect(exchange.closed).resolves.toBe('aborted')
    expectError((await running).error, ['aborted'])
  })

  test('an abort in the stream closes the socket at once and throws aborted', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, firstHalf(stall()))
    const controller = new AbortController()
    const iterator = rig.chat({ signal: controller.signal })[Symbol.asyncIterator]()
    expect((await iterator.next()).done).toBe(false)
    controller.abort()
    // Nobody asks for a chunk here: the abort alone has to do it.
    await expect(rig.upstream.requests.at(-1)?.closed).resolves.toBe('aborted')
    const rest = await outcomeOf({ [Symbol.asyncIterator]: () => iterator })
    expectError(rest.error, ['aborted'])
  })

  test('leaving the iterator early closes the socket', async () => {
    await using rig = await start()
    rig.upstream.script(...earlier, firstHalf(stall()))
    for await (const _ of rig.chat()) break
    await expect(rig.upstream.requests.at(-1)?.closed).resolves.toBe('aborted')
  })

  test('a reader who stops reading stops the upstream', async () => {
    await using rig = await start()
    const offeredBytes = 64 * 1024 * 1024
    const flood = (event: Uint8Array) => {
      const block = Buffer.concat(Array.from({ length: Math.ceil(65_536 / event.length) }, () => event))
      return repeated(block, Math.ceil(offeredBytes / block.length))
    }
    rig.upstream.script(...earlier, firstHalfThen(flood))
    const iterator = rig.chat()[Symbol.asyncIterator]()
    expect((await iterator.next()).done).toBe(false)
    const exchange = rig.upstream.requests.at(-1)
    let before = -1
    for (let sent = 0; sent > before; sent = exchange?.sent ?? 0) {
      before = sent
      await turns(200)
    }
    // The buffers of both kernels take some megabytes; nothing may take the rest.
    expect(exchange?.sent).toBeLessThan(offeredBytes / 2)
    await iterator.return?.()
    await expect(exchange?.closed).resolves.toBe('aborted')
  })

  test('it reports each request and its response, without a query', async () => {
    await using rig = await start()
    rig.upstream.script(...responses.map((response) => replay(response)))
    await outcomeOf(rig.chat())
    const { origin, requests } = rig.upstream
    const expected = requests.flatMap(({ method, path }, i) => [
      { type: 'request', method, origin, path: path.split('?')[0] },
      { type: 'response', status: responses[i]?.status, afterMs: 0 },
    ])
    expect(rig.events).toMatchObject(expected)
  })

  test('after it was closed no socket is open and no timer waits', async () => {
    await using rig = await start()
    rig.upstream.script(...responses.map((response) => replay(response)))
    await outcomeOf(rig.chat())
    await rig.closeProvider()
    await rig.upstream.idle()
    expect(rig.clock.pending).toBe(0)
  })
}
