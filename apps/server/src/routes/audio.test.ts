import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { cut, errorReply, gate, jsonReply, repeated } from '@dragoman/testkit'
import OpenAI, { toFile } from 'openai'
import { expect, test } from 'vitest'
import { entryOf, lineOf, startEndpoints, upstreamKey } from '../test-endpoints-rig.ts'

test('covers openai-sdk audio speech: it comes piece by piece, under the type that the upstream names', async () => {
  await using rig = await startEndpoints()
  const more = gate()
  const first = Buffer.from([0xff, 0xfb, 0x90, 0x00])
  rig.upstream.always({ headers: { 'content-type': 'audio/mpeg' }, body: [first, more, Buffer.from([1, 2, 3])] })
  const response = await rig.client.audio.speech.create({ model: 'm', input: 'Hello', voice: 'alloy' })
  expect(response.headers.get('content-type')).toBe('audio/mpeg')
  const reader = response.body?.getReader()
  expect((await reader?.read())?.value).toEqual(new Uint8Array(first))
  more.open()
  expect((await reader?.read())?.value).toEqual(new Uint8Array([1, 2, 3]))
  expect((await reader?.read())?.done).toBe(true)
  expect((await rig.upstream.received(1)).json).toEqual({ model: 'up-1', input: 'Hello', voice: 'alloy' })
  expect(rig.records[0]).toMatchObject({ endpoint: 'audio/speech', status: 200 })
})

test('a client that leaves ends the speech at the upstream', async () => {
  await using rig = await startEndpoints()
  const more = gate()
  rig.upstream.always({ headers: { 'content-type': 'audio/mpeg' }, body: [Buffer.from([1]), more] })
  const caller = new AbortController()
  const options = { signal: caller.signal }
  const response = await rig.client.audio.speech.create({ model: 'm', input: 'Hello', voice: 'alloy' }, options)
  await response.body?.getReader().read()
  caller.abort()
  const [request] = rig.upstream.requests
  expect(await request?.closed).toBe('aborted')
  expect(rig.records[0]).toMatchObject({ error: { code: 'aborted' } })
})

test('a speech that breaks off does not look whole', async () => {
  await using rig = await startEndpoints()
  const more = gate()
  rig.upstream.always({ headers: { 'content-type': 'audio/mpeg' }, body: [Buffer.from([1]), more, cut()] })
  const response = await rig.client.audio.speech.create({ model: 'm', input: 'Hello', voice: 'alloy' })
  const reader = response.body?.getReader()
  await reader?.read()
  more.open()
  await expect(reader?.read()).rejects.toThrow()
  expect(rig.records[0]).toMatchObject({ error: { code: 'upstream_unavailable' } })
})

test('an error before the first byte has its status', async () => {
  await using rig = await startEndpoints()
  rig.upstream.always(errorReply(400))
  const asked = rig.client.audio.speech.create({ model: 'm', input: 'Hello', voice: 'alloy' })
  await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError)
})

test('events that break off end with an error', async () => {
  await using rig = await startEndpoints()
  const more = gate()
  const event = 'data: {"type":"transcript.text.delta","delta":"Hel"}\n\n'
  rig.upstream.always({ headers: { 'content-type': 'text/event-stream' }, body: [event, more, cut()] })
  const file = await toFile(Buffer.from('audio'), 'a.wav')
  const stream = await rig.client.audio.transcriptions.create({ model: 'm', file, stream: true })
  const deltas: unknown[] = []
  const read = async () => {
    for await (const part of stream) {
      deltas.push(part)
      more.open()
    }
  }
  await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError)
  expect(deltas).toHaveLength(1)
})

test.each(['transcriptions', 'translations'] as const)(
  'covers openai-sdk audio files: %s take one, and answer JSON or text',
  async (kind) => {
    await using rig = await startEndpoints()
    rig.upstream.script(
      jsonReply({ text: 'Hello', usage: { type: 'tokens', input_tokens: 3, output_tokens: 2, total_tokens: 5 } }),
      { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'Grüße\n' },
    )
    const file = await toFile(Buffer.alloc(200_000, 7), 'aufnahme.wav', { type: 'audio/wav' })
    const whole = await rig.client.audio[kind].create({ model: 'm', file, prompt: 'names: Ada' })
    expect(whole.text).toBe('Hello')
    const text: unknown = await rig.client.audio[kind].create({ model: 'm', file, response_format: 'srt' })
    expect(text).toBe('Grüße\n')
    const form = await rig.form(1)
    const sent = form.get('file')
    expect([form.get('model'), form.get('prompt')]).toEqual(['up-1', 'names: Ada'])
    expect(sent instanceof File && [sent.name, sent.type, sent.size]).toEqual(['aufnahme.wav', 'audio/wav', 200_000])
    expect(lineOf(await rig.upstream.received(1))).toBe(`/v1/audio/${kind} Bearer ${upstreamKey} multipart/form-data`)
    expect(rig.records[0]).toMatchObject({
      endpoint: `audio/${kind}`,
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    })
  },
)

test('a form is sent again, from its beginning, to another target', async () => {
  await using rig = await startEndpoints()
  rig.upstream.script(errorReply(503), jsonReply({ text: 'Hello' }))
  const entries = ['down', 'other'].map((id) => entryOf(id, rig.upstream, ['audio/transcriptions']))
  await using both = await startEndpoints({
    gatewayOptions: { providers: entries, models: [{ name: 'm', deployments: entries.map((entry) => ({ entry })) }] },
  })
  const file = await toFile(Buffer.alloc(100_000, 7), 'a.wav')
  expect((await both.client.audio.transcriptions.create({ model: 'm', file })).text).toBe('Hello')
  for (const n of [1, 2]) {
    const sent = (await rig.form(n)).get('file')
    expect(sent instanceof File && sent.size).toBe(100_000)
  }
})

test('a client that does not read stops the upstream, and one that then leaves ends it', async () => {
  await using rig = await startEndpoints()
  const piece = Buffer.alloc(64 * 1024)
  rig.upstream.always({ headers: { 'content-type': 'audio/mpeg' }, body: repeated(piece) })
  const { hostname, port } = new URL(rig.server.url)
  const sent = httpRequest({
    ...{ hostname, port, method: 'POST', path: '/v1/audio/speech' },
    headers: { 'content-type': 'application/json' },
  })
  sent.end(JSON.stringify({ model: 'm', input: 'On and on', voice: 'alloy' }))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const exchange = await rig.upstream.received(1)
  // An upstream without end comes to rest only if nobody asks it for more.
  for (let before = -1; before < exchange.sent; ) {
    before = exchange.sent
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  // What sockets hold, and no more.
  expect(exchange.sent).toBeLessThan(64 * 1024 * 1024)
  expect(rig.records).toEqual([])
  response.destroy()
  expect(await exchange.closed).toBe('aborted')
})
