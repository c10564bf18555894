import type { Provider } from '@dragoman/core'
import { type GatewayOptions, type ProviderEntry, staticCredentials } from '@dragoman/gateway'
import type { ChatCompletionChunk } from '@dragoman/openai-schema'
import { chatChunks, type HandClock, handClock, tokens } from '@dragoman/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ask, type ClientAnswer, readAnswer, startRecordedServer } from './test-rig.ts'

// What nobody caught would end the process of a server.
const uncaught: unknown[] = []
const keep = (reason: unknown) => uncaught.push(reason)

beforeEach(() => {
  uncaught.length = 0
  process.on('unhandledRejection', keep)
  process.on('uncaughtException', keep)
})
afterEach(() => {
  process.off('unhandledRejection', keep)
  process.off('uncaughtException', keep)
})

const [role, hello, ...rest] = chatChunks({ text: ['Hel', 'lo'], usage: tokens(1, 2) }) as [
  ChatCompletionChunk,
  ChatCompletionChunk,
  ...ChatCompletionChunk[],
]

const totalMs = 200_000
const roomy = { firstTokenMs: 2 * totalMs, idleMs: 2 * totalMs, heartbeatMs: 2 * totalMs }

const never = new Promise<never>(() => {})
const broken = () => new TypeError('x is not a function (sk-internal-detail)')

/** An iterator that does as these say, and by default gives an answer. */
function answering(own: Partial<Record<'next' | 'return', () => unknown>> = {}): AsyncIterable<ChatCompletionChunk> {
  const chunks = [role, hello, ...rest]
  const next = async () => {
    const value = chunks.shift()
    return value ? { done: false, value } : { done: true, value: undefined }
  }
  // A plugin may be written without types.
  const iterator = { next, ...own } as AsyncIterator<ChatCompletionChunk>
  return { [Symbol.asyncIterator]: () => iterator }
}

/** Gives these, then does as `then` says. */
function after(chunks: readonly unknown[], then: () => unknown): () => unknown {
  const left = [...chunks]
  return () => (left.length > 0 ? Promise.resolve({ done: false, value: left.shift() }) : then())
}

const throws = (value: unknown) => () => {
  throw value
}
const rejects = (value: unknown) => () => Promise.reject(value)

type Plugin = { [Name in keyof Provider]?: unknown }

interface Fault {
  readonly what: string
  /** Made anew for each test. */
  readonly plugin: () => Plugin
}

/** Nothing came before it broke. */
const early: readonly Fault[] = [
  { what: 'chat() throws', plugin: () => ({ chat: throws(broken()) }) },
  { what: 'chat() throws a string', plugin: () => ({ chat: throws('no') }) },
  { what: 'chat() throws undefined', plugin: () => ({ chat: throws(undefined) }) },
  { what: 'chat() throws null', plugin: () => ({ chat: throws(null) }) },
  { what: 'chat() gives nothing', plugin: () => ({ chat: () => undefined }) },
  { what: 'chat() gives a promise that rejects', plugin: () => ({ chat: rejects(broken()) }) },
  {
    what: 'the iterable gives no iterator',
    plugin: () => ({ chat: () => ({ [Symbol.asyncIterator]: throws(broken()) }) }),
  },
  { what: 'next() throws', plugin: () => ({ chat: () => answering({ next: throws(broken()) }) }) },
  { what: 'next() rejects', plugin: () => ({ chat: () => answering({ next: rejects(broken()) }) }) },
  { what: 'next() rejects with a string', plugin: () => ({ chat: () => answering({ next: rejects('no') }) }) },
  { what: 'next() rejects with nothing', plugin: () => ({ chat: () => answering({ next: rejects(undefined) }) }) },
  { what: 'next() gives nothing', plugin: () => ({ chat: () => answering({ next: async () => undefined }) }) },
  {
    what: 'next() gives no chunk',
    plugin: () => ({ chat: () => answering({ next: async () => ({ done: false, value: null }) }) }),
  },
  {
    what: 'next() and return() reject',
    plugin: () => ({ chat: () => answering({ next: rejects(broken()), return: rejects(broken()) }) }),
  },
  {
    what: 'next() rejects and return() throws',
    plugin: () => ({ chat: () => answering({ next: rejects(broken()), return: throws(broken()) }) }),
  },
  {
    what: 'next() rejects and return() never settles',
    plugin: () => ({ chat: () => answering({ next: rejects(broken()), return: () => never }) }),
  },
  { what: 'accepts() throws', plugin: () => ({ accepts: throws(broken()), chat: () => answering() }) },
  { what: 'accepts() throws a string', plugin: () => ({ accepts: throws('no'), chat: () => answering() }) },
  {
    what: 'relayObstacle() throws',
    plugin: () => ({ relayObstacle: throws(broken()), relay: () => never, chat: throws(broken()) }),
  },
  ...relaying('relay() throws', throws(broken())),
  ...relaying('relay() throws a string', throws('no')),
  ...relaying('relay() rejects', rejects(broken())),
  ...relaying('relay() rejects with nothing', rejects(undefined)),
  ...relaying('relay() gives nothing', async () => undefined),
]

/** Only where the client's bytes can go on as they are is the relay asked; where they cannot, chat fails in its place. */
function relaying(what: string, relay: () => unknown): readonly Fault[] {
  return [{ what, plugin: () => ({ relayObstacle: () => undefined, relay, chat: throws(broken()) }) }]
}

const doors = ['the gateway alone', 'the whole server'] as const
const forms = [
  { stream: true, asked: 'streamed' },
  { stream: false, asked: 'whole' },
]
const cases = <T extends Fault>(faults: readonly T[]) =>
  doors.flatMap((door) => forms.flatMap((form) => faults.map((fault) => ({ door, ...form, ...fault }))))

test.each(cases(early))('fault 81: $what: a 500, and the next one is served ($door, $asked)', async (given) => {
  await using rig = await startRig(given.door, given.plugin())
  const answer = await rig.ask({ model: 'bad/m', stream: given.stream })
  expect(answer).toMatchObject({
    status: 500,
    content: '',
    error: { message: 'Something went wrong inside the gateway', type: 'server_error', code: null },
  })
  await rig.expectAlive()
  expect(rig.records[0]).toMatchObject({ status: 500, error: { code: 'internal' } })
})

const frame = (chunk: unknown) => new TextEncoder().encode(`data: ${JSON.stringify(chunk)}\n\n`)

/** A relay of events; where no stream is asked for, and where the client's bytes cannot go on, it just fails. */
function relayingEvents(what: string, next: () => unknown, own: Record<string, unknown> = {}): Fault {
  const events = () => ({
    kind: 'events',
    pieces: answering({ next: next(), ...own } as never),
    errorFrom: throws('no'),
  })
  const relay = async ({ isStreamed }: { isStreamed: boolean }) => (isStreamed ? events() : throws(broken())())
  const chat = () => answering({ next: after([role, hello], rejects(broken())) })
  return { what, plugin: () => ({ relayObstacle: () => undefined, relay, chat }) }
}

/** Something came before it broke. */
const late: readonly Fault[] = [
  {
    what: 'next() throws later',
    plugin: () => ({ chat: () => answering({ next: after([role, hello], throws(broken())) }) }),
  },
  {
    what: 'next() rejects later',
    plugin: () => ({ chat: () => answering({ next: after([role, hello], rejects(broken())) }) }),
  },
  {
    what: 'next() and return() reject with a string',
    plugin: () => ({ chat: () => answering({ next: after([role, hello], rejects('no')), return: rejects('no') }) }),
  },
  {
    what: 'next() gives no chunk, return() throws',
    plugin: () => ({
      chat: () => answering({ next: after([role, hello, undefined], () => never), return: throws(broken()) }),
    }),
  },
]

const begun = () => [frame(role), frame(hello)]
const lateInRelay: readonly Fault[] = [
  relayingEvents('relayed: next() throws later', () => after(begun(), throws(broken()))),
  relayingEvents('relayed: next() rejects later', () => after(begun(), rejects(broken()))),
  relayingEvents('relayed: next() gives no bytes later', () => after([...begun(), undefined], () => never)),
  relayingEvents('relayed: next() and return() reject', () => after(begun(), rejects('no')), {
    return: rejects('no'),
  }),
  relayingEvents('relayed: next() rejects, return() throws', () => after(begun(), rejects('no')), {
    return: throws('no'),
  }),
  relayingEvents('relayed: next() rejects, return() no more', () => after(begun(), rejects('no')), {
    return: () => undefined,
  }),
  relayingEvents('errorFrom() throws', () => after([...begun(), frame({ error: { message: 'x' } })], () => never)),
]

test.each(cases([...late, ...lateInRelay]))(
  'fault 81: $what: an error, and the next one is served ($door, $asked)',
  async (given) => {
    const { door, stream } = given
    await using rig = await startRig(door, given.plugin())
    const answer = await rig.ask({ model: 'bad/m', stream })
    expect(answer).toMatchObject({
      status: stream ? 200 : 500,
      content: stream ? 'Hel' : '',
      error: { type: 'server_error' },
    })
    expect(answer.text).not.toContain('[DONE]')
    await rig.expectAlive()
    expect(rig.records[0]).toMatchObject({ error: { code: 'internal' } })
  },
)

interface Silence extends Fault {
  readonly limitMs: number
  /** Where it differs for whole answers. */
  readonly wholeLimitMs?: number
  readonly limit: string
  /** What came before. */
  readonly content: string
}

const silent: readonly Silence[] = [
  {
    what: 'next() never settles',
    plugin: () => ({ chat: () => answering({ next: () => never }) }),
    limitMs: 1_000,
    limit: 'firstTokenMs',
    content: '',
  },
  {
    what: 'next() and return() never settle',
    plugin: () => ({ chat: () => answering({ next: () => never, return: () => never }) }),
    limitMs: 1_000,
    limit: 'firstTokenMs',
    content: '',
  },
  {
    what: 'relay() never settles',
    plugin: () => ({
      relayObstacle: () => undefined,
      relay: () => never,
      chat: () => answering({ next: () => never }),
    }),
    limitMs: 1_000,
    wholeLimitMs: 5_000, // the first output of a relayed whole answer is its last
    limit: 'firstTokenMs',
    content: '',
  },
  {
    what: 'next() settles no more, return() throws',
    plugin: () => ({
      chat: () => answering({ next: after([role, hello], () => never), return: throws(broken()) }),
    }),
    limitMs: 10_000,
    limit: 'idleMs',
    content: 'Hel',
  },
]

test.each(cases(silent))(
  'fault 81: $what: $limit ends it, and the next one is served ($door, $asked)',
  async ({ door, stream, plugin, limit, content, ...given }) => {
    const limitMs = stream ? given.limitMs : (given.wholeLimitMs ?? given.limitMs)
    await using rig = await startRig(door, plugin())
    const asked = rig.ask({ model: 'bad/m', stream })
    await rig.clock.armed(limitMs)
    await rig.clock.advance(limitMs)
    const answer = await asked
    const hasBegun = stream && content !== ''
    expect(answer).toMatchObject({
      status: hasBegun ? 200 : 504,
      content: hasBegun ? content : '',
      error: { code: 'upstream_timeout', message: expect.stringContaining(`limits.${limit}`) },
    })
    await rig.expectAlive()
    expect(rig.clock.pending).toBe(0)
  },
)

test.each(doors.flatMap((door) => forms.map((form) => ({ door, ...form }))))(
  'fault 81: next() goes on for ever: the total limit ends it, and it is read no further ($door, $asked)',
  async ({ door, stream }) => {
    let reads = 0
    const next = async () => {
      reads++
      await new Promise((resolve) => setImmediate(resolve))
      return { done: false, value: hello }
    }
    const plugin = { chat: () => answering({ next, return: () => never }) }
    await using rig = await startRig(door, plugin, { limits: { ...roomy, totalMs } })
    const asked = rig.ask({ model: 'bad/m', stream })
    await rig.clock.armed(totalMs)
    while (reads < 10) await rig.clock.advance(0)
    await rig.clock.advance(totalMs)
    const { error } = await asked
    expect(error).toMatchObject({ code: 'upstream_timeout', message: expect.stringContaining('limits.totalMs') })
    await rig.expectAlive()
    const before = reads
    await rig.expectAlive()
    expect(reads).toBe(before)
  },
)

test.each(doors)('fault 81: what relay() gives after its limit is left unread (%s)', async (door) => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const used: string[] = []
  const note = (what: string) => async () => {
    used.push(what)
    return { done: true, value: undefined }
  }
  await using rig = await startRig(door, { relayObstacle: () => undefined, relay: () => promise, chat: throws('no') })
  const asked = rig.ask({ model: 'bad/m', stream: true })
  await rig.clock.armed(1_000)
  await rig.clock.advance(1_000)
  expect(await asked).toMatchObject({ status: 504, error: { code: 'upstream_timeout' } })
  resolve({
    kind: 'events',
    pieces: answering({ next: note('next'), return: note('return') }),
    errorFrom: throws('no'),
  })
  await rig.expectAlive()
  expect(used).toEqual(['return'])
})

test.each(
  cases([
    { what: 'return() throws', plugin: () => ({ chat: () => answering({ return: throws(broken()) }) }) },
    { what: 'return() rejects', plugin: () => ({ chat: () => answering({ return: rejects(broken()) }) }) },
    { what: 'return() never settles', plugin: () => ({ chat: () => answering({ return: () => never }) }) },
    { what: 'return() gives nothing', plugin: () => ({ chat: () => answering({ return: () => undefined }) }) },
  ]),
)('fault 81: $what: its answer is not worse for it ($door, $asked)', async ({ door, stream, plugin }) => {
  await using rig = await startRig(door, plugin())
  expect(await rig.ask({ model: 'bad/m', stream })).toMatchObject({ status: 200, content: 'Hello', error: undefined })
  await rig.expectAlive()
})

test.each(
  doors.flatMap((door) => [
    { door, what: 'throws', record: throws(broken()) },
    { door, what: 'throws a string', record: throws('no') },
    { door, what: 'rejects', record: rejects(broken()) },
  ]),
)('fault 81: record() $what: answers are not worse for it ($door)', async ({ door, record }) => {
  await using rig = await startRig(door, { chat: throws(broken()) }, { record: record as () => void })
  expect(await rig.ask({ model: 'bad/m' })).toMatchObject({ status: 500 })
  for (const stream of [true, false]) {
    expect(await rig.ask({ model: 'good/m', stream })).toMatchObject({ status: 200, content: 'Hello' })
  }
  await rig.expectAlive()
})

/** A gateway with a broken plugin, `bad`, and a good one, asked directly or through the server. */
async function startRig(door: (typeof doors)[number], plugin: Plugin, options: Partial<GatewayOptions> = {}) {
  const clock: HandClock = handClock()
  const bad = entryOf('bad', plugin)
  const given: GatewayOptions = {
    providers: [bad, entryOf('good', { chat: () => answering() })],
    clock,
    limits: { firstTokenMs: 1_000, idleMs: 2_000, heartbeatMs: 100_000, totalMs },
    ...options,
  }
  const { server, records, gateway } = await startRecordedServer(given)
  const body = (own: Record<string, unknown>) => ({ messages: [{ role: 'user', content: 'x' }], ...own })
  const rig = {
    clock,
    records,
    async ask(own: Record<string, unknown>): Promise<ClientAnswer> {
      if (door === 'the whole server') return ask(server, body(own))
      const url = 'http://gateway.invalid/v1/chat/completions'
      return readAnswer(await gateway.fetch(url, { method: 'POST', body: JSON.stringify(body(own)) }))
    },
    /** Nothing escaped, nothing is held, and who comes next is served. */
    async expectAlive(): Promise<void> {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      expect(uncaught).toEqual([])
      expect(bad.credentials.status()).toMatchObject([{ inFlight: 0 }])
      for (const stream of [true, false]) {
        expect(await rig.ask({ model: 'good/m', stream })).toMatchObject({ status: 200, content: 'Hello' })
      }
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
  return rig
}

function entryOf(id: string, plugin: Plugin): ProviderEntry {
  const provider = { id, close: async () => {}, ...plugin } as Provider // written without types
  return { id, provider, credentials: staticCredentials([]) }
}
