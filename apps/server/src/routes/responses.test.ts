import { Secret } from '@dragoman/core'
import type { ChatCompletionChunk, ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { rawRequest, startTestServer } from '../test-server.ts'

const keys = ['sk-of-the-first', 'sk-of-the-second'].map((key, i) => ({ name: `team-${i}`, key: new Secret(key) }))

async function start() {
  const asked: ChatCompletionRequest[] = []
  const server = await startTestServer(
    {
      id: 'parrot',
      async *chat(request) {
        asked.push(request)
        const text = request.messages.map(({ role, content }) => `${role}: ${JSON.stringify(content)}`).join('; ')
        yield* chatChunks({ reasoning: 'Hm.', text, usage: tokens(5, 6) })
      },
      close: async () => {},
    },
    { keys },
  )
  const client = (key = 'sk-of-the-first') => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key, maxRetries: 0 })
  return { asked, client, url: server.url, [Symbol.asyncDispose]: () => server.stop() }
}

test.each([false, true])('a conversation goes on from the id of its last response (streamed: %s)', async (stream) => {
  await using rig = await start()
  const client = rig.client()
  const ask = async (body: { model: string; input: string; instructions?: string; previous_response_id?: string }) =>
    stream ? client.responses.stream(body).finalResponse() : client.responses.create(body)
  const first = await ask({ model: 'm', input: 'One', instructions: 'Be brief.' })
  const second = await ask({ model: 'm', input: 'Two', previous_response_id: first.id })
  const third = await ask({ model: 'm', input: 'Three', previous_response_id: second.id })
  const users = rig.asked.map(({ messages }) =>
    messages.flatMap(({ role, content }) => (role === 'user' ? [content] : [])),
  )
  expect(users).toEqual([['One'], ['One', 'Two'], ['One', 'Two', 'Three']])
  // Instructions hold for their own request; what was thought comes back with its turn.
  expect(rig.asked[1]?.messages[0]?.role).toBe('user')
  expect(rig.asked[2]?.messages[1]).toMatchObject({ role: 'assistant', reasoning_content: 'Hm.' })
  expect(third.previous_response_id).toBe(second.id)
})

test('a response is read, listed and deleted by the key that made it, and by no other', async () => {
  await using rig = await start()
  const client = rig.client()
  const made = await client.responses.create({ model: 'm', input: [{ role: 'user', content: 'One' }] })
  expect(await client.responses.retrieve(made.id)).toEqual(made)
  const items = await client.responses.inputItems.list(made.id)
  expect(items.data).toMatchObject([
    {
      type: 'message',
      role: 'user',
      id: expect.stringMatching(/^msg_/),
      content: [{ type: 'input_text', text: 'One' }],
    },
  ])

  const other = rig.client('sk-of-the-second')
  for (const asked of [
    () => other.responses.retrieve(made.id),
    () => other.responses.delete(made.id),
    () => other.responses.inputItems.list(made.id),
    () => other.responses.cancel(made.id),
  ]) {
    await expect(asked()).rejects.toMatchObject({ status: 404, code: null })
  }
  const continued = other.responses.create({ model: 'm', input: 'x', previous_response_id: made.id })
  await expect(continued).rejects.toMatchObject({
    status: 400,
    code: 'previous_response_not_found',
    param: 'previous_response_id',
  })

  await expect(client.responses.cancel(made.id)).rejects.toMatchObject({ status: 400 })
  await client.responses.delete(made.id)
  await expect(client.responses.retrieve(made.id)).rejects.toMatchObject({ status: 404 })
})

test('what is not to be stored is not', async () => {
  await using rig = await start()
  const made = await rig.client().responses.create({ model: 'm', input: 'One', store: false })
  await expect(rig.client().responses.retrieve(made.id)).rejects.toMatchObject({ status: 404 })
})

test('items of earlier answers are known by their ids', async () => {
  await using rig = await start()
  const client = rig.client()
  const { output } = await client.responses.create({ model: 'm', input: 'One' })
  const references = output.map(({ id }) => ({ type: 'item_reference' as const, id: id ?? '' }))
  await client.responses.create({ model: 'm', input: [...references, { role: 'user', content: 'Two' }] })
  expect(rig.asked[1]?.messages).toMatchObject([
    { role: 'assistant', content: 'user: "One"', reasoning_content: 'Hm.' },
    { role: 'user' },
  ])
})

test('a request that refers to items here does not go on as it came, because nobody else knows them', async () => {
  const asked: ChatCompletionRequest[] = []
  const noRelay = () => {
    throw new Error('It was relayed')
  }
  await using server = await startTestServer({
    id: 'both',
    relayObstacle: () => undefined,
    relay: noRelay,
    async *chat(request) {
      asked.push(request)
      yield* chatChunks({ text: 'Hi', usage: tokens(1, 2) })
    },
    close: async () => {},
  })
  const { responses } = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const { output } = await responses.create({ model: 'm', input: 'One' })
  const reference = { type: 'item_reference' as const, id: output[0]?.id ?? '' }
  await responses.create({ model: 'm', store: false, input: [reference, { role: 'user', content: 'Two' }] })
  expect(asked[1]?.messages[0]).toMatchObject({ role: 'assistant', content: 'Hi' })
  // Each time it would be as large as the item.
  const twice = responses.create({ model: 'm', input: [reference, reference] })
  await expect(twice).rejects.toMatchObject({ status: 400, param: 'input[1].id' })
})

test('with a response its items are gone', async () => {
  await using rig = await start()
  const { responses } = rig.client()
  const { id, output } = await responses.create({ model: 'm', input: 'One' })
  await responses.delete(id)
  const again = responses.create({ model: 'm', input: [{ type: 'item_reference', id: output[0]?.id ?? '' }] })
  await expect(again).rejects.toMatchObject({ status: 400, param: 'input[0].id' })
})

test('what a request refers to counts as its body: a chain may not be larger than one', async () => {
  await using rig = await start()
  const { responses } = rig.client()
  const half = 'x'.repeat(450_000) // said once, and once more by the parrot
  const { id } = await responses.create({ model: 'm', input: half })
  const { output } = await responses.create({ model: 'm', input: [{ role: 'user', content: half }], store: true })
  const next = responses.create({ model: 'm', input: 'x', previous_response_id: id })
  await expect(next).rejects.toMatchObject({ status: 413, code: 'request_too_large' })
  const references = output.map((item) => ({ type: 'item_reference' as const, id: item.id ?? '' }))
  const referring = await responses.create({ model: 'm', input: [...references, { role: 'user', content: 'x' }] })
  expect(referring.status).toBe('completed')
})

test('what was left out of a long history is named as far as a header may be long', async () => {
  await using rig = await start()
  const searches = Array.from({ length: 2_000 }, (_, i) => ({
    type: 'web_search_call' as const,
    id: `ws_${i}`,
    status: 'completed' as const,
    action: { type: 'search' as const, query: 'x', queries: [] },
  }))
  const input = [...searches, { role: 'user' as const, content: 'x' }]
  const { response } = await rig.client().responses.create({ model: 'm', input }).withResponse()
  const dropped = response.headers.get('x-gateway-dropped') ?? ''
  expect(dropped).toMatch(/^input\[0\]:web_search_call, input\[1\]:.* and 19\d\d more$/)
  expect(dropped.length).toBeLessThan(2_100)
})

test('a WebSocket is refused in the way that Codex goes on by HTTP after', async () => {
  await using rig = await start()
  const headers = { authorization: 'Bearer sk-of-the-first', connection: 'Upgrade', upgrade: 'websocket' }
  const answer = await rawRequest(rig.url, { path: '/v1/responses', headers })
  expect(answer.status).toBe(426)
  expect(answer.headers.connection).toBe('close')
  expect(JSON.parse(answer.text).error.code).toBe('upgrade_required')
  const plain = await rawRequest(rig.url, { path: '/v1/responses', headers: { authorization: headers.authorization } })
  expect(plain.status).toBe(405)
})

test('a stream that cannot be written on in this dialect fails at once, and its upstream is left', async () => {
  const piece = (index: number, fields: object) => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index, ...fields }] } }],
  })
  const named = (id: string, text: string) => ({ id, type: 'function', function: { name: 'f', arguments: text } })
  const left = Promise.withResolvers<void>()
  await using server = await startTestServer({
    id: 'late',
    async *chat() {
      const [head] = chatChunks({ text: 'x' })
      const said = [
        piece(0, named('a', '{"x":1}')),
        piece(1, named('b', '{"x":')),
        piece(0, { function: { arguments: ',"y":2}' } }),
      ]
      try {
        for (const chunk of said) yield { ...head, ...chunk } as ChatCompletionChunk
        await new Promise(() => {})
      } finally {
        left.resolve()
      }
    },
    close: async () => {},
  })
  const answer = await fetch(`${server.url}/v1/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input: 'x', stream: true, tools: [{ type: 'function', name: 'f' }] }),
  })
  const last = (await answer.text()).trimEnd().split('\n\n').at(-1)
  expect(last).toMatch(/^event: response\.failed\n/)
  expect(last).toContain('The upstream went on with a tool call that was complete')
  await left.promise
})
