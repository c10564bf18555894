import { chatChunks, chatStream, eventStream, gate, type Step, sse, stall, wholeAnswer } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { either, expectBroken, fromB, lanes, readStream, startRig, turns } from './test-stream-rig.ts'

// Clients that leave, and clients that wait: what they cost, and what they are told meanwhile.

const hello = sse(...chatChunks({ id: 'chatcmpl-a', text: ['Hel', 'lo'] }))
const [roleChunk = '', hel = '', lo = ''] = hello
const json = (...body: Step[]) => ({ headers: { 'content-type': 'application/json' }, body })

describe.each(lanes)('%s', (lane) => {
  describe('fault 29', () => {
    test('fault 29: a client that hangs up after three chunks closes the upstream, and is recorded once', async () => {
      await using rig = await startRig(lane)
      rig.a.script(eventStream([roleChunk, hel, lo, stall()]))
      const answer = await rig.ask({ stream_options: { include_usage: true } })
      await answer.until('"lo"')
      answer.leave()
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
      expect(await rig.recorded()).toMatchObject({
        status: 499,
        error: { code: 'aborted' },
        finishReason: undefined,
        usage: { estimated: true, completion_tokens: 2, prompt_tokens: expect.any(Number) },
        attempts: [{ provider: 'a', upstreamStatus: 200, error: { code: 'aborted' } }],
      })
      await turns()
      expect(rig.records).toHaveLength(1)
      expect(rig.b.requests).toHaveLength(0)
      expect(rig.clock.pending).toBe(0)
    })

    test.each<[string, () => Step[]]>([
      ['while the model is silent', () => [roleChunk, stall()]],
      ['with the head only', () => [stall()]],
    ])('fault 29: a client that leaves before the first token, %s', async (_when, steps) => {
      await using rig = await startRig(lane)
      const here = gate()
      rig.a.script({ ...eventStream([...steps().slice(0, -1), here, stall()]) })
      const leaving = new AbortController()
      const asking = rig.ask({}, leaving.signal)
      await here.reached
      leaving.abort()
      await expect(asking).rejects.toThrow()
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
      expect(await rig.recorded()).toMatchObject({
        status: 499,
        error: { code: 'aborted' },
        usage: { estimated: true, completion_tokens: 0 },
        attempts: [{ provider: 'a', error: { code: 'aborted' } }],
      })
      await turns()
      expect(rig.records).toHaveLength(1)
      expect(rig.b.requests).toHaveLength(0)
      expect(rig.clock.pending).toBe(0)
    })

    test.each([{ stream: true }, { stream: false }])(
      'fault 29: a client that leaves before any head, %j',
      async ({ stream }) => {
        await using rig = await startRig(lane)
        const here = gate()
        rig.a.script({ before: [here, stall()] })
        const leaving = new AbortController()
        const asking = rig.ask({ stream }, leaving.signal)
        await here.reached
        leaving.abort()
        await expect(asking).rejects.toThrow()
        expect(await (await rig.a.received(1)).closed).toBe('aborted')
        expect(await rig.recorded()).toMatchObject({ status: 499, streamed: stream, error: { code: 'aborted' } })
        await turns()
        expect(rig.records).toHaveLength(1)
        expect(rig.b.requests).toHaveLength(0)
        expect(rig.clock.pending).toBe(0)
      },
    )

    test('fault 29: a client that leaves while a whole answer is on its way', async () => {
      await using rig = await startRig(lane)
      const here = gate()
      const half = JSON.stringify(wholeAnswer({ text: 'Hello' })).slice(0, 100)
      rig.a.script(either(eventStream([roleChunk, hel, here, stall()]), json(half, here, stall())))
      const leaving = new AbortController()
      const asking = rig.ask({ stream: false }, leaving.signal)
      await here.reached
      leaving.abort()
      await expect(asking).rejects.toThrow()
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
      expect(await rig.recorded()).toMatchObject({
        status: 499,
        error: { code: 'aborted' },
        usage: { estimated: true },
      })
      await turns()
      expect(rig.records).toHaveLength(1)
      expect(rig.b.requests).toHaveLength(0)
      expect(rig.clock.pending).toBe(0)
    })

    test('fault 29: a client that leaves while nobody reads what it was sent', async () => {
      await using rig = await startRig(lane)
      const big = sse(...chatChunks({ text: 'x'.repeat(64 * 1024) }))
      rig.a.script({
        ...eventStream([]),
        body: (function* () {
          for (;;) yield big[1] ?? ''
        })(),
      })
      const response = await rig.open()
      const exchange = await rig.a.received(1)
      for (let before = -1; before < exchange.sent; ) {
        before = exchange.sent
        await turns(200)
      }
      response.destroy()
      expect(await exchange.closed).toBe('aborted')
      expect(await rig.recorded()).toMatchObject({
        status: 499,
        error: { code: 'aborted' },
        usage: { estimated: true },
      })
      await turns()
      expect(rig.records).toHaveLength(1)
    })
  })

  describe('heartbeats', () => {
    const patient = { heartbeatMs: 1_000, firstTokenMs: 5_500, idleMs: 20_000 }

    test('a silent upstream: the head leaves with the first heartbeat, and one follows each silence', async () => {
      await using rig = await startRig(lane, patient)
      const silence = gate()
      rig.a.script(eventStream([silence, ...hello, 'data: [DONE]\n\n']))
      const asking = rig.ask()
      await silence.reached
      expect(await rig.pass(asking, 1_500)).toBeGreaterThanOrEqual(1_000)
      const answer = await asking
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8')
      await answer.until(': keepalive\n\n')
      expect(await rig.pass(answer.until(': keepalive\n\n: keepalive\n\n'), 2_000)).toBeGreaterThanOrEqual(900)
      silence.open()
      const seen = readStream(await answer.whole())
      expect(seen).toMatchObject({ content: 'Hello', finish: 'stop', isDone: true, heartbeats: 2, error: undefined })
      expect(await rig.recorded()).toMatchObject({ status: 200, error: undefined, attempts: [{ provider: 'a' }] })
    })

    test('a silence in the middle of the text is bridged too, between whole frames', async () => {
      await using rig = await startRig(lane, patient)
      const silence = gate()
      rig.a.script(eventStream([roleChunk, `${hel}${lo.slice(0, 30)}`, silence, lo.slice(30), ...hello.slice(3)]))
      const answer = await rig.ask()
      await answer.until('"Hel"')
      await rig.pass(answer.until(': keepalive'), 2_000)
      await rig.pass(answer.until(': keepalive\n\n: keepalive'), 2_000)
      silence.open()
      const seen = readStream(await answer.whole())
      expect(seen).toMatchObject({ content: 'Hello', isDone: true, heartbeats: 2 })
    })

    test('a stream that goes on has no heartbeat', async () => {
      await using rig = await startRig(lane, patient)
      const gates = Array.from({ length: 6 }, gate)
      rig.a.script(eventStream([roleChunk, hel, ...gates.flatMap((gate) => [gate, lo]), ...hello.slice(3)]))
      const answer = await rig.ask()
      for (const next of gates) {
        await next.reached
        await rig.clock.advance(600)
        next.open()
        await turns()
      }
      expect(readStream(await answer.whole())).toMatchObject({
        content: `Hel${'lo'.repeat(6)}`,
        heartbeats: 0,
        isDone: true,
      })
    })

    test('behind a heartbeat the next target may still serve', async () => {
      await using rig = await startRig(lane, patient)
      const silence = gate()
      rig.a.script(eventStream([silence]))
      rig.b.script(chatStream(fromB))
      const asking = rig.ask()
      await silence.reached
      await rig.pass(asking, 2_000)
      const answer = await asking
      await rig.pass((await rig.a.received(1)).closed, 10_000)
      const seen = readStream(await answer.whole())
      expect(seen).toMatchObject({ content: 'Behold', finish: 'stop', isDone: true, error: undefined })
      expect(seen.heartbeats).toBeGreaterThanOrEqual(4)
      expect(new Set(seen.chunks.map(({ id }) => id))).toEqual(new Set(['chatcmpl-b']))
      const record = await rig.recorded()
      expect(record).toMatchObject({ status: 200, error: undefined, usage: fromB.usage })
      expect(record.attempts).toMatchObject([{ provider: 'a', error: { code: 'upstream_timeout' } }, { provider: 'b' }])
    })

    test('after a heartbeat a failure of all targets is a frame, not a status', async () => {
      await using rig = await startRig(lane, patient)
      const silence = gate()
      rig.a.script(eventStream([silence]))
      rig.b.script({ status: 500, headers: { 'content-type': 'application/json' }, body: '{}' })
      const asking = rig.ask()
      await silence.reached
      await rig.pass(asking, 2_000)
      const answer = await asking
      expect(answer.status).toBe(200)
      await rig.pass(answer.ended, 10_000)
      expectBroken(await answer.whole(), '')
      expect(answer.text).toContain(': keepalive\n\n')
      expect(await rig.recorded()).toMatchObject({ status: 200, error: { code: 'upstream_unavailable' } })
      expect(rig.clock.pending).toBe(0)
    })

    test('a whole answer has none: its status is still open', async () => {
      await using rig = await startRig(lane, { ...patient, firstTokenMs: 2_500, totalMs: 100_000 })
      const silence = gate()
      rig.a.script(either(eventStream([silence]), json(silence)))
      const asking = rig.ask({ stream: false, model: 'a/m' })
      await silence.reached
      await rig.pass((await rig.a.received(1)).closed, 19_000)
      const answer = await asking
      expect(answer.status).toBe(504)
      expect(answer.headers['content-type']).toMatch(/^application\/json/)
      expect(JSON.parse(await answer.whole())).toMatchObject({ error: { code: 'upstream_timeout' } })
    })

    test('a client that leaves after a heartbeat ends the attempt behind it', async () => {
      await using rig = await startRig(lane, patient)
      const silence = gate()
      rig.a.script(eventStream([silence]))
      const asking = rig.ask()
      await silence.reached
      await rig.pass(asking, 2_000)
      const answer = await asking
      answer.leave()
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
      expect(await rig.recorded()).toMatchObject({
        status: 499,
        error: { code: 'aborted' },
        attempts: [{ provider: 'a' }],
      })
      await turns()
      expect(rig.records).toHaveLength(1)
      expect(rig.b.requests).toHaveLength(0)
      expect(rig.clock.pending).toBe(0)
    })
  })
})
