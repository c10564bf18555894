import { type Call, credential, type EndpointBody, isDragomanError, memoryState } from '@dragoman/core'
import { canary, cut, errorReply, htmlPage, jsonReply, type ScriptedReply, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { openAICompatible } from './index.ts'
import type { OpenAICompatibleOptions } from './options.ts'

const apiKey = canary('apiKey')
const call = (): Call => ({
  credential: credential({ apiKey }),
  signal: new AbortController().signal,
  state: memoryState(),
})
const json = (fields: object = {}): EndpointBody => ({ kind: 'json', json: { model: 'up-1', ...fields } })

async function start(reply: ScriptedReply, options: OpenAICompatibleOptions = {}) {
  const upstream = await startFakeUpstream()
  upstream.always(reply)
  const provider = openAICompatible.create({ baseUrl: `${upstream.origin}/v1`, ...options })
  return {
    upstream,
    serve(endpoint: NonNullable<typeof provider.endpoints>[number], body: EndpointBody = json()) {
      if (!provider.serve) expect.fail('it has no endpoints')
      return provider.serve({ endpoint, model: 'up-1', body }, call())
    },
    async [Symbol.asyncDispose]() {
      await provider.close()
      await upstream.close()
    },
  }
}

async function failureOf(asked: Promise<unknown>) {
  const error = await asked.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return isDragomanError(error) ? error : expect.fail(`no DragomanError: ${error}`)
}

test.each<[string, OpenAICompatibleOptions, readonly string[]]>([
  ['OpenAI has all', { preset: 'openai' }, ['completions', 'moderations', 'audio/speech', 'images/edits']],
  ['Groq hears and speaks', { preset: 'groq' }, ['audio/speech', 'audio/transcriptions', 'audio/translations']],
  ['of Perplexity nothing is known', { preset: 'perplexity' }, []],
  ['a local engine completes and embeds', { preset: 'llamacpp' }, ['completions', 'embeddings']],
  ['the option beats the preset', { preset: 'groq', endpoints: ['embeddings'] }, ['embeddings']],
  ['an unknown service is asked', { baseUrl: 'http://127.0.0.1:1' }, ['embeddings', 'images/generations']],
])('%s', async (_name, options, endpoints) => {
  const provider = openAICompatible.create(options)
  expect(provider.endpoints).toEqual(expect.arrayContaining([...endpoints]))
  if (endpoints.length === 0) expect(provider.endpoints).toEqual([])
  await provider.close()
})

test('completions are not expected of a service that nobody knows: chats do as well', async () => {
  const provider = openAICompatible.create({ baseUrl: 'http://127.0.0.1:1' })
  expect(provider.endpoints).not.toContain('completions')
  await provider.close()
})

test('JSON goes on as it is, whatever quirks chats have there', async () => {
  const quirks: OpenAICompatibleOptions = {
    dropFields: ['user'],
    extraBody: { top_k: 1 },
    query: { 'api-version': '1' },
  }
  await using rig = await start(jsonReply({ object: 'list', data: [] }), quirks)
  expect(await rig.serve('embeddings', json({ input: 'x', user: 'u' }))).toEqual({
    kind: 'json',
    json: { object: 'list', data: [] },
  })
  const { path, headers, json: sent } = await rig.upstream.received(1)
  expect([path, headers.authorization, headers.accept]).toEqual([
    '/v1/embeddings?api-version=1',
    `Bearer ${apiKey}`,
    'application/json',
  ])
  expect(sent).toEqual({ model: 'up-1', input: 'x', user: 'u' })
})

test('a form goes on byte by byte', async () => {
  await using rig = await start(jsonReply({ text: 'Hello' }))
  const contentType = 'multipart/form-data; boundary="a b"'
  const bytes = async function* () {
    yield Buffer.from('--a b\r\n')
    yield Buffer.from('whatever')
  }
  expect(await rig.serve('audio/transcriptions', { kind: 'form', contentType, bytes })).toEqual({
    kind: 'json',
    json: { text: 'Hello' },
  })
  const { path, headers, text } = await rig.upstream.received(1)
  expect([path, headers['content-type'], text]).toEqual(['/v1/audio/transcriptions', contentType, '--a b\r\nwhatever'])
})

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}

test.each([
  ['audio/speech', 'audio/mpeg', 'ID3'],
  ['audio/transcriptions', 'text/plain; charset=utf-8', 'Grüße'],
  ['audio/transcriptions', 'text/event-stream', 'data: {}\n\n'],
  ['completions', 'text/event-stream', 'data: [DONE]\n\n'],
  ['images/generations', 'text/event-stream; charset=utf-8', 'event: x\ndata: {}\n\n'],
  ['audio/speech', '', 'RIFF'],
] as const)('%s in %j comes as bytes', async (endpoint, type, body) => {
  await using rig = await start({ headers: type === '' ? {} : { 'content-type': type }, body })
  const answer = await rig.serve(endpoint)
  if (answer.kind !== 'stream') return expect.unreachable()
  expect(answer.contentType).toBe(type || 'application/octet-stream')
  expect(await textOf(answer.pieces)).toBe(body)
})

test('JSON is read as such where nothing else can come, whatever it is called', async () => {
  await using rig = await start({ headers: { 'content-type': 'text/plain' }, body: '{"data":[]}' })
  for (const endpoint of ['embeddings', 'images/generations', 'moderations', 'completions'] as const) {
    expect(await rig.serve(endpoint)).toEqual({ kind: 'json', json: { data: [] } })
  }
})

test.each([
  ['a status', errorReply(404), 'deployment_not_found'],
  ['a rejected key', errorReply(401), 'credential_rejected'],
  ['an error with status 200', jsonReply({ error: { message: 'no', code: 'rate_limit_exceeded' } }), 'rate_limited'],
  ["MiniMax's way to say it", jsonReply({ base_resp: { status_code: 1008, status_msg: '' } }), 'credential_exhausted'],
  ['a page', htmlPage(), 'upstream_protocol'],
  ['JSON that is no answer', jsonReply([1]), 'upstream_protocol'],
  ['no JSON', { headers: { 'content-type': 'application/json' }, body: 'oops' }, 'upstream_protocol'],
])('%s is an error as it is of chats', async (_name, reply, code) => {
  await using rig = await start(reply)
  expect((await failureOf(rig.serve('embeddings'))).code).toBe(code)
})

test('a page is no speech', async () => {
  await using rig = await start(htmlPage())
  expect((await failureOf(rig.serve('audio/speech'))).code).toBe('upstream_protocol')
})

test('bytes that break off throw', async () => {
  await using rig = await start({ headers: { 'content-type': 'audio/mpeg' }, body: ['ID3', cut()] })
  const answer = await rig.serve('audio/speech')
  if (answer.kind !== 'stream') return expect.unreachable()
  expect((await failureOf(textOf(answer.pieces))).code).toBe('upstream_unavailable')
})
