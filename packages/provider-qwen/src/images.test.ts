import { credential, type EndpointBody, isDragomanError, memoryState } from '@dragoman/core'
import { type Exchange, handClock, jsonReply, type Reply, startFakeUpstream } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { qwen } from './index.ts'

const apiKey = 'sk-of-a-test'
const startAt = Date.UTC(2026, 10, 20)

/** The native part of Model Studio, which answers as it is documented. */
async function startStudio(reply: (request: Exchange) => Reply) {
  const upstream = await startFakeUpstream()
  upstream.always((request) => {
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      return jsonReply({ code: 'InvalidApiKey', message: 'Invalid API-key provided.', request_id: 'r' }, 401)
    }
    return reply(request)
  })
  upstream.on('/picture.png', {
    headers: { 'content-type': 'image/png' },
    body: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  })
  const clock = handClock(startAt)
  const options = qwen.options.parse({ baseUrl: `${upstream.origin}/compatible-mode/v1` })
  const provider = qwen.create(options, { clock, mediaFrom: ['127.0.0.1'] })
  const caller = new AbortController()
  const call = { credential: credential({ apiKey }), signal: caller.signal, state: memoryState() }
  return {
    upstream,
    clock,
    caller,
    provider,
    picture: `${upstream.origin}/picture.png`,
    serve: (
      model: string,
      body: EndpointBody,
      endpoint: 'images/generations' | 'images/edits' = 'images/generations',
    ) => provider.serve?.({ endpoint, model, body }, call),
    async [Symbol.asyncDispose]() {
      caller.abort()
      await provider.close()
      await upstream.close()
    },
  }
}

const json = (fields: object): EndpointBody => ({ kind: 'json', json: { model: 'm', prompt: 'a cat', ...fields } })

function picturesOf(...urls: readonly string[]): Reply {
  const content = urls.map((image) => ({ image }))
  const choices = [{ finish_reason: 'stop', message: { role: 'assistant', content } }]
  return jsonReply({ output: { choices }, usage: { image_count: urls.length }, request_id: 'r' })
}

async function failureOf(asked: Promise<unknown> | undefined) {
  const error = await asked?.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  return isDragomanError(error) ? error : expect.fail(`no DragomanError: ${error}`)
}

test('a picture of Qwen is asked for in the native form, and its address comes back', async () => {
  await using studio = await startStudio(() => picturesOf('https://oss.example/1.png', 'https://oss.example/2.png'))
  const answer = await studio.serve('qwen-image-2.0', json({ n: 2, size: '1024x768', seed: 7, quality: 'hd' }))
  const data = [{ url: 'https://oss.example/1.png' }, { url: 'https://oss.example/2.png' }]
  expect(answer).toEqual({ kind: 'json', json: { created: startAt / 1000, data } })
  const { path, json: sent } = await studio.upstream.received(1)
  expect(path).toBe('/api/v1/services/aigc/multimodal-generation/generation')
  expect(sent).toEqual({
    model: 'qwen-image-2.0',
    input: { messages: [{ role: 'user', content: [{ text: 'a cat' }] }] },
    parameters: { n: 2, size: '1024*768', seed: 7 },
  })
})

test.each([
  ['qwen-max-image', 'qwen-image-max'],
  ['qwen-turbo-image', 'qwen-image'],
  ['qwen-plus-image-edit', 'qwen-image-edit'],
])('%s of the founding system is %s', async (name, model) => {
  await using studio = await startStudio(() => picturesOf('https://oss.example/1.png'))
  await studio.serve(name, json({ image: 'https://a.example/b.png' }))
  expect((await studio.upstream.received(1)).json.model).toBe(model)
})

test('where data is asked for, the picture is fetched without the key', async () => {
  let picture = ''
  await using studio = await startStudio(() => picturesOf(picture))
  picture = studio.picture
  const answer = await studio.serve('qwen-image', json({ response_format: 'b64_json' }))
  const b64_json = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1').toString('base64')
  expect(answer).toMatchObject({ json: { data: [{ b64_json }] } })
  expect((await studio.upstream.received(2)).headers.authorization).toBeUndefined()
})

test('a picture that its storage does not give is the fault of the service', async () => {
  let picture = ''
  await using studio = await startStudio(() => picturesOf(picture))
  picture = `${studio.upstream.origin}/gone.png`
  const error = await failureOf(studio.serve('qwen-image', json({ response_format: 'b64_json' })))
  expect([error.code, error.message]).toEqual([
    'upstream_unavailable',
    'Qwen made a picture that could not be fetched from its storage',
  ])
})

test('an edit shows its pictures, whether they came in JSON or in a form', async () => {
  await using studio = await startStudio(() => picturesOf('https://oss.example/1.png'))
  const image = 'data:image/png;base64,AAEC'
  await studio.serve('qwen-image-edit', json({ images: [{ image_url: image }, image] }), 'images/edits')
  const form = new FormData()
  form.append('prompt', 'a cat')
  form.append('n', '2')
  for (const name of ['a.png', 'b.png']) {
    form.append('image[]', new File([new Uint8Array([0, 1, 2])], name, { type: 'image/png' }))
  }
  const encoded = new Response(form)
  const bytes = Buffer.from(await encoded.arrayBuffer())
  const body: EndpointBody = {
    kind: 'form',
    contentType: encoded.headers.get('content-type') ?? '',
    bytes: async function* () {
      yield bytes.subarray(0, 100)
      yield bytes.subarray(100)
    },
  }
  await studio.serve('qwen-image-edit', body, 'images/edits')
  const content = [{ image }, { image }, { text: 'a cat' }]
  for (const n of [1, 2]) expect((await studio.upstream.received(n)).json.input.messages[0].content).toEqual(content)
  expect((await studio.upstream.received(2)).json.parameters).toEqual({ n: 2 })
})

test.each([
  ['prompt', 'images/generations', { prompt: '' }, 'prompt: required; expected a description of a picture'],
  ['n', 'images/generations', { n: 7 }, 'n: Qwen makes at most 6'],
  ['stream', 'images/generations', { stream: true }, 'stream: Qwen does not stream its pictures'],
  ['mask', 'images/edits', { mask: 'data:,' }, 'mask: Qwen takes no mask'],
  ['image', 'images/edits', {}, 'image: required; expected a picture to edit'],
  ['image', 'images/edits', { image: 'file-1' }, 'image: expected a data URL or an address of a picture'],
] as const)('what is asked with %s is refused before any call: %s %j', async (param, endpoint, fields, message) => {
  await using studio = await startStudio(() => expect.unreachable())
  const error = await failureOf(studio.serve('qwen-image', json(fields), endpoint))
  expect([error.scope, error.param, error.message]).toEqual(['request', param, message])
  expect(studio.upstream.requests).toHaveLength(0)
})

test('errors of the native form are read', async () => {
  await using studio = await startStudio(() =>
    jsonReply({ code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded', request_id: 'r' }, 429),
  )
  expect((await failureOf(studio.serve('qwen-image', json({})))).code).toBe('rate_limited')
  await using empty = await startStudio(() => jsonReply({ output: { choices: [] }, request_id: 'r' }))
  expect((await failureOf(empty.serve('qwen-image', json({})))).code).toBe('upstream_empty')
})

/** A job, and its states in turn. */
function job(...outputs: readonly object[]) {
  const states = [...outputs]
  return ({ method, path, headers }: Exchange): Reply => {
    if (method === 'GET') return jsonReply({ request_id: 'r', output: { task_id: 'job-1', ...states.shift() } })
    const isAsync = headers['x-dashscope-async'] === 'enable' && path.endsWith('/text2image/image-synthesis')
    if (!isAsync) return jsonReply({ code: 'AccessDenied', message: 'does not support synchronous calls' }, 403)
    return jsonReply({ request_id: 'r', output: { task_id: 'job-1', task_status: 'PENDING' } })
  }
}

test('a picture of Wan is a job, which is asked for until it is done', async () => {
  const results = [{ url: 'https://oss.example/1.png' }, { code: 'InternalError', message: 'no' }]
  await using studio = await startStudio(
    job({ task_status: 'PENDING' }, { task_status: 'RUNNING' }, { task_status: 'SUCCEEDED', results }),
  )
  const answer = studio.serve('wan2.2-t2i-flash', json({ n: 2, size: '1024x1024', negative_prompt: 'rain' }))
  for (let i = 0; i < 2; i++) {
    await studio.clock.armed(2_000)
    await studio.clock.advance(2_000)
  }
  expect(await answer).toMatchObject({ json: { data: [{ url: 'https://oss.example/1.png' }] } })
  expect((await studio.upstream.received(1)).json).toEqual({
    model: 'wan2.2-t2i-flash',
    input: { prompt: 'a cat', negative_prompt: 'rain' },
    parameters: { n: 2, size: '1024*1024' },
  })
  expect((await studio.upstream.received(2)).path).toBe('/api/v1/tasks/job-1')
  expect(studio.upstream.requests).toHaveLength(4)
})

test.each([
  [{ task_status: 'FAILED', code: 'DataInspectionFailed', message: 'unsafe' }, 'content_filter'],
  [{ task_status: 'FAILED', code: 'InvalidParameter.Size', message: 'bad size' }, 'invalid_request'],
  [{ task_status: 'FAILED', code: 'InternalError', message: 'oops' }, 'upstream_unavailable'],
  [{ task_status: 'SUCCEEDED', results: [{ code: 'InternalError', message: 'oops' }] }, 'upstream_unavailable'],
])('a job that ends with %j is %s', async (output, code) => {
  await using studio = await startStudio(job(output))
  expect((await failureOf(studio.serve('wan2.2-t2i-flash', json({})))).code).toBe(code)
})

test('who leaves is not kept waiting for a job', async () => {
  await using studio = await startStudio(job({ task_status: 'RUNNING' }))
  const answer = failureOf(studio.serve('wan2.2-t2i-flash', json({})))
  await studio.clock.armed(2_000)
  studio.caller.abort()
  expect((await answer).code).toBe('aborted')
  expect(studio.clock.pending).toBe(0)
})

test('a job that takes too long is given up', async () => {
  await using studio = await startStudio(({ method }) =>
    jsonReply({ output: { task_id: 'job-1', task_status: method === 'GET' ? 'RUNNING' : 'PENDING' } }),
  )
  const answer = failureOf(studio.serve('wan2.2-t2i-flash', json({})))
  for (let waited = 0; waited < 300_000; waited += 2_000) {
    await studio.clock.armed(2_000)
    await studio.clock.advance(2_000)
  }
  expect((await answer).message).toBe('Qwen: the picture was not ready after 300 s')
})

test('embeddings go to the part that is like OpenAI', async () => {
  await using studio = await startStudio(() => jsonReply({ object: 'list', data: [] }))
  expect(studio.provider.endpoints).toEqual(['embeddings', 'images/generations', 'images/edits'])
  const body: EndpointBody = { kind: 'json', json: { model: 'text-embedding-v4', input: 'x', dimensions: 64 } }
  const call = { credential: credential({ apiKey }), signal: new AbortController().signal, state: memoryState() }
  await studio.provider.serve?.({ endpoint: 'embeddings', model: 'text-embedding-v4', body }, call)
  const { path, json: sent } = await studio.upstream.received(1)
  expect([path, sent]).toEqual(['/compatible-mode/v1/embeddings', body.json])
})
