import { Secret } from '@dragoman/core'
import { canary, eventStream, type FakeAnswer, gate, tokens } from '@dragoman/testkit'
import { describe, expect, test } from 'vitest'
import { rawRequest } from '../test-server.ts'
import { chatClient, clients, responsesClient } from './test-dialect-clients.ts'
import { type DialectRig, startDialectRig } from './test-dialect-rig.ts'
import { replyOf, type UpstreamKind, upstreamKinds } from './test-dialect-upstreams.ts'

// Answers that are given again: by an idempotency key, and by the cache.

const hello: FakeAnswer = { text: ['Hel', 'lo'], usage: tokens(4, 2) }
const keyed = { 'idempotency-key': 'key-1' }
const cached = { 'x-gateway-cache': 'on' }
const ours = `Bearer ${canary('our key')}`
const theirs = `Bearer ${canary('their key')}`
const keys = [
  { name: 'us', key: new Secret(canary('our key')) },
  { name: 'them', key: new Secret(canary('their key')) },
]
const kindOf = (isIt: (kind: UpstreamKind) => boolean): UpstreamKind => {
  const kind = upstreamKinds.find(isIt)
  if (!kind) throw new Error('There is no such kind of upstream')
  return kind
}
const openai = kindOf(({ name }) => name === 'openai')

/** Each dialect over a service that is translated, and over one whose bytes are handed on. */
const pairs = clients.flatMap((client) => {
  const relaying = kindOf(
    ({ name, relays }) => relays === client.dialect || (client === chatClient && name === 'openai'),
  )
  return [...new Set([openai, relaying])].map((kind) => ({ client, kind, pair: `${client.dialect} over ${kind.name}` }))
})

async function start(kind: UpstreamKind, options?: Parameters<typeof startDialectRig>[1]): Promise<DialectRig> {
  const rig = await startDialectRig(kind, options)
  rig.upstream.always(replyOf(kind, hello))
  return rig
}

describe.each(pairs)('$pair', ({ client, kind }) => {
  test.each([[false], [true]])(
    'fault 52: two posts with one idempotency key are one call, streamed: %s',
    async (stream) => {
      await using rig = await start(kind)
      const answers = await Promise.all([1, 2].map(() => rig.send(client, { stream }, { headers: keyed })))
      const texts = await Promise.all(answers.map((answer) => answer.whole()))
      for (const text of texts) {
        if (stream) expect(client.read(text)).toMatchObject({ content: 'Hello', isComplete: true })
        else expect(client.readWhole(JSON.parse(text)).content).toBe('Hello')
      }
      const later = await rig.send(client, { stream }, { headers: keyed })
      expect(later.headers['idempotent-replayed']).toBe('true')
      const text = await later.whole()
      expect(stream ? client.read(text).content : client.readWhole(JSON.parse(text)).content).toBe('Hello')
      expect(rig.upstream.requests).toHaveLength(1)

      const other = await rig.send(client, { stream, temperature: 0.5 }, { headers: keyed })
      expect(other.status).toBe(409)
      expect(client.readError(JSON.parse(await other.whole())).message).toContain('Idempotency-Key')
      expect(rig.upstream.requests).toHaveLength(1)
      expect(rig.records).toHaveLength(4)
    },
  )

  test.each([[false], [true]])(
    'fault 69: what is kept for one key is not given to another, streamed: %s',
    async (stream) => {
      await using rig = await start(kind, { keys })
      const ask = async (authorization: string) => {
        const answer = await rig.send(client, { stream }, { headers: { ...cached, authorization } })
        const text = await answer.whole()
        if (stream) expect(client.read(text)).toMatchObject({ content: 'Hello', isComplete: true })
        else expect(client.readWhole(JSON.parse(text)).content).toBe('Hello')
        return [answer.headers['x-gateway-cache'], answer.headers.age]
      }
      expect(await ask(ours)).toEqual(['miss', undefined])
      expect(await ask(theirs)).toEqual(['miss', undefined])
      expect(rig.upstream.requests).toHaveLength(2)
      await rig.clock.advance(3_200)
      expect(await ask(ours)).toEqual(['hit', '3'])
      expect(rig.upstream.requests).toHaveLength(2)
      expect(rig.records[2]).toMatchObject({ client: 'us', answeredBy: 'cache', attempts: [], cost: 0 })
    },
  )

  test('fault 69: an error is not kept', async () => {
    await using rig = await startDialectRig(kind)
    rig.upstream.script({ status: 400, body: JSON.stringify(kind.errorBody('No such thing')) }, replyOf(kind, hello))
    const headers = { ...cached, ...keyed }
    const first = await rig.send(client, {}, { headers })
    expect([first.status, first.headers['x-gateway-cache']]).toEqual([400, undefined])
    await first.whole()
    expect(client.read(await (await rig.send(client, {}, { headers })).whole())).toMatchObject({ content: 'Hello' })
    expect(rig.upstream.requests).toHaveLength(2)
  })

  test('a stream is followed while it comes, and goes on when its first client leaves', async () => {
    await using rig = await startDialectRig(kind)
    const rest = gate()
    const events = kind.events(hello)
    // Up to the first word, whatever the dialect says before it.
    const cut = events.findIndex((event) => event.includes('Hel')) + 1
    rig.upstream.script(eventStream([...events.slice(0, cut), rest, ...events.slice(cut)]))
    const first = await rig.send(client, {}, { headers: keyed })
    await first.until('Hel')
    const second = await rig.send(client, {}, { headers: keyed })
    await second.until('Hel')
    first.leave()
    await first.ended
    rest.open()
    expect(client.read(await second.whole())).toMatchObject({ content: 'Hello', isComplete: true })
    expect(client.read(await (await rig.send(client, {}, { headers: keyed })).whole()).content).toBe('Hello')
    expect(rig.upstream.requests).toHaveLength(1)
  })
})

test('when all have left, the call ends, and the next one calls anew', async () => {
  await using rig = await startDialectRig(openai)
  const events = openai.events(hello)
  rig.upstream.script(eventStream([...events.slice(0, 2), gate()]), replyOf(openai, hello))
  const left = await Promise.all([1, 2].map(() => rig.send(chatClient, {}, { headers: keyed })))
  for (const answer of left) {
    await answer.until('Hel')
    answer.leave()
  }
  await (await rig.upstream.received(1)).closed
  const answer = await rig.send(chatClient, {}, { headers: keyed })
  expect(chatClient.read(await answer.whole()).content).toBe('Hello')
  expect(rig.upstream.requests).toHaveLength(2)
})

test('a completion of several prompts is one call for each, once', async () => {
  const kind = kindOf(({ name }) => name === 'anthropic')
  await using rig = await start(kind)
  const body = JSON.stringify({ model: 'm', prompt: ['a', 'b'], max_tokens: 9 })
  const headers = { 'content-type': 'application/json', ...keyed }
  const post = () => rawRequest(rig.server.url, { method: 'POST', path: '/v1/completions', headers, body })
  for (const { text } of [await post(), await post()]) {
    expect(JSON.parse(text).choices.map((choice: { text: string }) => choice.text)).toEqual(['Hello', 'Hello'])
  }
  expect(rig.upstream.requests).toHaveLength(2)
})

test('a stored response that the cache gave has an id of its own', async () => {
  await using rig = await start(openai)
  const make = async () => {
    const answer = await rig.send(responsesClient, { stream: false, store: true }, { headers: cached })
    return { json: JSON.parse(await answer.whole()), cache: answer.headers['x-gateway-cache'] }
  }
  const [one, two] = [await make(), await make()]
  expect([one.cache, two.cache]).toEqual(['miss', 'hit'])
  expect(two.json.id).not.toBe(one.json.id)
  const remove = { method: 'DELETE', path: `/v1/responses/${one.json.id}` }
  expect((await rawRequest(rig.server.url, remove)).status).toBe(200)
  const { status, text } = await rawRequest(rig.server.url, { path: `/v1/responses/${two.json.id}` })
  expect([status, JSON.parse(text)]).toEqual([200, two.json])
})

test.each([
  ['idempotency-key', ''],
  ['idempotency-key', 'x'.repeat(256)],
  ['idempotency-key', 'é'],
  ['x-gateway-cache', 'maybe'],
])('the header %s: %j is a 400', async (name, value) => {
  await using rig = await start(openai)
  const answer = await rig.send(chatClient, {}, { headers: { [name]: value } })
  expect(answer.status).toBe(400)
  expect(chatClient.readError(JSON.parse(await answer.whole())).param).toBe(name)
})
