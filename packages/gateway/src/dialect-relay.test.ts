import { type AnswerReader, DragomanError, type Provider, type RelayRequest } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, handClock, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import type { Deployment } from './deployments.ts'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'
import { gatewayOf, noSignal } from './test-one-provider.ts'

const utf8 = new TextEncoder()
const envelope = { id: 'm1', object: 'chat.completion.chunk', created: 1, model: 'up-1' } as const

/** A dialect of this test: `{ says }`, `{ finishes }`, `{ ends }`. */
function reader(): AnswerReader {
  let hasEnded = false
  const read = (event: unknown): ChatCompletionChunk[] => {
    const { says, finishes, ends } = event as { says?: string; finishes?: boolean; ends?: boolean }
    hasEnded ||= ends === true
    if (says !== undefined) {
      return [{ ...envelope, choices: [{ index: 0, delta: { content: says }, finish_reason: null }] }]
    }
    const finish = { ...envelope, choices: [{ index: 0, delta: {}, finish_reason: 'stop' as const }] }
    return finishes ? [{ ...finish, usage: tokens(3, 4) }] : []
  }
  return {
    push: read,
    whole: (answer) => [...read(answer), ...read({ finishes: true })],
    end() {
      if (!hasEnded) throw new DragomanError('upstream_protocol', 'It has no end', { origin: 'upstream' })
      return []
    },
  }
}

function speaker(pieces: readonly string[], sent: RelayRequest[] = []): Provider {
  return {
    id: 'a',
    relayObstacle: (_request, dialect) => (dialect === 'anthropic-messages' ? undefined : 'another dialect'),
    async relay(request) {
      sent.push(request)
      if (!request.isStreamed) return { kind: 'whole', bytes: utf8.encode('{"says":"hi"}'), json: { says: 'hi' } }
      return {
        kind: 'events',
        pieces: (async function* () {
          for (const piece of pieces) yield utf8.encode(piece)
        })(),
        errorFrom: (json) => new DragomanError('overloaded', JSON.stringify(json), { origin: 'upstream' }),
      }
    },
    async *chat() {
      yield* chatChunks({ text: 'parsed', usage: tokens(1, 2) })
    },
    close: async () => {},
  }
}

const frames = [
  'event: says\ndata: {"says":"Hé"}\n\n',
  ': a comment\n\n',
  'event: ping\ndata: {"type":"ping"}\n\nevent: finishes\ndata: {"finishes":true}\n\n',
  'event: ends\ndata: {"ends":true}\n\n',
]
const request: ChatCompletionRequest = { model: 'a', messages: [{ role: 'user', content: 'x' }], stream: true }
const context = {
  signal: noSignal,
  dialect: 'anthropic-messages' as const,
  body: '{"model":"a","odd": 1.0}',
  reader,
}

async function shown(provider: Provider, changes: Partial<typeof context> = {}) {
  const { gateway, records } = gatewayOf([provider])
  const answer = await gateway.chat(request, { ...context, ...changes })
  if (answer.kind !== 'chunks') return expect.unreachable()
  let all = ''
  let error: unknown
  try {
    for await (const item of answer.chunks) {
      all += item instanceof Uint8Array ? Buffer.from(item) : typeof item === 'symbol' ? '*' : 'chunk '
    }
  } catch (cause) {
    error = cause
  }
  return { all, error, records }
}

test('events of the dialect go on byte for byte, names and all, and are counted', async () => {
  const sent: RelayRequest[] = []
  const { all, error, records } = await shown(speaker(frames, sent))
  expect(error).toBeUndefined()
  expect(all).toBe(frames.join(''))
  expect(sent).toEqual([{ dialect: 'anthropic-messages', body: '{"model":"up-1","odd": 1.0}', isStreamed: true }])
  expect(records).toMatchObject([
    { dialect: 'anthropic-messages', usage: tokens(3, 4), finishReason: 'stop', attempts: [{ relayed: true }] },
  ])
})

test('an event that reports an error, and a stream without its end, break the answer', async () => {
  const reported = await shown(speaker([frames[0] ?? '', 'event: error\ndata: {"type":"error"}\n\n']))
  expect(reported.all).toBe(frames[0])
  expect(reported.error).toMatchObject({ code: 'overloaded' })
  const cut = await shown(speaker(frames.slice(0, 3)))
  expect(cut.error).toMatchObject({ code: 'upstream_protocol' })
})

test('a whole answer goes on as it is', async () => {
  const { gateway, records } = gatewayOf([speaker([])])
  const answer = await gateway.chat({ ...request, stream: false }, context)
  if (answer.kind !== 'bytes') return expect.unreachable()
  expect(Buffer.from(answer.bytes).toString()).toBe('{"says":"hi"}')
  expect(records).toMatchObject([{ usage: tokens(3, 4), finishReason: 'stop' }])
})

test.each([
  ['nobody reads along', { reader: undefined }],
  ['the history holds reasoning that was sealed here', { body: '{"model":"a","x":"dg1.abc"}' }],
  ['the upstream speaks another dialect', { dialect: 'openai-responses' as never }],
])('it is parsed where %s', async (_why, changes) => {
  const { all, records } = await shown(speaker(frames), changes as never)
  expect(all).toMatch(/^(chunk )+$/)
  expect(records[0]?.attempts[0]?.parsedBecause).toEqual(expect.any(String))
})

test('a provider that is asked by a translation knows in which dialect the client asked', async () => {
  const asked: unknown[] = []
  const provider: Provider = {
    id: 'a',
    async *chat(_request, { dialect }) {
      asked.push(dialect)
      yield* chatChunks({ text: 'parsed' })
    },
    close: async () => {},
  }
  await shown(provider)
  const { gateway } = gatewayOf([provider])
  await gateway.chat({ ...request, stream: false }, { signal: noSignal })
  expect(asked).toEqual(['anthropic-messages', 'openai-chat'])
})

test('what only the bytes can say is a 400 at an upstream of another dialect, before any call', async () => {
  const relayOnly = { param: 'tools[0].type', message: 'tools[0].type: not here' }
  const { gateway } = gatewayOf([speaker(frames)])
  await expect(gateway.chat(request, { ...context, relayOnly, dialect: 'openai-responses' })).rejects.toMatchObject({
    status: 400,
    param: 'tools[0].type',
  })
  await expect(
    gateway.chat(request, { ...context, relayOnly, body: '{"model":"a","x":"dg1.a"}' }),
  ).rejects.toMatchObject({
    status: 400,
  })
  expect(await gateway.chat(request, { ...context, relayOnly })).toMatchObject({ isRelaying: true })
})

test('what only the bytes can say is not asked for in another way when they are refused', async () => {
  const refused = () => {
    throw new DragomanError('invalid_request', 'Invalid `signature` in `thinking` block', { origin: 'upstream' })
  }
  const { gateway, records } = gatewayOf([{ ...speaker(frames), relay: refused }])
  const relayOnly = { param: 'tools[0].type', message: 'tools[0].type: not here' }
  const asked = gateway.chat(request, { ...context, relayOnly })
  await expect(asked).rejects.toMatchObject({ message: 'Invalid `signature` in `thinking` block' })
  expect(records[0]?.attempts).toHaveLength(1)
})

test('nor when it fails behind a heartbeat: that is no fault of the request', async () => {
  const clock = handClock()
  const called = Promise.withResolvers<void>()
  const failing = Promise.withResolvers<never>()
  const relay = () => {
    called.resolve()
    return failing.promise
  }
  const { gateway } = gatewayOf([{ ...speaker(frames), relay }], {}, undefined, clock)
  const relayOnly = { param: 'tools[0].type', message: 'tools[0].type: not here' }
  const asking = gateway.chat(request, { ...context, relayOnly })
  await called.promise
  await clock.advance(15_000)
  const answer = await asking
  if (answer.kind !== 'chunks') return expect.unreachable()
  const read = (async () => {
    for await (const _ of answer.chunks);
  })()
  const failed = expect(read).rejects.toMatchObject({ code: 'upstream_unavailable', scope: 'upstream' })
  failing.reject(new DragomanError('upstream_unavailable', 'Busy', { origin: 'upstream', retryAfterMs: 1 }))
  await clock.advance(1_000)
  await failed
})

test('what a translation would refuse or leave out is the upstream’s to take, where the bytes go on as they came', async () => {
  const accepts = () => ({ dropped: ['x'], refused: { param: 'y', message: 'y: not in a translation' } })
  const sent: RelayRequest[] = []
  const { gateway } = gatewayOf([{ ...speaker(frames, sent), accepts }])
  const relayHeaders = { 'anthropic-version': '2023-06-01' }
  const answer = await gateway.chat(request, { ...context, relayHeaders })
  expect(answer.route?.dropped).toEqual([])
  expect(sent[0]?.headers).toEqual(relayHeaders)
  await expect(gateway.chat(request, { ...context, reader: undefined })).rejects.toMatchObject({ param: 'y' })
})

test('what a translation leaves out is told where only the history or the deployment keeps the bytes from going on', async () => {
  const provider = { ...speaker(frames), accepts: () => ({ dropped: ['thinking'] }) }
  const droppedOf = async (deployment: Partial<Deployment>, body = context.body) => {
    const entry = { id: 'a', provider, credentials: staticCredentials([]) }
    const models = [{ name: 'a', deployments: [{ entry, model: 'up-1', ...deployment }] }]
    const gateway = createGateway({ providers: [entry], models })
    return (await gateway.chat(request, { ...context, body })).route?.dropped
  }
  expect(await droppedOf({})).toEqual([])
  expect(await droppedOf({}, '{"model":"a","x":"dg1.abc"}')).toEqual(['thinking'])
  expect(await droppedOf({ transforms: () => [] })).toEqual(['thinking'])
  expect(await droppedOf({ normalize: 'hermes' })).toEqual(['thinking'])
})

test('where a tool call is insisted on, or tools are prompted, the bytes stay here, unless only they say what is asked', async () => {
  const entry = { id: 'a', provider: speaker(frames), credentials: staticCredentials([]) }
  const tools = [{ type: 'function' as const, function: { name: 'look' } }]
  const relayOnly = { param: 'tools[1].type', message: 'tools[1].type: not here' }
  const relays = async (deployment: Partial<Deployment>, changes: object = {}, ask: object = { tools }) => {
    const models = [{ name: 'a', deployments: [{ entry, model: 'up-1', ...deployment }] }]
    const answer = await createGateway({ providers: [entry], models }).chat(
      { ...request, ...ask },
      { ...context, ...changes },
    )
    return answer.kind === 'chunks' && answer.isRelaying
  }
  expect(await relays({})).toBe(true)
  expect(await relays({ ensureToolCall: true })).toBe(false)
  expect(await relays({ promptTools: true })).toBe(false)
  // They have nothing to change here.
  expect(await relays({ ensureToolCall: true, promptTools: true }, {}, {})).toBe(true)
  expect(await relays({ ensureToolCall: true }, { ensureToolCall: false })).toBe(true)
  // An operator's wish gives way, a client's is told.
  expect(await relays({ ensureToolCall: true }, { relayOnly })).toBe(true)
  await expect(relays({}, { relayOnly, ensureToolCall: true })).rejects.toMatchObject({ param: 'tools[1].type' })
  await expect(relays({ promptTools: true }, { relayOnly })).rejects.toMatchObject({ param: 'tools[1].type' })
})
