import { DragomanError, type EndpointRequest, type Provider } from '@dragoman/core'
import { chatChunks } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { createGateway } from './gateway.ts'
import { staticCredentials } from './static-credentials.ts'
import { gatewayOf, noSignal } from './test-one-provider.ts'

function embedder(
  id: string,
  serve: NonNullable<Provider['serve']>,
  endpoints: Provider['endpoints'] = ['embeddings'],
) {
  const provider: Provider = {
    id,
    endpoints,
    serve,
    async *chat() {
      yield* chatChunks({ text: 'x' })
    },
    close: async () => {},
  }
  return provider
}

const vectors = { object: 'list', data: [], usage: { prompt_tokens: 5, total_tokens: 5 } }

function call(model: string) {
  return {
    endpoint: 'embeddings' as const,
    model,
    body: (upstream: string) => ({ kind: 'json' as const, json: { model: upstream, input: 'x' } }),
  }
}

test("an endpoint is asked under the upstream's model id, and recorded with its usage", async () => {
  const sent: EndpointRequest[] = []
  const provider = embedder('a', async (request) => {
    sent.push(request)
    return { kind: 'json', json: vectors }
  })
  const { gateway, records } = gatewayOf([provider], { a: 'embed-1' })
  const answer = await gateway.serve(call('a'), { signal: noSignal, client: 'team' })
  expect(answer).toMatchObject({ kind: 'json', json: vectors, route: { provider: 'a', model: 'embed-1' } })
  expect(sent).toEqual([
    { endpoint: 'embeddings', model: 'embed-1', body: { kind: 'json', json: { model: 'embed-1', input: 'x' } } },
  ])
  expect(records).toMatchObject([
    { endpoint: 'embeddings', client: 'team', status: 200, usage: { prompt_tokens: 5, completion_tokens: 0 } },
  ])
})

test('after a failure of one target the next that has the endpoint is asked', async () => {
  const down = embedder('down', async () => {
    throw new DragomanError('upstream_unavailable', 'refused', { origin: 'upstream' })
  })
  const chatOnly: Provider = { id: 'chat', chat: down.chat, close: async () => {} }
  const up = embedder('up', async () => ({ kind: 'json', json: vectors }))
  const entries = [down, chatOnly, up].map((provider) => {
    return { id: provider.id, provider, credentials: staticCredentials([]) }
  })
  const gateway = createGateway({
    providers: entries,
    models: [{ name: 'm', deployments: entries.map((entry) => ({ entry })) }],
  })
  const answer = await gateway.serve(call('m'), { signal: noSignal })
  expect(answer.route.provider).toBe('up')
})

test('where nobody has the endpoint that is said, and nobody is called', async () => {
  const provider = embedder('a', () => expect.unreachable(), ['moderations'])
  const { gateway } = gatewayOf([provider])
  const asked = gateway.serve(call('a'), { signal: noSignal })
  await expect(asked).rejects.toMatchObject({ code: 'unsupported_endpoint', status: 400, param: 'model' })
  await expect(gateway.serve(call('nobody'), { signal: noSignal })).rejects.toMatchObject({ code: 'model_not_found' })
})

test('bytes go on as they come, and leaving them stops the upstream', async () => {
  let wasLeft = false
  const provider = embedder('a', async () => ({
    kind: 'stream',
    contentType: 'audio/mpeg',
    pieces: (async function* () {
      try {
        yield new Uint8Array([1, 2])
        yield new Uint8Array([3])
        yield new Uint8Array([4])
      } finally {
        wasLeft = true
      }
    })(),
  }))
  const { gateway, records } = gatewayOf([provider])
  const answer = await gateway.serve(call('a'), { signal: noSignal })
  if (answer.kind !== 'stream') return expect.unreachable()
  expect(answer.contentType).toBe('audio/mpeg')
  const pieces = answer.pieces[Symbol.asyncIterator]()
  expect(await pieces.next()).toEqual({ done: false, value: new Uint8Array([1, 2]) })
  expect(await pieces.next()).toEqual({ done: false, value: new Uint8Array([3]) })
  await pieces.return?.()
  expect(records).toMatchObject([{ error: { code: 'aborted' } }])
  expect(wasLeft).toBe(true)
})
