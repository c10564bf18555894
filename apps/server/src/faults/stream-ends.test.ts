import {
  chatChunks,
  chatStream,
  cut,
  eventStream,
  gate,
  jsonReply,
  repeated,
  reset,
  type Step,
  sse,
  stall,
  wholeAnswer,
} from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import {
  answering,
  either,
  errorJson,
  expectBroken,
  expectServedByB,
  fromB,
  lanes,
  readStream,
  startRig,
} from './test-stream-rig.ts'

// How a streamed answer starts, stalls and ends, and what becomes of it where it does not end well. A whole answer has
// no middle: until it is complete, another target may give it.

const [roleChunk = ''] = sse(...chatChunks({ id: 'chatcmpl-a' }))
/** Role, `Hel`, `lo`, the finish reason. */
const hello = sse(...chatChunks({ id: 'chatcmpl-a', text: ['Hel', 'lo'] }))
const begun = hello.slice(0, 3)
const emptyDelta = roleChunk.replace('"role":"assistant",', '')

const wholeThen = (...steps: Step[]) => ({ headers: { 'content-type': 'application/json' }, body: steps })
const halfAnswer = JSON.stringify(wholeAnswer({ id: 'chatcmpl-a', text: 'Hello' })).slice(0, 150)

describe.each(lanes)('%s', (lane) => {
  describe.each([{ stream: true }, { stream: false }])('stream: $stream', ({ stream }) => {
    test.each<[string, Step[]]>([
      ['headers', []],
      ['a role', [roleChunk]],
      ['comments and empty deltas', [': processing\n\n', roleChunk, emptyDelta, ': processing\n\n']],
    ])('fault 17: %s, then silence: the next target serves', async (_what, steps) => {
      await using rig = await startRig(lane, { firstTokenMs: 1_000 })
      const silence = gate()
      rig.a.script(either(eventStream([...steps, silence]), wholeThen(silence)))
      rig.b.script(answering(fromB))
      const asking = rig.ask({ stream })
      await silence.reached
      const { closed } = await rig.a.received(1)
      // An upstream that answers whole has five times as long: its first output comes with its last.
      expect(await rig.pass(closed, 10_000)).toBeGreaterThanOrEqual(1_000)
      expect(await closed).toBe('aborted')
      const record = await expectServedByB(rig, await asking, stream)
      expect(record.attempts[0]).toMatchObject({ upstreamStatus: 200, error: { code: 'upstream_timeout' } })
      expect(record.attempts[0]?.error?.message).toContain('limits.firstTokenMs')
    })

    test.each<[string, Step[]]>([
      ['a frame', sse({ error: { message: 'Overloaded, try later', type: 'server_error', code: 'overloaded' } })],
      ['a bare message', sse({ object: 'error', message: 'Overloaded, try later', code: 503 })],
      ['an event of that name', ['event: error\ndata: {"error":{"message":"Overloaded, try later"}}\n\n']],
    ])('fault 18: an error inside the 200, as %s: the client sees the next target only', async (_how, error) => {
      await using rig = await startRig(lane)
      rig.a.script(either(eventStream([roleChunk, ...error, stall()]), errorJson('Overloaded, try later')))
      rig.b.script(answering(fromB))
      const answer = await rig.ask({ stream })
      const record = await expectServedByB(rig, answer, stream)
      expect(answer.text).not.toContain('Overloaded')
      expect(record.attempts[0]?.error?.message).toContain('Overloaded')
      const asked = await rig.a.received(1)
      expect(await asked.closed).toBe(asked.json.stream ? 'aborted' : 'finished')
    })

    test.each<[string, Step[], Step[]]>([
      ['only [DONE]', sse('[DONE]'), ['{}']],
      ['nothing at all', [], []],
      ['comments', [': hello\n\n'], ['  \n']],
      ['a role and a stop', [...sse(...chatChunks({ text: [] })), ...sse('[DONE]')], [JSON.stringify(wholeAnswer())]],
    ])('fault 22: an empty 200, %s: the next target serves, and nothing is charged', async (_what, events, whole) => {
      await using rig = await startRig(lane)
      rig.a.always(either(eventStream(events), wholeThen(...whole)))
      rig.b.script(answering(fromB))
      await expectServedByB(rig, await rig.ask({ stream }), stream) // the usage in the record is B's alone

      const alone = await rig.ask({ stream, model: 'a/m' })
      expect(alone.status).toBe(502)
      expect(JSON.parse(await alone.whole())).toMatchObject({ error: { type: 'server_error', param: null } })
      const record = await rig.recorded(2)
      expect(record).toMatchObject({ status: 502, usage: undefined })
      expect(record.error?.code).toMatch(/^upstream_(empty|protocol)$/)
    })
  })

  test('fault 17: chunks without output do not put the first-token limit off', async () => {
    await using rig = await startRig(lane, { firstTokenMs: 1_000 })
    const quiet = gate()
    const silence = gate()
    rig.a.script(eventStream([roleChunk, quiet, emptyDelta, silence]))
    rig.b.script(chatStream(fromB))
    const asking = rig.ask()
    await quiet.reached
    await rig.clock.advance(900)
    quiet.open()
    await silence.reached
    const { closed } = await rig.a.received(1)
    expect(await rig.pass(closed, 800)).toBeLessThan(800)
    await expectServedByB(rig, await asking, true)
  })

  test('fault 19: a stall in the middle of the text ends in an error frame that names the idle limit', async () => {
    await using rig = await startRig(lane, { idleMs: 1_000, maxEventBytes: 10_000 })
    rig.a.script(eventStream([...begun, stall()]))
    const answer = await rig.ask()
    await answer.until('"lo"')
    // Bytes may go on without data for five times as long; here there are none.
    expect(await rig.pass(answer.ended, 10_000)).toBeGreaterThanOrEqual(1_000)
    const error = expectBroken(await answer.whole(), 'Hello')
    expect(error).toMatchObject({ code: 'upstream_timeout', message: expect.stringContaining('idle') })
    expect(await rig.a.requests[0]?.closed).toBe('aborted')
    expect(rig.b.requests).toHaveLength(0)
    const record = await rig.recorded()
    expect(record).toMatchObject({
      status: 200,
      finishReason: undefined,
      error: { code: 'upstream_timeout', message: expect.stringContaining('limits.idleMs') },
      usage: { estimated: true, completion_tokens: 2 },
    })
    expect(record.usage?.prompt_tokens).toBeGreaterThan(0)
  })

  test('fault 19: comments keep a stream open, but no longer than five times the idle limit', async () => {
    await using rig = await startRig(lane, { idleMs: 1_000 })
    const gates = Array.from({ length: 12 }, gate)
    rig.a.script(eventStream([...begun, ...gates.flatMap((gate) => [gate, ': still here\n\n'])]))
    const answer = await rig.ask()
    let isOver = false
    void answer.ended.then(() => {
      isOver = true
    })
    for (const next of gates) {
      await Promise.race([next.reached, answer.ended])
      if (isOver) break
      await rig.clock.advance(800)
      next.open()
    }
    expectBroken(await answer.whole(), 'Hello')
    expect(rig.clock.elapsed()).toBeGreaterThanOrEqual(5_000)
    expect(rig.clock.elapsed()).toBeLessThan(7_000)
    expect((await rig.recorded()).error?.message).toContain('limits.idleMs')
  })

  test('fault 19: a whole answer that stalls is given by the next target', async () => {
    await using rig = await startRig(lane, { idleMs: 1_000 })
    const silence = gate()
    rig.a.script(either(eventStream([...begun, silence]), wholeThen(halfAnswer, silence)))
    rig.b.script(answering(fromB))
    const asking = rig.ask({ stream: false })
    await silence.reached
    expect(await rig.pass((await rig.a.received(1)).closed, 10_000)).toBeGreaterThanOrEqual(1_000)
    const record = await expectServedByB(rig, await asking, false)
    expect(record.attempts[0]?.error?.message).toContain('limits.idleMs')
  })

  describe.each([
    ['reset', reset()],
    ['cut', cut()],
  ])('%s', (how, trouble) => {
    const tool = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } } as const
    const call = sse(...chatChunks({ toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Os', 'lo"}'] }] }))
    const half = call.slice(0, -2) // without the last piece of the arguments and the finish reason

    test(`fault 20: a ${how} in the middle of tool arguments is an error frame, never a finished call`, async () => {
      await using rig = await startRig(lane)
      rig.a.script(eventStream([...half, trouble]))
      const answer = await rig.ask({ tools: [tool] })
      expectBroken(await answer.whole(), '')
      const { chunks } = readStream(answer.text)
      const pieces = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
      expect(pieces.map((piece) => piece.function?.arguments ?? '').join('')).toBe('{"city":"Os')
      expect(await rig.recorded()).toMatchObject({
        finishReason: undefined,
        error: { code: 'upstream_unavailable' },
        usage: { estimated: true },
      })
      expect(rig.b.requests).toHaveLength(0)
    })

    test(`fault 20: the OpenAI SDK throws for a ${how}, and finishes no call`, async () => {
      await using rig = await startRig(lane)
      rig.a.script(eventStream([...half, trouble]), eventStream([...half, trouble]))
      const messages = [{ role: 'user' as const, content: 'The weather?' }]
      const asked = { model: 'm', messages, tools: [tool] }
      const finished: unknown[] = []
      const helper = rig.sdk.chat.completions.stream(asked)
      helper.on('tool_calls.function.arguments.done', (event) => finished.push(event))
      await expect(helper.finalChatCompletion()).rejects.toThrow()
      expect(finished).toEqual([])

      const raw = await rig.sdk.chat.completions.create({ ...asked, stream: true })
      await expect(Array.fromAsync(raw)).rejects.toThrow()
    })

    test(`fault 20: a whole answer that is ${how} is given by the next target`, async () => {
      await using rig = await startRig(lane)
      rig.a.script(either(eventStream([...half, trouble]), wholeThen(halfAnswer, trouble)))
      rig.b.script(answering(fromB))
      await expectServedByB(rig, await rig.ask({ stream: false }), false)
    })
  })

  test.each<[string, Step[]]>([
    ['without a finish reason', begun],
    ['in the middle of an event', [...begun, hello[3]?.slice(0, 40) ?? '']],
    ['without a finish reason, but with [DONE]', [...begun, 'data: [DONE]\n\n']],
  ])('fault 21: a clean end %s is a failure', async (_how, steps) => {
    await using rig = await startRig(lane)
    rig.a.script(eventStream(steps))
    const answer = await rig.ask({ stream_options: { include_usage: true } })
    expect(expectBroken(await answer.whole(), 'Hello').code).toBe('upstream_protocol')
    expect(await rig.recorded()).toMatchObject({
      status: 200,
      finishReason: undefined,
      error: { code: 'upstream_protocol' },
      usage: { estimated: true, completion_tokens: 2 },
    })
  })

  test('fault 21: a whole answer without a finish reason is none', async () => {
    await using rig = await startRig(lane)
    const answer = wholeAnswer({ text: 'Hel' })
    const unfinished = { ...answer, choices: answer.choices.map((choice) => ({ ...choice, finish_reason: null })) }
    rig.a.script(either(eventStream(begun), jsonReply(unfinished)))
    rig.b.script(answering(fromB))
    await expectServedByB(rig, await rig.ask({ stream: false }), false)
  })

  test('fault 21: after a finish reason a missing [DONE] is made good', async () => {
    await using rig = await startRig(lane)
    rig.a.script(eventStream(hello))
    const seen = readStream(await (await rig.ask()).whole())
    expect(seen).toMatchObject({ content: 'Hello', finish: 'stop', isDone: true, error: undefined })
    expect((await rig.recorded()).error).toBeUndefined()
  })

  test.each<[string, Step[]]>([
    [
      'in pieces',
      sse(
        '[DONE]',
        ...chatChunks({ text: 'more', usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 } }),
        '[DONE]',
      ),
    ],
    ['in one piece', [sse('[DONE]', ...chatChunks({ text: 'more' }), '[DONE]').join('')]],
    ['with an error', sse('[DONE]', { error: { message: 'too late' } })],
    ['with what is no event', ['data: [DONE]\n\n<html>']],
    ['after all in one piece', []],
  ])('fault 23: events after [DONE] are ignored, %s', async (how, after) => {
    await using rig = await startRig(lane)
    const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 }
    const answer = sse(...chatChunks({ text: ['Hel', 'lo'], usage }))
    const late = sse('[DONE]', ...chatChunks({ text: 'more' }))
    rig.a.script(eventStream(how.startsWith('after') ? [[...answer, ...late].join('')] : [...answer, ...after]))
    const text = await (await rig.ask()).whole()
    expect(readStream(text)).toMatchObject({ content: 'Hello', finish: 'stop', isDone: true, error: undefined })
    expect(text.endsWith('}\n\ndata: [DONE]\n\n')).toBe(true)
    expect(await rig.recorded()).toMatchObject({ error: undefined, finishReason: 'stop', usage })
  })

  test('fault 23: an upstream that never stops after [DONE] is left', async () => {
    await using rig = await startRig(lane)
    const complete = [...hello, ...sse('[DONE]')]
    const more = sse(...chatChunks({ text: 'x'.repeat(10_000) })).join('')
    function* endless() {
      yield complete.join('')
      yield* repeated(more)
    }
    rig.a.script(eventStream(complete), { ...eventStream([]), body: endless() })
    const good = await (await rig.ask()).whole()
    const answer = await rig.ask()
    expect(await answer.whole()).toBe(good)
    expect(await rig.a.requests[1]?.closed).toBe('aborted')
  })
})
