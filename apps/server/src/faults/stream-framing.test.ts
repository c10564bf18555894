import type { Usage } from '@dragoman/openai-schema'
import {
  chatChunks,
  chatStream,
  completion,
  eventStream,
  everyCut,
  everyEvent,
  loadFixtures,
  replay,
  seededCuts,
  sse,
  tokens,
} from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { either, lanes, readStream, startRig } from './test-stream-rig.ts'

// What an upstream may do to the form of its answer without changing what it says. How each byte offset is decoded is
// tested in process, by the suite of the provider; here the pieces go through sockets and out to a client.

const usage = tokens(12, 9)
const textOfManyBytes = ['Grüße, ', '你好，世界 ', '👩🏽‍🚀🏴󠁧󠁢󠁳󠁣󠁴󠁿', ' \u2028 e\u0301 \\u00e9 ﷽']
const manyBytes = sse(...chatChunks({ text: textOfManyBytes, usage }), '[DONE]').join('')
const withCalls = sse(
  ...chatChunks({
    reasoning: ['Das Wetter', ' in Ålesund'],
    toolCalls: [
      { name: 'get_weather', arguments: ['{"city":"Å', 'le', 'sund 🌧"}'] },
      { name: 'now', arguments: '{}' },
    ],
    usage,
  }),
  '[DONE]',
).join('')

const recorded = loadFixtures(new URL('../../../../packages/provider-openai-compatible/fixtures/', import.meta.url))
  .filter(({ options, request }) => Object.keys(options).length === 0 && !request.functions)
  .flatMap(({ name, responses: [response] }) => (response ? [{ name, response }] : []))
  .filter(({ response }) => response.status === 200 && `${response.headers['content-type']}`.startsWith('text/event'))
const golden = [
  ...[
    ['text of many bytes', manyBytes],
    ['reasoning and calls', withCalls],
  ].map(([name = '', body = '']) => ({
    name,
    response: { status: 200, headers: { 'content-type': 'text/event-stream' }, body: Buffer.from(body) },
  })),
  ...recorded,
]

describe.each(lanes)('%s', (lane) => {
  test.each(golden)('fault 24: $name, cut anywhere, is the same bytes at the client', async ({ response }) => {
    await using rig = await startRig(lane)
    const cuts = [[response.body], everyEvent(response.body), ...seededCuts(response.body, 24, 8)]
    rig.a.script(...cuts.map((pieces) => replay(response, pieces)))
    const answers: { status: number; text: string }[] = []
    for (const _ of cuts) {
      const answer = await rig.ask({ model: 'a/m', stream_options: { include_usage: true } })
      answers.push({ status: answer.status, text: withoutOwnIds(await answer.whole()) })
    }
    expect(new Set(answers.map(({ status }) => status)).size).toBe(1)
    for (const { text } of answers) expect(text).toBe(answers[0]?.text)
    if (answers[0]?.status === 200) readStream(answers[0].text)
  })

  test('fault 24: many bytes arrive as they were written, also when an offset inside a character is where they part', async () => {
    await using rig = await startRig(lane)
    const events = sse(...chatChunks({ text: 'é👩🏽‍🚀', usage }), '[DONE]')
    const body = events.join('')
    const first = Buffer.from(body.slice(0, body.indexOf('é'))).length
    // From before the first character to behind the last: every offset inside and between them.
    const cuts = everyCut(body).filter(([head]) => head && head.length >= first && head.length <= first + 17)
    rig.a.script(...cuts.map((pieces) => eventStream(pieces)))
    for (const _ of cuts) {
      // All but the usage that this client did not ask for.
      expect(await (await rig.ask()).whole()).toBe([...events.slice(0, -2), ...events.slice(-1)].join(''))
    }
    expect(cuts).toHaveLength(18)
  })

  const plain = sse(...chatChunks({ text: ['One', ' and ', 'twø'], usage }), '[DONE]')
  const pretty = [...chatChunks({ text: ['One', ' and ', 'twø'], usage })].map((chunk) =>
    JSON.stringify(chunk, null, 1),
  )
  const odd: [string, string][] = [
    ['line ends of two characters', plain.join('').replaceAll('\n', '\r\n')],
    ['carriage returns as line ends', plain.join('').replaceAll('\n', '\r')],
    ['mixed line ends', plain.map((event, i) => (i % 2 ? event : event.replaceAll('\n', '\r\n'))).join('')],
    ['comments between events', plain.map((event) => `: keepalive\n\n${event}`).join('')],
    ['comments inside events', plain.map((event) => `:\n${event}`).join(': processing\n')],
    ['no space after data:', plain.join('').replaceAll('data: ', 'data:')],
    ['several data lines', sse(...pretty, '[DONE]').join('')],
    ['a byte order mark', `\uFEFF${plain.join('')}`],
    ['no blank line at its end', plain.join('').trimEnd()],
    ['no blank line and no [DONE]', plain.slice(0, -1).join('').trimEnd()],
    ['names and ids', plain.map((event, i) => `event: message\nid: ${i}\nretry: 1000\n${event}`).join('')],
    ['fields behind the data', plain.map((event, i) => `${event.trimEnd()}\nid: ${i}\nfoo: bar\nbaz\n\n`).join('')],
    ['empty lines in plenty', `\n\n\n${plain.join('\n\n\n')}\n\n`],
    ['events without data', plain.map((event) => `event: ping\n\n${event}data:\n\n`).join('')],
    [
      'all of it',
      `\uFEFF${plain.map((event, i) => `:\r\nid: ${i}\r\n${event.replace('data: ', 'data:').replaceAll('\n', '\r\n')}`).join('')}`,
    ],
  ]
  test.each(odd)('fault 25: %s: the client gets a clean stream with the same chunks', async (_what, body) => {
    await using rig = await startRig(lane)
    const expected = readStream(plain.join(''))
    for (const pieces of [[Buffer.from(body)], everyEvent(body), ...seededCuts(body, 25, 3)]) {
      rig.a.script(eventStream(pieces))
      const text = await (await rig.ask({ stream_options: { include_usage: true } })).whole()
      const seen = readStream(text)
      expect(seen).toMatchObject({ isDone: true, error: undefined })
      // A relay does not write an event anew that is within the standard.
      if (lane === 'parsed') expect(text).toMatch(/^(data: .+\n\n)+$/)
      expect(seen.chunks).toEqual(expected.chunks)
    }
    const record = await rig.recorded()
    expect(record).toMatchObject({ finishReason: 'stop', usage, error: undefined })
  })

  const answer = chatChunks({ text: ['Hel', 'lo'] })
  const finishChunk = answer.at(-1)
  const onlyUsage = (given: unknown) => ({ ...finishChunk, choices: [], usage: given })
  const [choice] = finishChunk?.choices ?? []
  const zero = tokens(0, 0)
  const estimate = { completion_tokens: 2, estimated: true }
  const usages: [string, readonly unknown[], Partial<Usage>][] = [
    ['as it should be', [...answer, onlyUsage(usage)], usage],
    ['absent', answer, estimate],
    ['null everywhere', answer.map((chunk) => ({ ...chunk, usage: null })), estimate],
    ['all zero', [...answer, onlyUsage(zero)], estimate],
    ['in the finish chunk', [...answer.slice(0, -1), { ...finishChunk, usage }], usage],
    ['twice', [...answer, onlyUsage(tokens(1, 1)), onlyUsage(usage)], usage],
    ['once more, all zero', [...answer, onlyUsage(usage), onlyUsage(zero)], usage],
    ['in every chunk, growing', answer.map((chunk, i) => ({ ...chunk, usage: tokens(12, i) })), tokens(12, 3)],
  ]
  if (lane === 'parsed') {
    // An upstream that is conformant does not do this: in the relay it would go on as it came.
    usages.push([
      'inside the choice',
      [...answer.slice(0, -1), { ...finishChunk, choices: [{ ...choice, usage }] }],
      usage,
    ])
  }

  test.each(usages)(
    'fault 30: usage %s: in the record, and shown to a client that asked',
    async (_where, chunks, expected) => {
      await using rig = await startRig(lane)
      rig.a.always(eventStream(sse(...chunks, '[DONE]')))
      const asked = readStream(await (await rig.ask({ stream_options: { include_usage: true } })).whole())
      expect(asked).toMatchObject({ content: 'Hello', isDone: true, usage: expected })
      expect(asked.chunks.at(-1)).toMatchObject({ choices: [], usage: expected })

      const silent = readStream(await (await rig.ask({ stream_options: null })).whole())
      expect(silent).toMatchObject({ content: 'Hello', isDone: true })
      expect(silent.chunks.filter(({ choices }) => choices.length === 0)).toEqual([])
      if (lane === 'parsed') expect(silent.usage).toBeUndefined()

      for (const n of [1, 2]) {
        const record = await rig.recorded(n)
        expect(record.usage).toMatchObject(expected)
        if (!expected.estimated) expect(record.usage).not.toHaveProperty('estimated')
      }
    },
  )

  test.each([undefined, null, {}, { include_usage: false }, { include_usage: true, include_obfuscation: false }])(
    'fault 30: the upstream is always asked for its usage, where the client sends %j',
    async (stream_options) => {
      await using rig = await startRig(lane)
      rig.a.always(chatStream({ text: 'Hello', usage }))
      const seen = readStream(await (await rig.ask({ stream_options })).whole())
      const { json } = await rig.a.received(1)
      expect(json).toMatchObject({ stream: true, stream_options: { ...stream_options, include_usage: true } })
      expect(seen.usage).toEqual(stream_options?.include_usage ? usage : undefined)
      expect((await rig.recorded()).usage).toEqual(usage)
    },
  )

  test.each<[string, Usage | undefined, Partial<Usage>]>([
    ['reported', usage, usage],
    ['absent', undefined, { completion_tokens: 2, estimated: true }],
    ['all zero', zero, { completion_tokens: 2, estimated: true }],
  ])('fault 30: of a whole answer, usage %s', async (_how, reported, expected) => {
    await using rig = await startRig(lane)
    const said = { text: 'Hello', ...(reported && { usage: reported }) }
    rig.a.script(either(chatStream(said), completion(said)))
    const whole = await (await rig.ask({ stream: false })).whole()
    expect(JSON.parse(whole).usage).toMatchObject(expected)
    expect((await rig.recorded()).usage).toMatchObject(expected)
    expect((await rig.a.received(1)).json.stream_options?.include_usage ?? lane === 'relayed').toBe(true)
  })
})

// Not in the relay: an upstream that is declared conformant does none of this.
describe('parsed', () => {
  const envelope = { id: 'chatcmpl-a', object: 'chat.completion.chunk', created: 1, model: 'm' }
  const deltas = (...given: unknown[]) => [
    ...given.map((delta) => ({ ...envelope, choices: [{ index: 0, delta, finish_reason: null }] })),
    { ...envelope, choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
  ]
  const calls = (...tool_calls: unknown[]) => ({ tool_calls })
  const named = (name: string, args = '') => ({ type: 'function', function: { name, arguments: args } })
  const piece = (args: string) => ({ function: { arguments: args } })
  const role = { role: 'assistant', content: null }
  const oslo = ['get_weather', '{"city":"Oslo"}']
  const now = ['now', '{}']

  test.each([
    [
      'the index is always 0',
      deltas(
        role,
        calls({ index: 0, id: 'call_1', ...named('get_weather') }),
        calls({ index: 0, ...piece('{"city":') }),
        calls({ index: 0, ...piece('"Oslo"}') }),
        calls({ index: 0, id: 'call_2', ...named('now', '{}') }),
      ),
      [oslo, now],
    ],
    [
      'the id is repeated in each delta',
      deltas(
        role,
        calls({ index: 0, id: 'call_1', ...named('get_weather', '{"city":') }),
        calls({ index: 0, id: 'call_1', ...named('get_weather', '"Oslo"}') }),
        calls({ index: 1, id: 'call_2', ...named('now', '{}') }),
      ),
      [oslo, now],
    ],
    [
      'two calls have one id',
      deltas(
        role,
        calls({ index: 0, id: 'call_1', ...named('get_weather', '{"city":"Oslo"}') }),
        calls({ index: 1, id: 'call_1', ...named('now', '{}') }),
      ),
      [oslo, now],
    ],
    [
      'the id is missing',
      deltas(
        role,
        calls({ index: 0, ...named('get_weather', '{"city":') }),
        calls({ index: 0, ...piece('"Oslo"}') }),
        calls({ index: 1, id: '', ...named('now', '{}') }),
      ),
      [oslo, now],
    ],
    [
      'the index is missing',
      deltas(
        role,
        calls({ id: 'call_1', ...named('get_weather', '{"city":') }),
        calls(piece('"Oslo"}')),
        calls({ id: 'call_2', ...named('now', '{}') }),
      ),
      [oslo, now],
    ],
    [
      'the role is in each delta',
      deltas(
        role,
        { ...role, ...calls({ index: 0, id: 'call_1', ...named('get_weather', '{"city":') }) },
        { ...role, ...calls({ index: 0, ...piece('"Oslo"}') }) },
        { ...role, ...calls({ index: 1, id: 'call_2', ...named('now', '{}') }) },
      ),
      [oslo, now],
    ],
  ])('fault 31: %s: repaired by identity, not by order', async (_what, chunks, expected) => {
    await using rig = await startRig('parsed')
    rig.a.always(eventStream(sse(...chunks, '[DONE]')))
    const messages = [{ role: 'user' as const, content: 'The weather?' }]
    const final = await rig.sdk.chat.completions.stream({ model: 'm', messages }).finalChatCompletion()
    const message = final.choices[0]?.message
    const found = message?.tool_calls?.flatMap((call) =>
      call.type === 'function' ? [[call.function.name, call.function.arguments]] : [],
    )
    expect(found).toEqual(expected)
    const ids = message?.tool_calls?.map(({ id }) => id) ?? []
    expect(new Set(ids).size).toBe(2)
    expect(ids.every((id) => /\S/.test(id))).toBe(true)

    const seen = readStream(await (await rig.ask()).whole())
    expect(seen.chunks.filter(({ choices }) => choices[0]?.delta.role !== undefined)).toHaveLength(1)
    const pieces = seen.chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    expect(pieces.every(({ index }) => index === 0 || index === 1)).toBe(true)
    // Identity once and first: a client that adds up what it gets would double it.
    for (const index of [0, 1]) {
      const [first, ...later] = pieces.filter((piece) => piece.index === index)
      expect(first).toMatchObject({ id: expect.any(String), type: 'function', function: { name: expect.any(String) } })
      for (const { id, type, function: called } of later)
        expect([id, type, called?.name]).toEqual([undefined, undefined, undefined])
    }
    expect((await rig.recorded(2)).finishReason).toBe('tool_calls')
  })
})

/** Ids that an upstream left out are made here, anew each time. */
function withoutOwnIds(text: string): string {
  return text
    .replace(/"(chatcmpl|call)[-_][0-9a-f]{24,}"/g, '"$1"')
    .replace(/"id":"call_[A-Za-z0-9]{9,}"/g, '"id":"call"')
}
