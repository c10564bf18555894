import { gzipSync } from 'node:zlib'
import { type Call, type DragomanError, isDragomanError, type RelayedAnswer, Secret } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import {
  canary,
  chatStream,
  completion,
  errorReply,
  gate,
  htmlPage,
  jsonReply,
  leaked,
  type Reply,
  stall,
  startFakeUpstream,
} from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { type OpenAICompatibleOptions, openAICompatible } from './index.ts'

const eventStream = { 'content-type': 'text/event-stream' }

/** As a client wrote it: spaces, a number that JavaScript cannot hold, fields nobody knows. */
const sent = '{ "model":"m", "seed": 12345678901234567890,\n "messages":[{"role":"user","content":"Grüße"}], "x": 1.0 }'

/** A provider at a fake upstream that answers `reply` to everything. */
async function start(reply: Reply, options: OpenAICompatibleOptions = {}) {
  const upstream = await startFakeUpstream()
  upstream.always(reply)
  const provider = openAICompatible.create({ baseUrl: upstream.origin, conformant: true, ...options })
  const apiKey = canary('apiKey')
  const call: Call = {
    credential: { id: 'test', values: { apiKey: new Secret(apiKey) } },
    signal: new AbortController().signal,
    state: { get: async () => undefined } as never, // this provider keeps no state
  }
  return {
    upstream,
    apiKey,
    async relay(isStreamed: boolean, own: Partial<Call> = {}): Promise<RelayedAnswer> {
      const answer = provider.relay?.({ dialect: 'openai-chat', body: sent, isStreamed }, { ...call, ...own })
      if (!answer) throw new Error('it relays nothing')
      return answer
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

async function textOf(answer: RelayedAnswer): Promise<string> {
  if (answer.kind === 'whole') return Buffer.from(answer.bytes).toString()
  const pieces: Uint8Array[] = []
  for await (const piece of answer.pieces) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function failureOf(promise: Promise<unknown>): Promise<DragomanError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  )
  if (!isDragomanError(error)) throw error
  return error
}

test.each([
  [false, 'application/json', 'gzip, br'],
  [true, 'text/event-stream', 'identity'],
])('the bytes are sent as they are, with the key (streamed: %s)', async (isStreamed, accept, encoding) => {
  await using rig = await start(isStreamed ? chatStream() : completion(), { headers: { 'x-team': 'blue' } })
  await textOf(await rig.relay(isStreamed))
  const { method, path, headers, text } = await rig.upstream.received(1)
  expect({ method, path, text }).toEqual({ method: 'POST', path: '/v1/chat/completions', text: sent })
  const authorization = `Bearer ${rig.apiKey}`
  expect(headers).toMatchObject({ authorization, accept, 'accept-encoding': encoding, 'x-team': 'blue' })
})

test('a provider tells what stands against a relay', async () => {
  const request: ChatCompletionRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true }
  const [openai, groq] = [openAICompatible.create({ preset: 'openai' }), openAICompatible.create({ preset: 'groq' })]
  expect(openai.relayObstacle?.(request, 'openai-chat')).toBeUndefined()
  expect(openai.relayObstacle?.({ ...request, tools: [] }, 'openai-chat')).toBe('an empty list of tools is left out')
  expect(groq.relayObstacle?.(request, 'openai-chat')).toBe('the service is not known to be conformant')
  await Promise.all([openai.close(), groq.close()])
})

const whole =
  '{"id": "a", "created":1.0, "choices":[{"message":{"content":"Grüße 🙂"}}],\n "big":12345678901234567890}\n'

test.each([
  ['plain', {}, [whole]],
  ['cut inside of a character', {}, [Buffer.from(whole).subarray(0, 56), Buffer.from(whole).subarray(56)]],
  ['gzip', { 'content-encoding': 'gzip' }, [gzipSync(whole)]],
])('a whole answer is the bytes as they came and their JSON: %s', async (_name, headers, body) => {
  await using rig = await start({ headers: { 'content-type': 'application/json', ...headers }, body })
  const answer = await rig.relay(false)
  expect(answer.kind).toBe('whole')
  expect(await textOf(answer)).toBe(whole)
  expect(answer).toMatchObject({ json: JSON.parse(whole) })
})

test('a byte order mark stays in the bytes and out of the JSON', async () => {
  await using rig = await start({ headers: { 'content-type': 'application/json' }, body: `\uFEFF${whole}` })
  const answer = await rig.relay(false)
  expect(await textOf(answer)).toBe(`\uFEFF${whole}`)
  expect(answer).toMatchObject({ json: JSON.parse(whole) })
})

test('a stream is the bytes up to its end', async () => {
  const body = ': hi\n\ndata: {"created":1.0,"x":"ä"}\n\ndata: {"choices":[]}\n\ndata: [DONE]\n\n'
  await using rig = await start({ headers: eventStream, body: `${body}data: {"more":1}\n\n` })
  const answer = await rig.relay(true)
  expect(answer.kind).toBe('events')
  expect(await textOf(answer)).toBe(body)
})

test('pieces come as they are sent, and leaving them closes the socket', async () => {
  const more = gate()
  await using rig = await start({ headers: eventStream, body: ['data: {"a":1}\n\n', more, stall()] })
  const answer = await rig.relay(true)
  if (answer.kind !== 'events') throw new Error('no stream')
  for await (const piece of answer.pieces) {
    expect(Buffer.from(piece).toString()).toBe('data: {"a":1}\n\n')
    break
  }
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

test('the signal closes the socket of a stream and of an answer that is awaited', async () => {
  await using rig = await start({ headers: eventStream, body: ['data: {"a":1}\n\n', stall()] })
  const controller = new AbortController()
  const answer = await rig.relay(true, { signal: controller.signal })
  const rest = failureOf(textOf(answer))
  controller.abort()
  expect(await rest).toMatchObject({ code: 'aborted' })
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')

  await using waiting = await start({ before: [stall()] })
  const second = new AbortController()
  const failure = failureOf(waiting.relay(false, { signal: second.signal }))
  const request = await waiting.upstream.received(1)
  second.abort()
  expect(await failure).toMatchObject({ code: 'aborted' })
  expect(await request.closed).toBe('aborted')
})

test('JSON where a stream was asked for is a whole answer', async () => {
  await using rig = await start({ headers: { 'content-type': 'application/json' }, body: whole })
  const answer = await rig.relay(true)
  expect(answer).toMatchObject({ kind: 'whole', json: JSON.parse(whole) })
  expect(await textOf(answer)).toBe(whole)
})

test('a stream where a whole answer was asked for is upstream_protocol, and is not read', async () => {
  await using rig = await start({ headers: eventStream, body: ['data: {"a":1}\n\n', stall()] })
  expect(await failureOf(rig.relay(false))).toMatchObject({
    code: 'upstream_protocol',
    message: 'The service streamed an answer that was to come whole',
  })
  expect(await rig.upstream.requests[0]?.closed).toBe('aborted')
})

const reported: readonly (readonly [string, Reply])[] = [
  ['rate_limited', errorReply(429)],
  ['credential_rejected', errorReply(401)],
  ['upstream_unavailable', errorReply(503)],
  ['upstream_protocol', htmlPage(200, 'Sign in')],
  ['rate_limited', jsonReply({ error: { message: 'Slowly', code: 'rate_limit_exceeded' } })],
  ['credential_rejected', jsonReply({ choices: null, base_resp: { status_code: 1004, status_msg: 'no' } })],
  ['upstream_unavailable', jsonReply({ object: 'error', message: 'down', code: 503 })],
  ['rate_limited', jsonReply({ message: 'Slowly', code: 429 })],
  ['upstream_protocol', { headers: { 'content-type': 'application/json' }, body: '{"id":' }],
  ['upstream_protocol', { headers: { 'content-type': 'application/json' } }],
]

test.each(reported)('%s is thrown, streamed or not: %j', async (code, reply) => {
  for (const isStreamed of [true, false]) {
    await using rig = await start(reply)
    const error = await failureOf(rig.relay(isStreamed))
    expect(error).toMatchObject({ code, origin: 'upstream' })
    expect(leaked({ apiKey: rig.apiKey }, error)).toEqual([])
  }
})

test('an error in an event is read as everywhere, without secrets', async () => {
  await using rig = await start({ headers: eventStream, body: 'data: {"a":1}\n\n' })
  const answer = await rig.relay(true)
  if (answer.kind !== 'events') throw new Error('no stream')
  await textOf(answer)
  const error = answer.errorFrom({ error: { message: `no ${rig.apiKey}`, code: 'rate_limit_exceeded' } })
  expect(error).toMatchObject({ code: 'rate_limited' })
  expect(leaked({ apiKey: rig.apiKey }, error)).toEqual([])
  expect(answer.errorFrom({ base_resp: { status_code: 1004, status_msg: 'no' } }).code).toBe('credential_rejected')
})

test.each([
  ['event: error\ndata: {"message":"Slowly","code":429}\n\n', 'rate_limited'],
  ['event: error\ndata: oops\n\n', 'upstream_protocol'],
])('an event that only its name calls an error is thrown: %j', async (event, code) => {
  await using rig = await start({ headers: eventStream, body: `data: {"a":1}\n\n${event}` })
  expect(await failureOf(rig.relay(true).then(textOf))).toMatchObject({ code })
})
