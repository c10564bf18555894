import Anthropic from '@anthropic-ai/sdk'
import { chatChunks, eventStream, type FakeAnswer, gate, reset, tokens } from '@dragoman/testkit'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import type { DialectClient } from './test-dialect-clients.ts'
import { type DialectRig, pairs, startDialectRig } from './test-dialect-rig.ts'
import { type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'
import { turns } from './test-stream-rig.ts'

// What a client gets while its upstream says nothing: frames that its dialect has for it, between whole frames only.

const heartbeatMs = 15_000
const answer: FakeAnswer = { text: ['Hel', 'lo'], usage: tokens(4, 2) }
const call: FakeAnswer = { toolCalls: [{ name: 'get_weather', arguments: ['{"city":', '"Oslo"}'] }] }

/** The frame that stands for "still there". */
const silenceFrame = {
  chat: ': keepalive\n\n',
  responses: 'event: keepalive\n',
  messages: 'event: ping\ndata: {"type":"ping"}\n\n',
}

/** A stream that waits at a gate before the nth of its events. */
function held(kind: UpstreamKind, said: FakeAnswer, at: number) {
  const silence = gate()
  const events = kind.events(said)
  return { silence, reply: eventStream([...events.slice(0, at), silence, ...events.slice(at)]) }
}

/** One heartbeat's worth of silence; the frames have been written after it. */
async function beat({ clock }: DialectRig): Promise<void> {
  await clock.advance(heartbeatMs)
  await turns()
}

const startQuietRig = (kind: UpstreamKind) => startDialectRig(kind, { gatewayLimits: { heartbeatMs } })

const countOf = (text: string, client: DialectClient) => text.split(silenceFrame[client.dialect]).length - 1

/** Events after which the last word, or the last piece of arguments, is still to come. */
function beforeLast(kind: UpstreamKind, said: FakeAnswer): number {
  return kind.events({ ...said, finish: null }).length - 1
}

describe.each(pairs)('$pair', ({ client, kind }) => {
  test('before the first output the head leaves with the first heartbeat, and the answer follows whole', async () => {
    await using rig = await startQuietRig(kind)
    const { silence, reply } = held(kind, answer, 0)
    rig.upstream.script(reply)
    const asking = rig.send(client)
    await silence.reached
    await beat(rig)
    const streamed = await asking
    expect(streamed.status).toBe(200)
    await beat(rig)
    await beat(rig)
    const early = streamed.text
    if (client.dialect === 'responses' && kind.relays === 'responses') {
      // The upstream's own first event is still to come, and nothing of another response may stand before it.
      expect(early).toBe(': keepalive\n\n'.repeat(3))
      silence.open()
      expect(client.read((await streamed.whole()).replaceAll(': keepalive\n\n', ''))).toMatchObject({
        content: 'Hello',
        isComplete: true,
      })
      return
    }
    if (client.dialect === 'responses') {
      // Its first heartbeat is what every stream of it begins with.
      expect(client.read(early)).toMatchObject({
        events: ['response.created', 'response.in_progress', 'keepalive', 'keepalive'],
      })
    } else expect(early).toBe(silenceFrame[client.dialect].repeat(3))
    silence.open()
    const seen = client.read(await streamed.whole())
    expect(seen).toMatchObject({ content: 'Hello', isComplete: true, error: undefined })
    expect(streamed.text.startsWith(early)).toBe(true)
  })

  test.each([
    ['the text', answer, 'Hello'],
    ['the arguments of a call', call, ''],
  ])('a silence inside %s is filled between whole frames', async (_where, said, content) => {
    await using rig = await startQuietRig(kind)
    const { silence, reply } = held(kind, said, beforeLast(kind, said))
    rig.upstream.script(reply)
    const streamed = await rig.send(client)
    await silence.reached
    await turns()
    for (const beats of [1, 2, 3]) {
      await beat(rig)
      expect(countOf(streamed.text, client)).toBe(beats)
    }
    silence.open()
    const seen = client.read(await streamed.whole())
    expect(seen).toMatchObject({ content, isComplete: true, heartbeats: 3, error: undefined })
    if (said === call) {
      expect(seen.calls).toMatchObject([{ name: 'get_weather', arguments: '{"city":"Oslo"}', isDone: true }])
    }
  })

  test('a failure behind a heartbeat is an error in the stream, since the status has left', async () => {
    await using rig = await startQuietRig(kind)
    const silence = gate()
    rig.upstream.script({
      status: 503,
      before: [silence],
      body: JSON.stringify(kind.errorBody('Down for maintenance')),
    })
    const asking = rig.send(client)
    await silence.reached
    await beat(rig)
    const streamed = await asking
    silence.open()
    const seen = client.read((await streamed.whole()).replaceAll(': keepalive\n\n', ''))
    expect(streamed.status).toBe(200)
    expect(seen).toMatchObject({ content: '', calls: [], isComplete: false, error: { message: expect.any(String) } })
    if (client.dialect === 'responses' && kind.relays !== 'responses') {
      expect(seen.events).toEqual(['response.created', 'response.in_progress', 'response.failed'])
      expect(responseIds(streamed.text).size).toBe(1)
    }
  })

  test('a reset behind a heartbeat is one too', async () => {
    await using rig = await startQuietRig(kind)
    const silence = gate()
    rig.upstream.script(eventStream([...kind.events({ text: ['Hel'], finish: null }), silence, reset()]))
    const streamed = await rig.send(client)
    await silence.reached
    await turns()
    await beat(rig)
    silence.open()
    const seen = client.read(await streamed.whole())
    expect(seen).toMatchObject({ content: 'Hel', isComplete: false, heartbeats: 1 })
    expect(seen.error).toBeDefined()
  })

  test('a whole answer has no heartbeats: its status is still open', async () => {
    await using rig = await startQuietRig(kind)
    const silence = gate()
    const reply = { status: 500, before: [silence], body: '{}' }
    rig.upstream.script(reply)
    const asking = rig.send(client, { stream: false })
    await silence.reached
    await beat(rig)
    await beat(rig)
    silence.open()
    expect((await asking).status).toBe(502)
  })
})

describe.each(upstreamKinds.map((kind) => ({ kind, over: kind.name })))('over $over', ({ kind }) => {
  test.each([
    ['before the first output', 0],
    ['in the middle', beforeLast(kind, answer)],
  ])("the official SDKs' helpers pass over heartbeats %s", async (_where, at) => {
    await using rig = await startQuietRig(kind)
    const openai = new OpenAI({ apiKey: '-', baseURL: `${rig.server.url}/v1`, maxRetries: 0 })
    const anthropic = new Anthropic({ apiKey: '-', baseURL: rig.server.url, maxRetries: 0 })
    const message = { model: 'm', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] }
    for (const [ask, expected] of [
      [
        () => openai.responses.stream({ model: 'm', input: 'Hello', store: false }).finalResponse(),
        { status: 'completed', output: [{ content: [{ text: 'Hello' }] }] },
      ],
      [() => anthropic.messages.stream(message).finalMessage(), { content: [{ text: 'Hello' }] }],
      [
        () => openai.chat.completions.stream({ model: 'm', messages: message.messages }).finalChatCompletion(),
        { choices: [{ message: { content: 'Hello' } }] },
      ],
    ] as const) {
      const { silence, reply } = held(kind, answer, at)
      rig.upstream.script(reply)
      const asking: Promise<object> = ask()
      await silence.reached
      for (let beats = 0; beats < 3; beats++) await beat(rig)
      silence.open()
      expect(await asking).toMatchObject(expected)
    }
  })
})

test('the id and the model of a Responses stream stay what its first heartbeat said', async () => {
  const pair = pairs.find(({ client }) => client.dialect === 'responses')
  if (!pair) throw new Error('There is no pair of Responses')
  await using rig = await startQuietRig(pair.kind)
  const silence = gate()
  rig.upstream.script(
    eventStream([silence, ...chatChunks(answer).map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)]),
  )
  const asking = rig.send(pair.client)
  await silence.reached
  await beat(rig)
  const streamed = await asking
  silence.open()
  expect(responseIds(await streamed.whole()).size).toBe(1)
  const models = [...streamed.text.matchAll(/"model":"([^"]*)"/g)].map(([, model]) => model)
  expect(new Set(models)).toEqual(new Set(['m']))
})

function responseIds(text: string): Set<string | undefined> {
  return new Set([...text.matchAll(/"response":\{"id":"([^"]*)"/g)].map(([, id]) => id))
}
