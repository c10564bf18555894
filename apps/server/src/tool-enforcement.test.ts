import { eventStream, type FakeAnswer, gate, tokens } from '@dragoman/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { model as frontModel, startFront } from './compatibility/test-front.ts'
import { type UpstreamKind as FrontKind, upstreamKinds as frontKinds } from './compatibility/test-upstreams.ts'
import { clients, type DialectClient } from './faults/test-dialect-clients.ts'
import { type DialectRig, type DialectRigOptions, pairs, startDialectRig } from './faults/test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './faults/test-dialect-upstreams.ts'
import { turns } from './faults/test-stream-rig.ts'

// A tool call is insisted on, as clients of every dialect see it, over every kind of upstream.

const talks: FakeAnswer = { reasoning: 'Rain?', text: 'Let me look.', usage: tokens(10, 3) }
const looks: FakeAnswer = { toolCalls: [{ name: 'get_weather', arguments: { city: 'Oslo' } }], usage: tokens(20, 5) }
const ends: FakeAnswer = {
  toolCalls: [{ name: 'done', arguments: { final_answer: 'It rains.' } }],
  usage: tokens(30, 7),
}
const both: FakeAnswer = { toolCalls: [...(ends.toolCalls ?? []), ...(looks.toolCalls ?? [])], usage: tokens(1, 1) }

const stops = { chat: 'stop', responses: 'completed', messages: 'end_turn' }
const callStops = { chat: 'tool_calls', responses: 'completed', messages: 'tool_use' }
const insisting: DialectRigOptions = { deployment: { ensureToolCall: true } }

interface Seen {
  readonly text: string
  readonly content: string
  readonly calls: readonly [string, unknown][]
}

/** What a client sees of an answer, which is a clean one by the grammar of its dialect. */
async function seen(rig: DialectRig, client: DialectClient, stream: boolean, fields = {}): Promise<Seen> {
  const answer = await rig.send(client, { stream, ...fields })
  const text = await answer.whole()
  expect([answer.status, answer.headers['x-gateway-tool-enforcement']]).toEqual([200, undefined])
  const read = stream ? client.read(text) : client.readWhole(JSON.parse(text))
  if ('isComplete' in read) expect(read).toMatchObject({ isComplete: true, error: undefined })
  return {
    text,
    content: read.content,
    calls: read.calls.map(({ name, arguments: given }) => [name, JSON.parse(given)]),
  }
}

/** Everything that a model was told by the system. */
function toldIn(json: Record<string, unknown>): string {
  const { system, instructions, messages, input } = json
  const turns = [messages, input].flatMap((list) => (Array.isArray(list) ? list : []))
  return JSON.stringify([system, instructions, turns.filter(({ role }) => role === 'system' || role === 'developer')])
}

describe.each(pairs)('$pair', ({ client, kind }) => {
  let rig: DialectRig
  beforeAll(async () => {
    rig = await startDialectRig(kind, insisting)
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  test.each([false, true])('a text is asked about again, until there is a call (stream: %s)', async (stream) => {
    rig.upstream.script(replyOf(kind, talks), replyOf(kind, looks))
    expect(await seen(rig, client, stream)).toMatchObject({ content: '', calls: [['get_weather', { city: 'Oslo' }]] })
    const [first, second] = rig.upstream.requests.slice(-2).map(({ json }) => json)
    expect(JSON.stringify(first.tools)).toContain('"done"')
    // Some services refuse a forced call while they think.
    expect(JSON.stringify(first.tool_choice ?? 'auto')).toContain('auto')
    expect(toldIn(first)).toMatch(/Always reply with a tool call/)
    expect(toldIn(first)).not.toContain('Reminder')
    expect(toldIn(second)).toContain('Reminder 1')
    expect(JSON.stringify(second)).not.toContain('Let me look.')
    const { usage, attempts } = await rig.recorded(rig.records.length)
    expect(usage).toMatchObject({ prompt_tokens: 30, completion_tokens: 8 })
    expect(attempts).toMatchObject([{ rounds: 2, relayed: false, parsedBecause: 'a tool call is insisted on' }])
  })

  test.each([false, true])('the final answer is the text, and done is nowhere (stream: %s)', async (stream) => {
    rig.upstream.script(replyOf(kind, ends), replyOf(kind, both))
    const alone = await seen(rig, client, stream)
    expect(alone).toMatchObject({ content: 'It rains.', calls: [] })
    expect(alone.text).toContain(stops[client.dialect])
    // Beside another call it is a word before that.
    const beside = await seen(rig, client, stream)
    expect(beside).toMatchObject({ content: 'It rains.', calls: [['get_weather', { city: 'Oslo' }]] })
    expect(beside.text).toContain(callStops[client.dialect])
    expect(alone.text + beside.text).not.toContain('"done"')
  })
})

const openai = upstreamKinds.find(({ name }) => name === 'openai') as UpstreamKind

describe.each(clients)('$dialect', (client) => {
  test.each([false, true])('a client may say that it wants no call (stream: %s)', async (stream) => {
    await using rig = await startDialectRig(openai, insisting)
    rig.upstream.always(replyOf(openai, { text: 'Hello.' }))
    const none = client.dialect === 'messages' ? { type: 'none' } : 'none'
    expect((await seen(rig, client, stream, { tool_choice: none })).content).toBe('Hello.')
    const off = await rig.send(client, { stream }, { headers: { 'x-gateway-ensure-tool-call': 'off' } })
    expect(await off.whole()).toContain('Hello.')
    expect(rig.upstream.requests).toHaveLength(2)
  })

  test('while the turn is held reasoning streams, and heartbeats stand for the rest', async () => {
    const heartbeatMs = 15_000
    await using rig = await startDialectRig(openai, { ...insisting, gatewayLimits: { heartbeatMs } })
    const silence = gate()
    const events = openai.events(talks)
    rig.upstream.script(eventStream([...events.slice(0, -2), silence, ...events.slice(-2)]), replyOf(openai, looks))
    const answer = await rig.send(client)
    await silence.reached
    await answer.until(client.dialect === 'chat' ? 'Rain?' : 'event: ')
    for (let i = 0; i < 3; i++) {
      await rig.clock.advance(heartbeatMs)
      await turns()
    }
    expect(answer.text).not.toContain('Let me')
    silence.open()
    const read = client.read(await answer.whole())
    expect(read).toMatchObject({ content: '', isComplete: true, calls: [{ name: 'get_weather' }] })
    expect(read.heartbeats).toBeGreaterThanOrEqual(3)
  })

  test.each([false, true])('a turn that is over is answered with nothing (stream: %s)', async (stream) => {
    const ensureToolCall = { answerFinished: true, finishedBy: ['get_weather'] }
    await using rig = await startDialectRig(openai, { deployment: { ensureToolCall } })
    rig.upstream.always(replyOf(openai, looks))
    const call = { id: 'call_1', name: 'get_weather', arguments: '{}', isDone: true }
    const conversation = client.next([call], ['rain'])
    // The same, with a word beside the call that says that the work is done.
    const over = JSON.parse(
      JSON.stringify(conversation)
        .replace('"content":null', '"content":"A summary."')
        .replace('[{"type":"tool_use"', '[{"type":"text","text":"A summary."},{"type":"tool_use"')
        .replace('{"type":"function_call"', '{"role":"assistant","content":"A summary."},{"type":"function_call"'),
    )
    expect((await seen(rig, client, stream, conversation)).calls).toHaveLength(1)
    expect(await seen(rig, client, stream, over)).toMatchObject({ content: '', calls: [] })
    expect(rig.upstream.requests).toHaveLength(1)
    expect((await rig.recorded(2)).attempts).toMatchObject([{ rounds: 0, relayed: false }])
  })

  test.each([false, true])('tools may be prompted, and insisted on (stream: %s)', async (stream) => {
    await using rig = await startDialectRig(openai, { deployment: { promptTools: true, ensureToolCall: true } })
    const written = (name: string, given: object) =>
      `\`\`\`json\n{"tool_calls": [{"function": {"name": "${name}", "arguments": ${JSON.stringify(given)}}}]}\n\`\`\``
    const said = ['Hm.', written('get_weather', { city: 'Oslo' }), written('done', { final_answer: 'It rains.' })]
    rig.upstream.script(...said.map((text) => replyOf(openai, { text: text.match(/[\s\S]{1,6}/g) ?? [] })))
    const first = await seen(rig, client, stream)
    expect(first).toMatchObject({ content: '', calls: [['get_weather', { city: 'Oslo' }]] })
    const [call] = first.calls
    const calls = [{ id: 'call_1', name: call?.[0] ?? '', arguments: JSON.stringify(call?.[1]), isDone: true }]
    expect(await seen(rig, client, stream, client.next(calls, ['rain']))).toMatchObject({
      content: 'It rains.',
      calls: [],
    })
    for (const { json } of rig.upstream.requests) {
      expect(json).not.toHaveProperty('tools')
      expect(json.messages.every((message: object) => !('tool_calls' in message))).toBe(true)
    }
    expect(JSON.stringify(rig.upstream.requests[2]?.json.messages)).toContain('<tool_result')
  })
})

describe('by the configuration', () => {
  const [chatClient] = clients
  const kind = frontKinds[0] as FrontKind

  test.each([false, true])('a deployment insists, and prompts (prompted: %s)', async (promptTools) => {
    await using front = await startFront(kind, { ensureToolCall: { attempts: 2 }, promptTools })
    front.answers(talks, talks)
    const response = await fetch(`${front.url}${chatClient.path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${front.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(chatClient.ask({ model: frontModel, stream: false })),
    })
    expect(response.headers.get('x-gateway-tool-enforcement')).toBe('exhausted')
    expect(chatClient.readWhole(await response.json()).content).toBe('Let me look.')
    expect(front.requests.map(({ json }) => json.tools?.length)).toEqual(promptTools ? [undefined, undefined] : [2, 2])
  })
})
