import { chatChunks, eventStream, type FakeAnswer, sse, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import type { SeenCall } from './test-dialect-answers.ts'
import { clients, type DialectClient, responsesClient } from './test-dialect-clients.ts'
import { type DialectRig, pairs, startDialectRig } from './test-dialect-rig.ts'
import { messageEvents, named, replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'

// Whose tool call a piece belongs to, what it is called, and that it is known again in the next turn.

function kindOf(name: string): UpstreamKind {
  const kind = upstreamKinds.find((kind) => kind.name === name)
  if (!kind) throw new Error(`There is no kind ${name}`)
  return kind
}

const openai = kindOf('openai')
const kimi = kindOf('kimi markup')
const anthropic = kindOf('anthropic')

const dialects = clients.map((client) => ({ client, dialect: client.dialect }))

const twoCalls: FakeAnswer = {
  toolCalls: [
    { id: 'call_a', name: 'get_weather', arguments: ['{"city":', '"Oslo"}'] },
    { id: 'call_b', name: 'get_weather', arguments: ['{"city":', '"Rome"}'] },
  ],
  usage: tokens(1, 1),
}

/** A stream, and nothing in it that its grammar forbids. */
async function calls(rig: DialectRig, client: DialectClient, fields?: Record<string, unknown>) {
  const seen = client.read(await (await rig.send(client, fields)).whole())
  expect(seen).toMatchObject({ isComplete: true, error: undefined })
  expect(seen.calls.every(({ isDone }) => isDone)).toBe(true)
  expect(new Set(seen.calls.map(({ id }) => id)).size).toBe(seen.calls.length)
  return seen.calls
}

const asked = (calls: readonly SeenCall[]) => calls.map(({ name, arguments: text }) => [name, JSON.parse(text)])
const osloAndRome = [
  ['get_weather', { city: 'Oslo' }],
  ['get_weather', { city: 'Rome' }],
]

describe.each(dialects)('$dialect', ({ client }) => {
  test('fault 31: calls that are all numbered 0 are told apart by their ids', async () => {
    await using rig = await startDialectRig(openai)
    const chunks = chatChunks(twoCalls).map((chunk) => JSON.parse(JSON.stringify(chunk)))
    for (const { choices } of chunks) for (const call of choices[0]?.delta.tool_calls ?? []) call.index = 0
    rig.upstream.script(eventStream(sse(...chunks, '[DONE]')))
    expect(asked(await calls(rig, client))).toEqual(osloAndRome)
  })

  test('fault 31: calls whose pieces come in turns are put in order', async () => {
    await using rig = await startDialectRig(openai)
    const [role, a0, a1, a2, b0, b1, b2, ...end] = chatChunks(twoCalls)
    rig.upstream.script(eventStream(sse(role, a0, b0, a1, b1, b2, a2, ...end, '[DONE]')))
    expect(asked(await calls(rig, client))).toEqual(osloAndRome)
  })

  test.each<[string, (events: ReturnType<typeof messageEvents>) => object[]]>([
    ['a second message_start', ([start, ...rest]) => [start, start, ...rest] as object[]],
    [
      'blocks that are all numbered 0',
      (events) => events.map((event) => ('index' in event ? { ...event, index: 0 } : event)),
    ],
    ['blocks without a number', (events) => events.map(({ index: _, ...event }) => event)],
    ['blocks that never stop', (events) => events.filter(({ type }) => type !== 'content_block_stop')],
    ['a missing message_stop', (events) => events.slice(0, -1)],
  ])('fault 31: an Anthropic-style stream with %s is mended where it is translated', async (_what, broken) => {
    await using rig = await startDialectRig(anthropic)
    const events = broken(messageEvents({ ...twoCalls, text: ['Let me ', 'look.'] })) as { type: string }[]
    rig.upstream.script(eventStream(named(...events)))
    // With reasoning of ours in its history a request of Messages is not relayed.
    const history = { messages: [{ role: 'user', content: 'dg1.' }] }
    expect(asked(await calls(rig, client, client.dialect === 'messages' ? history : {}))).toEqual(osloAndRome)
    expect((await rig.recorded()).attempts[0]?.relayed).toBe(false)
  })

  test.each([
    ['in another case', 'Get_Weather', 'get_weather'],
    ['with a prefix', 'functions.get_weather', 'get_weather'],
    ['with a dash', 'get-weather', 'get_weather'],
    ['that fits none', 'buy_stock', 'buy_stock'],
  ])('fault 38: a name %s is mapped where one tool fits, and passed on otherwise', async (_how, name, expected) => {
    await using rig = await startDialectRig(kimi)
    rig.upstream.script(replyOf(kimi, { toolCalls: [{ name, arguments: '{"stock":"x"}' }], usage: tokens(1, 1) }))
    const [call] = await calls(rig, client)
    expect(call?.name).toBe(expected)
  })

  test.each([
    ['twice the same', ['call_a', 'call_a']],
    ['missing', ['', '']],
    ['very long', [`a${'x'.repeat(200)}`, `b${'x'.repeat(200)}`]],
    ["of signs that Anthropic's clients do not take", ['functions.get_weather:0', 'functions.get_weather:1']],
  ])('fault 39: ids that are %s become unique and are known again in the next turn', async (_what, ids) => {
    await using rig = await startDialectRig(openai)
    const answer = {
      ...twoCalls,
      toolCalls: (twoCalls.toolCalls ?? []).map((call, i) => ({ ...call, id: ids[i] })),
    }
    rig.upstream.script(replyOf(openai, answer), replyOf(openai, { text: 'fine', usage: tokens(1, 1) }))
    const seen = await calls(rig, client)
    if (client.dialect === 'messages') for (const { id } of seen) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/)
    expect(asked(seen)).toEqual(osloAndRome)
    const answered = await rig.send(client, client.next(seen, ['sunny', 'rainy']))
    expect(client.read(await answered.whole()).content).toBe('fine')
    const [, assistant, ...results] = rig.upstream.requests[1]?.json.messages ?? []
    const sent = assistant.tool_calls.map(({ id }: { id: string }) => id)
    expect(new Set(sent).size).toBe(2)
    expect(results).toEqual([
      { role: 'tool', tool_call_id: sent[0], content: 'sunny' },
      { role: 'tool', tool_call_id: sent[1], content: 'rainy' },
    ])
    const given = ids.filter(Boolean)
    // What the upstream made itself, and was unique, it gets back as it was.
    if (new Set(given).size === 2) expect(sent).toEqual(given)
  })

  test.each([
    ['very long', [`a${'x'.repeat(200)}`, `b${'x'.repeat(200)}`]],
    ["of signs that Anthropic's API does not take", ['functions.get_weather:0', 'functions get_weather/1']],
  ])("fault 39: ids that are %s are written as Anthropic's API takes them, in pairs", async (_what, ids) => {
    await using rig = await startDialectRig(anthropic)
    rig.upstream.script(replyOf(anthropic, { text: 'fine', usage: tokens(1, 1) }))
    const given = ids.map((id, i) => ({ id, name: 'get_weather', arguments: `{"city":"${i}"}`, isDone: true }))
    // Where Messages are relayed, ids are between the client and the service.
    const mark = client.dialect === 'messages' ? { system: 'dg1.' } : {}
    const answered = await rig.send(client, { ...client.next(given, ['sunny', 'rainy']), ...mark })
    expect(client.read(await answered.whole()).content).toBe('fine')
    const [, assistant, results] = rig.upstream.requests[0]?.json.messages ?? []
    const sent = assistant.content.map(({ id }: { id: string }) => id)
    for (const id of sent) expect(id).toMatch(/^[a-zA-Z0-9_-]+$/)
    expect(new Set(sent).size).toBe(2)
    expect(results.content.map((block: Record<string, unknown>) => [block.tool_use_id, block.content])).toEqual([
      [sent[0], 'sunny'],
      [sent[1], 'rainy'],
    ])
  })
})

const streamedByParts = pairs.filter(({ kind }) => kind.name !== 'responses')

test.each(streamedByParts)(
  'fault 37: a call that the token limit cut is told as cut: $pair',
  async ({ client, kind }) => {
    await using rig = await startDialectRig(kind)
    const toolCalls = [{ name: 'get_weather', arguments: ['{"city":', '"Os'] }]
    rig.upstream.always(replyOf(kind, { text: 'Let me look.', toolCalls, finish: 'length', usage: tokens(1, 1) }))
    const seen = client.read(await (await rig.send(client)).whole())
    const stops = { chat: 'length', responses: 'max_output_tokens', messages: 'max_tokens' }
    expect(seen).toMatchObject({ content: 'Let me look.', error: undefined, stop: stops[client.dialect] })
    for (const { arguments: text } of seen.calls) expect('{"city":"Os'.startsWith(text.trim())).toBe(true)
    if (kind.relays === client.dialect) return
    const whole = JSON.parse(await (await rig.send(client, { stream: false })).whole())
    const { content, calls } = client.readWhole(whole)
    expect(content).toBe('Let me look.')
    for (const { arguments: text } of calls) expect('{"city":"Os'.startsWith(text.trim())).toBe(true)
    // An input of Messages is an object: half of one is none.
    if (client.dialect === 'messages') expect([whole.stop_reason, calls]).toEqual(['max_tokens', []])
  },
)

test.each([
  ['no JSON', 'city: Oslo'],
  ['a list', '["Oslo"]'],
  ['half of an object, though the model had come to its end', '{"city":'],
])('messages: arguments that are %s are an error, and no invented input', async (_what, text) => {
  await using rig = await startDialectRig(openai)
  rig.upstream.always(replyOf(openai, { toolCalls: [{ name: 'get_weather', arguments: [text] }], usage: tokens(1, 1) }))
  const [, , messages] = clients
  const streamed = await rig.send(messages)
  const seen = messages.read(await streamed.whole())
  expect(seen).toMatchObject({ isComplete: false, error: { type: 'api_error' } })
  expect(seen.calls.filter(({ isDone }) => isDone)).toEqual([])
  const whole = await rig.send(messages, { stream: false })
  expect(whole.status).toBe(502)
  expect(messages.readError(JSON.parse(await whole.whole())).message).toContain('get_weather')
})

test.each(clients.map((client) => ({ client, dialect: client.dialect })))(
  'no arguments are an empty object where one is expected ($dialect)',
  async ({ client }) => {
    await using rig = await startDialectRig(openai)
    rig.upstream.always(replyOf(openai, { toolCalls: [{ name: 'get_weather', arguments: '' }], usage: tokens(1, 1) }))
    const [call] = await calls(rig, client)
    expect(JSON.parse(call?.arguments || '{}')).toEqual({})
    const whole = client.readWhole(JSON.parse(await (await rig.send(client, { stream: false })).whole()))
    expect(JSON.parse(whole.calls[0]?.arguments || '{}')).toEqual({})
  },
)

test.each(pairs)('fault 39: two turns of calls keep their ids apart: $pair', async ({ client, kind }) => {
  await using rig = await startDialectRig(kind)
  const once: FakeAnswer = { toolCalls: [{ name: 'get_weather', arguments: '{"city":"Oslo"}' }], usage: tokens(1, 1) }
  rig.upstream.always(replyOf(kind, once))
  const first = await calls(rig, client)
  const second = await calls(rig, client, client.next(first, ['sunny']))
  expect(asked([...first, ...second])).toHaveLength(2)
})

test('fault 38: a name of a namespace in another case finds its way back to the namespace', async () => {
  await using rig = await startDialectRig(kimi)
  const toolCalls = [{ name: 'Agents__Spawn', arguments: '{"stock":"x"}' }]
  rig.upstream.script(replyOf(kimi, { toolCalls, usage: tokens(1, 1) }))
  const tools = [{ type: 'namespace', name: 'agents', tools: [{ type: 'function', name: 'spawn' }] }]
  const answer = await rig.send(responsesClient, { stream: false, tools })
  const { output } = JSON.parse(await answer.whole())
  expect(output).toMatchObject([{ type: 'function_call', name: 'spawn', namespace: 'agents' }])
})
