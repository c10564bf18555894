import Anthropic from '@anthropic-ai/sdk'
import { DragomanError, type Provider, Secret } from '@dragoman/core'
import type { ChatCompletionRequest } from '@dragoman/openai-schema'
import { chatChunks, tokens } from '@dragoman/testkit'
import { expect, test } from 'vitest'
import { rawRequest, startTestServer } from '../test-server.ts'

/** Thinks, and calls the tool it was given; keeps what it was asked. */
function thinker() {
  const asked: ChatCompletionRequest[] = []
  const provider: Provider = {
    id: 'thinker',
    async *chat(request) {
      asked.push(request)
      const isAnswered = request.messages.some(({ role }) => role === 'tool')
      yield* isAnswered
        ? chatChunks({ text: ['It is ', 'raining.'], usage: tokens(30, 4) })
        : chatChunks({
            reasoning: ['I should ', 'look.'],
            toolCalls: [{ id: 'call_1', name: 'weather', arguments: { city: 'Oslo' } }],
            usage: tokens(20, 10),
          })
    },
    close: async () => {},
  }
  return { provider, asked }
}

const weather: Anthropic.Tool = {
  name: 'weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
}

test('a tool loop with thinking runs over an upstream that speaks another dialect, and nothing is lost on the way', async () => {
  const { provider, asked } = thinker()
  await using server = await startTestServer(provider)
  const client = new Anthropic({ baseURL: server.url, apiKey: '-' })
  const question = { role: 'user' as const, content: 'Weather in Oslo?' }
  const thinking = { type: 'enabled' as const, budget_tokens: 2048 }
  const request = { model: 'm', max_tokens: 4096, tools: [weather], thinking }

  const first = await client.messages.stream({ ...request, messages: [question] }).finalMessage()
  expect(first).toMatchObject({
    content: [
      { type: 'thinking', thinking: 'I should look.', signature: expect.stringMatching(/^dg1\./) },
      { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Oslo' } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 20, output_tokens: 10 },
  })
  const result = { type: 'tool_result' as const, tool_use_id: 'call_1', content: 'rain' }
  const second = await client.messages.create({
    ...request,
    // The text is the client's to change; what counts is the sealed value.
    messages: [
      question,
      { role: 'assistant', content: [{ ...first.content[0], thinking: '' }, first.content[1]] as never },
      { role: 'user', content: [result] },
    ],
  })
  expect(second.content).toEqual([expect.objectContaining({ type: 'text', text: 'It is raining.' })])
  expect(asked[1]?.messages.slice(1)).toEqual([
    expect.objectContaining({ role: 'assistant', reasoning_content: 'I should look.' }),
    expect.objectContaining({ role: 'tool', tool_call_id: 'call_1', content: 'rain' }),
  ])
})

test('what goes on as it came has nothing left out of it, and what is translated says what is', async () => {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', stop_sequence: null }
  const usage = { input_tokens: 1, output_tokens: 2 }
  const whole = { ...message, content: [{ type: 'text', text: 'Hi' }], stop_reason: 'end_turn', usage }
  const events = [
    { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
  const framed = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  let obstacle: string | undefined
  await using server = await startTestServer({
    ...thinker().provider,
    relayObstacle: () => obstacle,
    relay: async ({ isStreamed }) =>
      isStreamed
        ? {
            kind: 'events',
            pieces: (async function* () {
              yield Buffer.from(framed)
            })(),
            errorFrom: () => expect.unreachable(),
          }
        : { kind: 'whole', bytes: Buffer.from(JSON.stringify(whole)), json: whole },
  })
  const client = new Anthropic({ baseURL: server.url, apiKey: '-', maxRetries: 0 })
  const search = { type: 'web_search_20250305' as const, name: 'web_search' as const }
  const messages = [{ role: 'user' as const, content: 'x' }]
  const droppedOf = async (stream: boolean) => {
    const asked = client.messages.create({ model: 'm', max_tokens: 9, messages, tools: [search, weather], stream })
    return (await asked.asResponse()).headers.get('x-gateway-dropped')
  }
  expect([await droppedOf(false), await droppedOf(true)]).toEqual([null, null])
  obstacle = 'another dialect'
  const named = 'tools[0]:web_search_20250305'
  expect([await droppedOf(false), await droppedOf(true)]).toEqual([named, named])
})

test('errors are in the form of Messages, with the id that its SDK reads', async () => {
  await using server = await startTestServer()
  const client = new Anthropic({ baseURL: server.url, apiKey: '-', maxRetries: 0 })
  const asked = client.messages.create({ model: 'm', messages: [] } as never)
  const error = (await asked.catch((cause) => cause)) as InstanceType<typeof Anthropic.BadRequestError>
  expect(error).toBeInstanceOf(Anthropic.BadRequestError)
  expect(error.requestID).toMatch(/^req_/)
  expect(error.error).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
})

test('a wrong key is a 401 in the form of Messages', async () => {
  await using server = await startTestServer(undefined, { keys: [{ name: 'team', key: new Secret('sk-of-the-team') }] })
  const headers = { 'content-type': 'application/json', 'x-api-key': 'sk-wrong' }
  const answer = await rawRequest(server.url, { method: 'POST', path: '/v1/messages', headers, body: '{}' })
  expect(answer.status).toBe(401)
  expect(JSON.parse(answer.text)).toMatchObject({ type: 'error', error: { type: 'authentication_error' } })
})

test('tokens are counted without a call', async () => {
  const { provider, asked } = thinker()
  await using server = await startTestServer(provider)
  const client = new Anthropic({ baseURL: server.url, apiKey: '-' })
  const messages = [{ role: 'user' as const, content: 'x'.repeat(400) }]
  const { input_tokens } = await client.messages.countTokens({ model: 'm', messages })
  expect(input_tokens).toBeGreaterThanOrEqual(100)
  expect(input_tokens).toBeLessThan(150)
  expect(asked).toEqual([])
})

test('models are listed for both families at one address, and Anthropic’s client pages through them', async () => {
  const models = ['a', 'b', 'c'].map((id) => ({ id, object: 'model' as const, created: 86_400, owned_by: 'o' }))
  const { provider } = thinker()
  await using server = await startTestServer({ ...provider, models: async () => models })
  const listed = await fetch(`${server.url}/v1/models`)
  const plain = (await listed.json()) as { data: { id: string }[] }
  expect(plain.data[0]).toEqual({
    id: 'a',
    object: 'model',
    created: 86_400,
    owned_by: 'o',
    type: 'model',
    display_name: 'a',
    created_at: '1970-01-02T00:00:00.000Z',
  })
  const client = new Anthropic({ baseURL: server.url, apiKey: '-' })
  const ids: string[] = []
  for await (const { id } of client.models.list({ limit: 2 })) ids.push(id)
  expect(ids).toEqual(plain.data.map(({ id }) => id))
  expect(ids).toHaveLength(6)
  const missing = await client.models.retrieve('nobody').catch((cause) => cause)
  expect(missing).toBeInstanceOf(Anthropic.NotFoundError)
})

test('tokens are counted by the service where it counts, and by an estimate where it fails', async () => {
  let isDown = false
  const { provider } = thinker()
  await using server = await startTestServer({
    ...provider,
    endpoints: ['messages/count_tokens'],
    async serve({ model, body }) {
      if (isDown) throw new DragomanError('upstream_unavailable', 'down', { origin: 'upstream' })
      if (body.kind !== 'json') return expect.unreachable()
      return { kind: 'json', json: { input_tokens: body.json.model === model ? 77 : 0 } }
    },
  })
  const client = new Anthropic({ baseURL: server.url, apiKey: '-' })
  const messages = [{ role: 'user' as const, content: 'x'.repeat(400) }]
  expect(await client.messages.countTokens({ model: 'm', messages })).toMatchObject({ input_tokens: 77 })
  isDown = true
  expect((await client.messages.countTokens({ model: 'm', messages })).input_tokens).toBeGreaterThan(99)
})
