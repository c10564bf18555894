import { errorReply, jsonReply, type Reply } from '@dragoman/testkit'
import OpenAI, { toFile } from 'openai'
import { describe, expect, test } from 'vitest'
import { entryOf, lineOf, startEndpoints, upstreamKey } from '../test-endpoints-rig.ts'
import { rawRequest } from '../test-server.ts'

const vectors = [
  [0.5, -0.25, 3],
  [1, 2, -8],
]

/** A service that knows one format only, whatever is asked. */
function embedded(format: 'float' | 'base64'): Reply {
  return jsonReply({
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'float' ? vector : Buffer.from(Float32Array.from(vector).buffer).toString('base64'),
    })),
    model: 'up-1',
    usage: { prompt_tokens: 4, total_tokens: 4 },
  })
}

describe('embeddings', () => {
  test.each(['float', 'base64'] as const)(
    'covers openai-sdk embeddings formats: an upstream that answers in %s serves clients of both',
    async (upstreams) => {
      await using rig = await startEndpoints()
      rig.upstream.always(embedded(upstreams))
      const input = ['one', 'two']
      // The SDK asks for base64, and decodes it.
      const decoded = await rig.client.embeddings.create({ model: 'm', input, dimensions: 3 })
      expect(decoded.data.map(({ embedding }) => embedding)).toEqual(vectors)
      const float = await rig.client.embeddings.create({ model: 'm', input, encoding_format: 'float' })
      expect(float.data.map(({ embedding }) => embedding)).toEqual(vectors)
      const raw = await fetch(`${rig.server.url}/v1/embeddings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'm', input, encoding_format: 'base64' }),
      })
      const { data } = (await raw.json()) as { data: { embedding: unknown }[] }
      expect(data[0]?.embedding).toBe(Buffer.from(Float32Array.from(vectors[0] ?? []).buffer).toString('base64'))
      const { json } = await rig.upstream.received(1)
      expect(json).toEqual({ model: 'up-1', input, dimensions: 3, encoding_format: 'base64' })
      expect(rig.records[0]).toMatchObject({
        endpoint: 'embeddings',
        model: 'm',
        status: 200,
        usage: { prompt_tokens: 4 },
      })
      expect(raw.headers.get('x-gateway-model')).toBe('m')
      expect(lineOf(await rig.upstream.received(1))).toBe(`/v1/embeddings Bearer ${upstreamKey} application/json`)
    },
  )

  test.each([
    ['', 'input', 'input: expected something to embed; found an empty string'],
    [[], 'input', 'input: expected something to embed; found an empty array'],
    [['a', ''], 'input[1]', 'input[1]: expected something to embed; found nothing'],
    [[[1], []], 'input[1]', 'input[1]: expected something to embed; found nothing'],
    [Array(2049).fill('a'), 'input', 'input: expected at most 2048 inputs; found 2049'],
    [{}, 'input', 'input: expected a string, an array of strings, or tokens; found an object'],
  ])('covers openai-sdk embeddings errors: %j cannot be embedded', async (input, param, message) => {
    await using rig = await startEndpoints()
    const asked = rig.client.embeddings.create({ model: 'm', input: input as string, encoding_format: 'float' })
    const error = await asked.catch((cause) => cause)
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect([error.param, error.message]).toEqual([param, `400 ${message}`])
    expect(rig.upstream.requests).toHaveLength(0)
  })

  test('covers openai-sdk embeddings inputs: 2048 inputs and one long list of tokens are taken', async () => {
    await using rig = await startEndpoints()
    rig.upstream.always(embedded('float'))
    await rig.client.embeddings.create({ model: 'm', input: Array(2048).fill('a') })
    await rig.client.embeddings.create({ model: 'm', input: Array(3000).fill(7) })
    expect(rig.upstream.requests).toHaveLength(2)
  })

  test('the next target is asked after one that fails', async () => {
    await using rig = await startEndpoints()
    rig.upstream.script(errorReply(500), embedded('float'))
    const other = entryOf('other', rig.upstream, ['embeddings'])
    await using both = await startEndpoints({
      gatewayOptions: {
        providers: [other],
        models: [
          { name: 'm', deployments: [{ entry: entryOf('down', rig.upstream, ['embeddings']) }, { entry: other }] },
        ],
      },
    })
    const { data } = await both.client.embeddings.create({ model: 'm', input: 'x' })
    expect(data).toHaveLength(2)
    expect(both.records[0]?.attempts.map(({ provider }) => provider)).toEqual(['down', 'other'])
  })
})

test.each([
  ['embeddings', { input: 'x' }],
  ['images/generations', { prompt: 'x' }],
  ['audio/speech', { input: 'x', voice: 'alloy' }],
  ['moderations', { input: 'x' }],
])('where no provider has %s it is said so, and nobody is called', async (endpoint, body) => {
  await using rig = await startEndpoints({ endpoints: [] })
  const answer = await fetch(`${rig.server.url}/${endpoint}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', ...body }),
  })
  const { error } = (await answer.json()) as { error: unknown }
  expect([answer.status, error]).toEqual([
    400,
    expect.objectContaining({
      code: 'unsupported_endpoint',
      message: `m has no /v1/${endpoint}: none of its providers does`,
    }),
  ])
  expect(rig.upstream.requests).toHaveLength(0)
})

describe('images', () => {
  test('covers openai-sdk images generate: a picture comes, and every field goes as it came', async () => {
    await using rig = await startEndpoints()
    const png = Buffer.from('a picture').toString('base64')
    rig.upstream.always(
      jsonReply({ created: 1, data: [{ b64_json: png }], usage: { input_tokens: 5, output_tokens: 9 } }),
    )
    const asked = { prompt: 'a cat', n: 1, size: '1024x1024', quality: 'high', output_format: 'png' } as const
    const answer = await rig.client.images.generate({ model: 'm', ...asked })
    expect(answer.data?.[0]?.b64_json).toBe(png)
    expect((await rig.upstream.received(1)).json).toEqual({ model: 'up-1', ...asked })
    expect(rig.records[0]?.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 9 })
  })

  test('covers openai-sdk images stream: pictures come as the events of the upstream', async () => {
    await using rig = await startEndpoints()
    const events = [
      'event: image_generation.partial_image\ndata: {"type":"image_generation.partial_image","b64_json":"AA=="}\n\n',
      'event: image_generation.completed\ndata: {"type":"image_generation.completed","b64_json":"AAA="}\n\n',
    ]
    rig.upstream.always({ headers: { 'content-type': 'text/event-stream' }, body: events })
    const stream = await rig.client.images.generate({ model: 'm', prompt: 'a cat', stream: true })
    const types = []
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['image_generation.partial_image', 'image_generation.completed'])
    expect((await rig.upstream.received(1)).headers.accept).toBe('text/event-stream')
  })

  test('covers openai-sdk images edit: a form keeps its boundary, its names and what nobody knows', async () => {
    await using rig = await startEndpoints()
    rig.upstream.always(jsonReply({ created: 1, data: [{ url: 'https://images.example/1.png' }] }))
    const image = [
      await toFile(Buffer.from('first'), 'first.png', { type: 'image/png' }),
      await toFile(Buffer.from('second'), 'zweites "Bild".png', { type: 'image/png' }),
    ]
    const answer = await rig.client.images.edit({ model: 'm', image, prompt: 'add a hat', ...{ seed: 7 } })
    expect(answer.data?.[0]?.url).toBe('https://images.example/1.png')
    const form = await rig.form(1)
    expect(form.getAll('model')).toEqual(['up-1'])
    expect(form.get('prompt')).toBe('add a hat')
    expect(form.get('seed')).toBe('7')
    const files = form.getAll('image[]').filter((part) => part instanceof File)
    expect(files.map(({ name, type }) => [name, type])).toEqual([
      ['first.png', 'image/png'],
      ['zweites "Bild".png', 'image/png'],
    ])
    expect(await files[1]?.text()).toBe('second')
    expect(rig.records[0]).toMatchObject({ endpoint: 'images/edits', status: 200 })
  })

  test('an edit in JSON goes on as JSON', async () => {
    await using rig = await startEndpoints()
    rig.upstream.always(jsonReply({ created: 1, data: [] }))
    const body = { model: 'm', prompt: 'a hat', images: [{ image_url: 'data:image/png;base64,AA==' }] }
    const path = '/v1/images/edits'
    const headers = { 'content-type': 'application/json' }
    const sent = { method: 'POST', path, headers, body: JSON.stringify(body) }
    expect((await rawRequest(rig.server.url, sent)).status).toBe(200)
    expect((await rig.upstream.received(1)).json).toEqual({ ...body, model: 'up-1' })
  })
})

describe('moderations', () => {
  const result = { flagged: false, categories: { violence: false }, category_scores: { violence: 0.01 } }

  test('covers openai-sdk moderations parts: the provider alone answers', async () => {
    await using rig = await startEndpoints()
    rig.upstream.always(jsonReply({ id: 'modr-1', model: 'up-1', results: [result] }))
    const input = [{ type: 'text' as const, text: 'hi' }]
    const answer = await rig.client.moderations.create({ model: 'm', input })
    expect(answer.results[0]?.flagged).toBe(false)
    expect((await rig.upstream.received(1)).json).toEqual({ model: 'up-1', input })
  })

  test('a request without a model means the default of OpenAI', async () => {
    await using rig = await startEndpoints()
    const error = await rig.client.moderations.create({ input: 'hi' }).catch((cause) => cause)
    expect(error).toBeInstanceOf(OpenAI.NotFoundError)
    expect(error.message).toBe('404 There is no model omni-moderation-latest')
  })
})

test('a text where an answer belongs is a fault of the upstream', async () => {
  await using rig = await startEndpoints()
  rig.upstream.always({ headers: { 'content-type': 'application/json' }, body: '"hello"' })
  const asked = rig.client.moderations.create({ model: 'm', input: 'x' })
  await expect(asked).rejects.toMatchObject({ status: 502, code: 'upstream_protocol' })
})
