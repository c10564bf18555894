import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { chatChunks, eventStream, gate, gzipBomb, type Reply, repeated, type Step, sse } from '@dragoman/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  answering,
  either,
  expectBroken,
  expectServedByB,
  fromB,
  lanes,
  readStream,
  startRig,
  turns,
  watchMemory,
} from './test-stream-rig.ts'

// Answers without measure, and clients that cannot follow. Upstream, server and client share this process: what any of
// them held would show.

const MiB = 1024 * 1024

/** What the kernel's socket buffers may swallow on loopback, with room to spare. */
const socketBytes = 24 * MiB
/** What a process may grow by for reasons of its own, its collector's above all; far below what is sent. */
const memoryBytes = 110 * MiB

const hello = sse(...chatChunks({ id: 'chatcmpl-a', text: ['Hel', 'lo'] }))
const begun = hello.slice(0, 3)
const piece64K = 'a'.repeat(64 * 1024)

let memory: ReturnType<typeof watchMemory>
beforeEach(() => {
  memory = watchMemory()
})
afterEach(() => memory.stop())

function* bodyOf(...parts: Iterable<Step>[]): Generator<Step> {
  for (const part of parts) yield* part
}
const streaming = (...parts: Iterable<Step>[]): Reply => ({ ...eventStream([]), body: bodyOf(...parts) })
const whole = (...parts: Iterable<Step>[]): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: bodyOf(...parts),
})
const gzipped = (reply: Reply): Reply => ({ ...reply, headers: { ...reply.headers, 'content-encoding': 'gzip' } })

describe.each(lanes)('%s', (lane) => {
  describe('fault 26', () => {
    const line = () => repeated(piece64K, 3_200) // 200 MiB, and no line end

    test('fault 26: a line of 200 MB before any output: bounded, and the next target serves', async () => {
      await using rig = await startRig(lane)
      rig.a.script(streaming(['data: {"x":"'], line()))
      rig.b.script(answering(fromB))
      const record = await expectServedByB(rig, await rig.ask(), true)
      expect(record.attempts[0]?.error?.message).toContain('limits.maxEventBytes')
      const exchange = await rig.a.received(1)
      expect(await exchange.closed).toBe('aborted')
      expect(exchange.sent).toBeLessThan(8 * MiB + socketBytes)
      expect(memory.growth()).toBeLessThan(memoryBytes)
    })

    test('fault 26: a line of 200 MB in the middle of an answer: bounded, and an error frame', async () => {
      await using rig = await startRig(lane)
      rig.a.script(streaming(begun, ['data: {"x":"'], line()))
      const answer = await rig.ask()
      const error = expectBroken(await answer.whole(), 'Hello')
      expect(error.message).toContain('limits.maxEventBytes')
      const exchange = await rig.a.received(1)
      expect(await exchange.closed).toBe('aborted')
      expect(exchange.sent).toBeLessThan(8 * MiB + socketBytes)
      expect(memory.growth()).toBeLessThan(memoryBytes)
      expect(await rig.recorded()).toMatchObject({ error: { code: 'upstream_protocol' }, usage: { estimated: true } })
    })

    test('fault 26: an event of many data lines counts as a whole', async () => {
      await using rig = await startRig(lane, { maxEventBytes: 100_000 })
      rig.a.script(streaming(begun, repeated(`data: ${'1'.repeat(1_000)}\n`)))
      const answer = await rig.ask()
      expect(expectBroken(await answer.whole(), 'Hello').message).toContain('limits.maxEventBytes')
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
    })
  })

  test('fault 27: a reply that never ends is ended by the total limit', async () => {
    await using rig = await startRig(lane, { totalMs: 10_000, idleMs: 1_000 })
    const gates = Array.from({ length: 30 }, gate)
    const [, word = ''] = hello
    rig.a.script(
      streaming(
        begun,
        gates.flatMap((gate) => [gate, word]),
      ),
    )
    const answer = await rig.ask()
    let words = 0
    for (const next of gates) {
      await Promise.race([next.reached, answer.ended])
      await rig.clock.advance(800)
      await turns()
      if (rig.clock.elapsed() > 10_000) break
      next.open()
      words++
    }
    const error = expectBroken(await answer.whole(), `Hello${'Hel'.repeat(words)}`)
    expect(error).toMatchObject({ code: 'upstream_timeout', message: expect.stringContaining('limits.totalMs') })
    expect(rig.clock.elapsed()).toBeLessThan(12_000)
    expect(await (await rig.a.received(1)).closed).toBe('aborted')
    const record = await rig.recorded()
    expect(record).toMatchObject({ status: 200, error: { code: 'upstream_timeout' }, usage: { estimated: true } })
    expect(rig.b.requests).toHaveLength(0)
  })

  test('fault 27: a whole answer that never comes is ended by the total limit, and nobody else is asked', async () => {
    await using rig = await startRig(lane, { totalMs: 10_000 })
    const silence = gate()
    rig.a.script(either(streaming(begun, [silence]), whole(['{'], [silence])))
    const asking = rig.ask({ stream: false })
    await silence.reached
    const passed = await rig.pass((await rig.a.received(1)).closed, 20_000)
    expect(passed).toBeGreaterThanOrEqual(10_000)
    const answer = await asking
    expect(answer.status).toBe(504)
    expect(JSON.parse(await answer.whole()).error.message).toContain('limits.totalMs')
    expect(rig.b.requests).toHaveLength(0)
    expect(await rig.recorded()).toMatchObject({ status: 504 })
  })

  test('fault 27: a reply that never ends is ended by the size limit', async () => {
    await using rig = await startRig(lane, { maxAnswerBytes: 200_000 })
    const [, word = ''] = hello
    rig.a.script(streaming(begun, repeated(word)))
    const answer = await rig.ask()
    const text = await answer.whole()
    const seen = readStream(text)
    expect(seen).toMatchObject({ finish: undefined, isDone: false, content: expect.stringMatching(/^Hello(Hel)*$/) })
    expect(seen.error?.message).toContain('limits.maxAnswerBytes')
    expect(text.length).toBeLessThan(201_000)
    const exchange = await rig.a.received(1)
    expect(await exchange.closed).toBe('aborted')
    expect(exchange.sent).toBeLessThan(socketBytes)
    const record = await rig.recorded()
    expect(record.usage).toMatchObject({ estimated: true, completion_tokens: Math.ceil(seen.content.length / 4) })
  })

  test('fault 27: a whole answer without end is bounded, and the next target serves', async () => {
    await using rig = await startRig(lane, { maxAnswerBytes: 200_000 })
    const [, word = ''] = hello
    rig.a.script(either(streaming(begun, repeated(word)), whole(['{"id":"'], repeated(piece64K))))
    rig.b.script(answering(fromB))
    const record = await expectServedByB(rig, await rig.ask({ stream: false }), false)
    expect(record.attempts[0]?.error?.message).toContain('limits.maxAnswerBytes')
    expect(await (await rig.a.received(1)).closed).toBe('aborted')
  })

  test('fault 28: a client that stops reading stops the upstream; when it reads on, everything is there', async () => {
    await using rig = await startRig(lane)
    const [role = '', template = '', finish = ''] = sse(...chatChunks({ text: 'TEXT' }))
    const filler = 'x'.repeat(64 * 1024)
    const count = 1_600 // 100 MiB
    const sent = createHash('sha256')
    let sentBytes = 0
    function* events(): Generator<string> {
      for (const event of [role, undefined, finish, 'data: [DONE]\n\n']) {
        if (event !== undefined) {
          sent.update(event)
          sentBytes += event.length
          yield event
          continue
        }
        for (let i = 0; i < count; i++) {
          const numbered = template.replace('TEXT', `${i} ${filler}`)
          sent.update(numbered)
          sentBytes += numbered.length
          yield numbered
        }
      }
    }
    rig.a.script(streaming(events()))
    const response = await rig.open()
    const received = createHash('sha256')
    let receivedBytes = 0
    const read = (bytes: Buffer) => {
      received.update(bytes)
      receivedBytes += bytes.length
    }
    response.on('data', read)
    while (receivedBytes < 100_000) await once(response, 'data')
    response.pause()

    const exchange = await rig.a.received(1)
    for (let before = -1; before < exchange.sent; ) {
      before = exchange.sent
      await turns(200)
    }
    expect(exchange.sent).toBeLessThan(socketBytes)
    expect(memory.growth()).toBeLessThan(memoryBytes / 2)

    response.resume()
    await once(response, 'end')
    expect(await exchange.closed).toBe('finished')
    expect(receivedBytes).toBe(sentBytes)
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    expect(memory.growth()).toBeLessThan(memoryBytes)
    expect(await rig.recorded()).toMatchObject({ status: 200, finishReason: 'stop', error: undefined })
  })

  test('fault 28: the time in which a client does not read is no stall of the upstream', async () => {
    await using rig = await startRig(lane, { idleMs: 1_000, totalMs: 1_000_000 })
    const [role = '', template = '', finish = ''] = sse(...chatChunks({ text: 'x'.repeat(64 * 1024) }))
    rig.a.script(streaming([role], repeated(template, 600), [finish, 'data: [DONE]\n\n']))
    const response = await rig.open()
    const exchange = await rig.a.received(1)
    for (let before = -1; before < exchange.sent; ) {
      before = exchange.sent
      await turns(200)
    }
    await rig.clock.advance(100_000)
    let tail = ''
    let bytes = 0
    response.on('data', (piece: Buffer) => {
      bytes += piece.length
      tail = (tail + piece.toString()).slice(-1_000)
    })
    await once(response, 'end')
    expect(tail.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(bytes).toBe(role.length + 600 * template.length + finish.length + 'data: [DONE]\n\n'.length)
    expect((await rig.recorded()).error).toBeUndefined()
  })

  describe('fault 32', () => {
    const tenGigabytes = 10_000_000_000

    test.each([{ stream: true }, { stream: false }])(
      'fault 32: a gzip bomb, %j: bounded, and the next target serves',
      async ({ stream }) => {
        await using rig = await startRig(lane, { maxAnswerBytes: 32 * MiB })
        rig.a.script(either(gzipped(streaming(gzipBomb(tenGigabytes))), gzipped(whole(gzipBomb(tenGigabytes)))))
        rig.b.script(answering(fromB))
        const record = await expectServedByB(rig, await rig.ask({ stream }), stream)
        expect(record.attempts[0]?.error?.message).toMatch(/limits\.max(Event|Answer)Bytes/)
        const exchange = await rig.a.received(1)
        expect(await exchange.closed).toBe('aborted')
        expect(memory.growth()).toBeLessThan(memoryBytes)
      },
    )

    test('fault 32: a gzip bomb in the middle of an answer is an error frame', async () => {
      await using rig = await startRig(lane, { maxAnswerBytes: 32 * MiB })
      rig.a.script(gzipped(streaming([gzipSync(begun.join(''))], gzipBomb(tenGigabytes))))
      const answer = await rig.ask()
      expect(expectBroken(await answer.whole(), 'Hello').message).toMatch(/limits\.max(Event|Answer)Bytes/)
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
      expect(memory.growth()).toBeLessThan(memoryBytes)
    })

    test('fault 32: events without end that compress well count decompressed', async () => {
      await using rig = await startRig(lane, { maxAnswerBytes: 1_000_000 })
      const [, word = ''] = hello
      rig.a.script({ ...streaming(begun, repeated(word.repeat(1_000))), encoding: 'gzip' })
      const answer = await rig.ask()
      const seen = readStream(await answer.whole())
      expect(seen).toMatchObject({ isDone: false, finish: undefined })
      expect(seen.error?.message).toContain('limits.maxAnswerBytes')
      expect(answer.bytes.length).toBeLessThan(1_001_000)
      expect(await (await rig.a.received(1)).closed).toBe('aborted')
    })
  })
})
